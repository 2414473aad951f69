"""What a user is told of a value that somebody changed: in words of this program's, not in Python's."""

import re

import numpy as np
import pytest

from faceswap.utils.errors import reason_of

BROKEN = {
    "list.get": lambda: [].get("a"),  # type: ignore[attr-defined]
    "zip": lambda: list(zip([1], [1, 2], strict=True)),
    "unpack": lambda: dict([1]),  # type: ignore[call-overload]
    "two of three": lambda: (lambda a, b: None)(*[1, 2, 3]),  # type: ignore[call-arg]
    "int of text": lambda: int("a"),
    "float of text": lambda: float("a"),
    "int of infinity": lambda: int(float("inf")),
    "int of nan": lambda: int(float("nan")),
    "index": lambda: [][0],
    "array of texts": lambda: np.asarray(["a"], np.float32),
    "ragged array": lambda: np.asarray([[1], [1, 2]], np.float32),
    "shape": lambda: np.zeros(3).reshape(2),
    "digits": lambda: int("9" * 5000),
}


@pytest.mark.parametrize("what", BROKEN)
def test_pythons_words_are_not_shown(what):
    with pytest.raises(Exception) as caught:
        BROKEN[what]()
    assert reason_of(caught.value) == "it holds a value of another kind than is written there"


def test_a_name_that_is_missing_is_told():
    with pytest.raises(KeyError) as caught:
        {}["seconds"]
    assert reason_of(caught.value) == "it lacks 'seconds'"


def test_what_a_check_says_stands():
    assert reason_of(ValueError("score=9 is out of range\nmore")) == "score=9 is out of range"
    assert re.search("nested", reason_of(RecursionError("maximum recursion depth exceeded")))
