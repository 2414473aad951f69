import math

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.limits import check_number, check_size


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_numbers_in_range_pass(value):
    check_number("seconds", value, 0, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1, 10**400, True, "1", None])
def test_other_numbers_are_refused_by_name_in_a_short_line(value):
    with pytest.raises(UserError, match=r"^seconds=.*accepted are 0 to 86,400 s$") as caught:
        check_number("seconds", value, 0, 86400, "s")
    assert len(str(caught.value)) < 160


def test_what_is_too_large_is_told_with_both_sizes():
    check_size("the sheet", 400, 400, "pictures")
    with pytest.raises(UserError, match="the sheet would take 810,000 pictures, more than the 400"):
        check_size("the sheet", 900 * 900, 400, "pictures")
