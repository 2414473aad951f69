"""Strengths of edits as the user says them."""

import logging

import numpy as np
import pytest
import torch

from faceswap.stylegan.directions.directions import Direction, DirectionSet
from faceswap.stylegan.editing.edits import apply_edits, read_edits
from faceswap.utils.errors import UserError

AXES = np.eye(4, dtype=np.float32)
KNOWN = DirectionSet({name: Direction(name, AXES[i], AXES[i], 0.5) for i, name in enumerate(("smile", "age"))})


def test_numbers_and_ramps_are_read():
    smile, age = read_edits({"smile": "+1.5", "age": "0:-2"}, KNOWN, clamp=False)
    assert (smile.first, smile.last, smile.is_ramp) == (1.5, 1.5, False)
    assert (age.first, age.last, age.is_ramp) == (0, -2, True)


def test_faces_move_by_sigmas_and_along_the_ramp():
    edits = read_edits({"smile": "1", "age": "0:2"}, KNOWN, clamp=False)
    rows = apply_edits(torch.zeros(3, 6, 4), edits, [0, 0.5, 1])
    torch.testing.assert_close(rows[:, 0], torch.tensor([[0.5, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 1, 0, 0]]))


def test_overdrive_is_warned_of_and_cut_on_request(caplog):
    with caplog.at_level(logging.WARNING):
        (free,) = read_edits({"smile": "-5"}, KNOWN, clamp=False)
        (cut,) = read_edits({"smile": "-5:1"}, KNOWN, clamp=True)
    assert free.first == -5 and (cut.first, cut.last) == (-3, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "smile=-5 is beyond 3 sigmas, where the generator has hardly been: the face may fall apart; clamp=true keeps "
        "within",
        "smile=-5:1 is beyond 3 sigmas, where the generator has hardly been: cut to it",
    ]


@pytest.mark.parametrize("text", ["", "much", "1:", "nan", "inf", "1e9", "1:2:3"])
def test_what_is_no_strength_is_refused(text):
    with pytest.raises(UserError, match="a strength is a number of sigmas"):
        read_edits({"smile": text}, KNOWN, clamp=True)


def test_an_unknown_name_is_told():
    with pytest.raises(UserError, match=r"no direction 'smlie' \(there are: age, smile\)"):
        read_edits({"smlie": "1"}, KNOWN, clamp=False)
    with pytest.raises(UserError, match="edit has no setting and no direction 'clmap'"):
        read_edits({"clmap": "true"}, KNOWN, clamp=False)
