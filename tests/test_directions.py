"""What python -m faceswap.directions makes of its settings before anything is loaded."""

import pytest

from faceswap.directions import apart_from, check_apart
from faceswap.utils.errors import UserError


def test_which_attributes_are_left_alone():
    assert apart_from("all", ["age", "smile"]) == {"age": ["age", "smile"], "smile": ["age", "smile"]}
    assert apart_from({"smile": "age"}, ["age", "smile"]) == {"smile": ["age"]}


@pytest.mark.parametrize("asked", [3, None, True, [1], {"smile": 3}, {"smile": [3]}, {"smile": None}])
def test_what_is_no_table_of_names_is_one_line(asked):
    with pytest.raises(UserError, match=r"^apart="):
        check_apart(asked)
