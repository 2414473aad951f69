from pathlib import Path

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.files.versions import refuse_newer_format


@pytest.mark.parametrize("number", [99, 0, -1, "1", 1.0, True, [], "x" * 100_000])
def test_formats_that_are_not_known_are_refused_in_one_line(number):
    with pytest.raises(UserError, match="knows 1 to 2") as caught:
        refuse_newer_format(Path("state.json"), number, 2)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("number", [1, 2, None])
def test_known_formats_pass(number):
    refuse_newer_format(Path("state.json"), number, 2)
