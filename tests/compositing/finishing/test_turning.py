"""A swap fades out where a head is turned further than its model has seen, and that is told."""

from __future__ import annotations

import itertools
import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.finishing.turning import BEYOND_SEEN, FADE_OVER, SAFE, Fading
from faceswap.compositing.results import report_path
from faceswap.core.geometry import head_pose
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.reading import read_frames
from tests.compositing.clips import convert_video, write_face_set, write_film
from tests.compositing.fakes import TintSwapper, face_points


def turned(yaw: float, roll: float = 0.0) -> np.ndarray:
    return face_points((100, 100), 70, roll, yaw)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("roll", [0, 70])
def test_it_goes_out_gently_and_to_both_sides_alike(side: int, roll: float) -> None:
    yaws = range(0, 91)
    assert abs(head_pose(turned(60)).yaw) == pytest.approx(60, abs=1)
    shares = [Fading(SAFE).strength(turned(side * yaw, roll)) for yaw in yaws]
    assert all(share == 1 for yaw, share in zip(yaws, shares, strict=True) if yaw < SAFE)
    assert all(share == 0 for yaw, share in zip(yaws, shares, strict=True) if yaw > SAFE + FADE_OVER)
    assert all(0 <= before - after < 0.11 for before, after in itertools.pairwise(shares))


@pytest.mark.parametrize(
    ("told", "begin"),
    [({"a": 80.5, "b": 20.0}, 80.5 + BEYOND_SEEN), ({"a": 30.0, "b": 90.0}, SAFE), (None, SAFE), ("far", SAFE),
     ({"a": math.nan}, SAFE), ({"a": "90"}, SAFE), ({"a": True}, SAFE), ({"a": 1e9}, SAFE), ([90], SAFE)],
)  # fmt: skip
def test_a_model_fades_beyond_what_it_says_to_have_seen(told: object, begin: float) -> None:
    assert Fading.asked_for("auto", {"yaw_degrees": told}, "a") == Fading(begin)


def test_points_without_a_pose_are_swapped() -> None:
    assert Fading(SAFE).strength(np.zeros((68, 2), np.float32)) in (0.0, 1.0)


@pytest.mark.parametrize(("asked", "share"), [("auto", 0.0), ("off", 1.0), (SAFE + 20, 1.0)])
def test_a_profile_stays_as_filmed_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, asked: float | str, share: float
) -> None:
    film = write_film(tmp_path / "film.mp4", 6, sound=False)
    faces = write_face_set(tmp_path / "faces" / "film", film, list(range(6)), yaw=84)
    with caplog.at_level(logging.WARNING):
        out = convert_video(
            film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, colour=NoColour(), crf=1, fade_from_yaw=asked
        )
    changes = [
        np.abs(after.image.astype(int) - before.image).max()
        for before, after in zip(read_frames(film), read_frames(out), strict=True)
    ]
    assert (max(changes) > 20) == (share > 0)
    report = json.loads(report_path(out).read_text())
    told = (6, ["0-5"]) if share < 1 else (0, [])
    assert (report["frames_faded"], report["frames_faded_at"]) == told
    assert ("in 6 of 6 frames a head is turned" in caplog.text) == (share < 1)
    assert ("the face that was filmed shows: 0-5;" in caplog.text) == (share < 1)
