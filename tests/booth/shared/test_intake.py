"""Who comes is written down in order, together with those who came meanwhile."""

from __future__ import annotations

import threading

import pytest

from faceswap.booth.shared.intake import TOGETHER, Intake
from faceswap.booth.shared.tables import Visitor
from faceswap.booth.shared.visitors import Arrival
from faceswap.utils.errors import UserError


def test_a_crowd_is_written_down_together_and_each_is_told_its_own():
    begun, goes_on, sizes = threading.Event(), threading.Event(), list[int]()

    def write_down(arrivals):
        begun.set()
        assert goes_on.wait(60)
        sizes.append(len(arrivals))
        return [UserError("no") if one.name == "7" else Visitor(name=one.name) for one in arrivals]

    intake = Intake(write_down)
    told = [intake.take(Arrival(b"", "words", "first"))]
    assert begun.wait(60)
    told += [intake.take(Arrival(b"", "words", str(number))) for number in range(TOGETHER + 3)]
    goes_on.set()
    intake.close()
    assert sizes == [1, TOGETHER, 3]
    with pytest.raises(UserError, match="no"):
        told.pop(8).result(0)
    names = ["first", *(str(number) for number in range(TOGETHER + 3) if number != 7)]
    assert [one.result(0).name for one in told] == names


def test_an_error_is_told_to_those_it_concerns_and_the_next_are_written_down():
    def write_down(arrivals):
        if arrivals[0].name == "bad":
            raise OSError("the disk is gone")
        return [Visitor(name=one.name) for one in arrivals]

    intake = Intake(write_down)
    bad = intake.take(Arrival(b"", "words", "bad"))
    with pytest.raises(OSError, match="disk"):
        bad.result(60)
    assert intake.take(Arrival(b"", "words", "good")).result(60).name == "good"
    intake.close()
