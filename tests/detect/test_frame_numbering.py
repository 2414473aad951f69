"""Whether frames are counted from 0 or from 1: told by the pictures, else asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.values import Face, Frame
from faceswap.detect import frame_numbering
from faceswap.detect.frame_numbering import first_number
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import UserError
from tests.extraction.made import frame_of, points_at, source_of

COUNT, PATH = 40, Path("clip.fsa")
FILM = source_of(Path("clip.mp4"), frame_count=COUNT)


def place(index: int, speed: float) -> float:
    return 60 + speed * index + 3 * speed * float(np.sin(index))


@pytest.fixture(autouse=True)
def film(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(source: SourceInfo, start: int, stop: int) -> Iterator[Frame]:
        yield from (frame_of(index) for index in range(start, min(stop, COUNT)))

    monkeypatch.setattr(frame_numbering, "read_frames", read)


def reader(speed: float, unseen: range = range(0), bias: float = 3.0, noise: float = 0.2):
    """Reads what a film shows, otherwise than the other program does and not quite steadily."""
    rng = np.random.default_rng(0)

    def read(frame: Frame, points: np.ndarray) -> tuple[np.ndarray, float]:
        x = place(frame.index, speed) + bias + float(rng.normal(0, noise))
        return points_at(x, 60), 0.1 if frame.index in unseen else 0.9

    return lambda: read


def told(speed: float, first: int, begins: int = 3, ends: int = 30) -> dict[int, list[Face]]:
    """What a program that counts from `first` says of the frames from `begins` on."""
    return {index + first: [Face.from_points(points_at(place(index, speed), 60))] for index in range(begins, ends)}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("speed", [0.7, -2.0])
def test_the_pictures_tell(first: int, speed: float, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert first_number(told(speed, first), FILM, PATH, reader(speed)) == first
    assert f"counts frames from {first}, as the pictures show" in caplog.text


@pytest.mark.parametrize("first", [0, 1])
def test_a_face_that_comes_late_tells(first: int) -> None:
    faces = told(0.5, first, begins=1, ends=9)
    assert first_number(faces, FILM, PATH, reader(0.5, unseen=range(0, 1))) == first


def nobody() -> None:
    raise AssertionError("no picture need be looked at")


def test_a_frame_zero_and_one_past_the_end_settle_it() -> None:
    assert first_number(told(0, 0, begins=0), FILM, PATH, nobody) == 0
    assert first_number({0: [], 5: []}, FILM, PATH, nobody) == 0
    assert first_number(told(0, 1, ends=COUNT), FILM, PATH, nobody) == 1


def blind(frame: Frame, points: np.ndarray) -> tuple[np.ndarray, float]:
    return points, 0.0


@pytest.mark.parametrize(
    "speed, read", [(0.0, reader(0.0)), (0.7, lambda: blind), (0.7, reader(0.7, noise=30.0))],
    ids=["still", "blind", "noisy"],
)  # fmt: skip
def test_where_the_pictures_fit_both_it_is_asked(speed: float, read) -> None:
    with pytest.raises(UserError, match=r"from 0 or from 1 .*say finder\.first=0 or finder\.first=1"):
        first_number(told(speed, 1), FILM, PATH, read)


def test_without_the_networks_it_is_asked() -> None:
    def missing() -> None:
        raise UserError("the networks are missing")

    with pytest.raises(UserError, match=r"networks are missing.*finder\.first=0"):
        first_number(told(1.0, 1), FILM, PATH, missing)
