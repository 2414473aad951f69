"""A model that has died is told of before a film is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.collapse import CollapseDetector
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.values import Decoded
from tests.compositing.clips import convert_video, write_face_set, write_film
from tests.compositing.fakes import IdentitySwapper, face_points, smooth_picture

VIEWS = np.stack([smooth_picture(64, 64, seed) for seed in range(4)])


class _Flat(IdentitySwapper):
    level = 1.0

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        return Decoded(np.full(views.shape, self.level, np.float32), None)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0, 7.0])
def test_one_flat_colour_is_warned_of_once(tmp_path: Path, caplog, level: float) -> None:
    film = write_film(tmp_path / "film.mp4", 4, sound=False)
    faces = write_face_set(tmp_path / "faces", film, list(range(4)))
    swapper = _Flat(64)
    swapper.level = level
    convert_video(film, swapper, tmp_path / "out.mp4", faces=faces, batch_size=1)
    told = [record.getMessage() for record in caplog.records if "flat colour" in record.getMessage()]
    assert len(told) == 1 and "identity (iteration 7" in told[0] and "collapsed" in told[0] and "checkpoint=" in told[0]


def test_the_same_face_whatever_is_shown_is_warned_of_once(caplog) -> None:
    watch = CollapseDetector("m")
    for _ in range(2):
        watch.check(VIEWS, np.repeat(VIEWS[:1], 4, 0).astype(np.float32) / 255)
    assert [record.getMessage()[:24] for record in caplog.records] == ["the model m draws the sa"]


def test_live_models_black_screens_and_still_scenes_are_let_pass(caplog) -> None:
    watch = CollapseDetector("m")
    watch.check(np.zeros_like(VIEWS), np.zeros(VIEWS.shape, np.float32))
    watch.check(np.repeat(VIEWS[:1], 4, 0), np.repeat(VIEWS[:1], 4, 0).astype(np.float32) / 255)
    watch.check(VIEWS, VIEWS.astype(np.float32) / 255)
    assert not caplog.records


def test_an_empty_learned_mask_does_not_leave_a_face_as_filmed(caplog) -> None:
    points = face_points((32, 32), 30)
    alpha = LearnedMask().alpha(points, 64, np.zeros((64, 64), np.float32))
    np.testing.assert_array_equal(alpha, HullMask(feather=0.08).alpha(points, 64, None))
    assert "mask is empty" in caplog.text
