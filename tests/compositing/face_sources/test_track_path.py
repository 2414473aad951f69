from __future__ import annotations

import numpy as np
import pytest

from faceswap.compositing.face_sources.track_path import TrackPath, bridged, smoothed
from faceswap.core.face_record import FaceRecord
from faceswap.core.geometry import frame_to_crop_for
from tests.compositing.fakes import face_points


def record(frame: int, points: np.ndarray, track: int = 0, size_px: int = 256) -> FaceRecord:
    box = np.concatenate([points.min(0), points.max(0)])
    matrix = frame_to_crop_for(points, size_px)
    return FaceRecord(
        f"{frame:06d}_{track}.png", frame, frame / 25, box, points, matrix, 1.0, track, 1.0, 0, 0, 0, size_px
    )


def _nod(count: int, noise: float = 0.0, seed: int = 0) -> list[np.ndarray]:
    """A face that nods, sways and rolls; `noise` in pixels of an 120-px face."""
    rng = np.random.default_rng(seed)
    t = np.arange(count) / 25
    still = [
        face_points((200 + 20 * np.sin(2 * s), 150 + 30 * np.sin(4 * s)), 120 + 10 * np.sin(s), 12 * np.sin(3 * s))
        for s in t
    ]
    shake = rng.normal(0, noise, (count, 1, 2)) if noise else np.zeros((count, 1, 2))
    return [points + s for points, s in zip(np.array(still), shake.astype(np.float32), strict=True)]


def _path(points: list[np.ndarray]) -> TrackPath:
    return TrackPath.of([record(i, p) for i, p in enumerate(points)])


def test_squares_say_the_same_as_the_matrices() -> None:
    points = _nod(20)
    path = _path(points)
    wanted = [frame_to_crop_for(p, 256) for p in points]
    np.testing.assert_allclose(path.frame_to_crop(256), wanted, atol=1e-6)
    np.testing.assert_allclose(path.frame_to_crop(64)[3], frame_to_crop_for(points[3], 64), atol=1e-6)


def test_smoothing_removes_tremble_and_keeps_motion() -> None:
    true, shaken = _path(_nod(200)), _path(_nod(200, noise=1.0))
    steady = smoothed(shaken, 2)

    def error(path: TrackPath) -> np.ndarray:
        return (path.squares - true.squares)[:, :2]

    assert np.sqrt((error(steady) ** 2).mean()) < 0.8 * np.sqrt((error(shaken) ** 2).mean())
    tremble, left = (np.abs(np.diff(error(path), 2, axis=0)).mean() for path in (shaken, steady))
    assert left < 0.5 * tremble
    # without tremble there is nothing to remove: no lag, no flattened nods
    assert np.abs(smoothed(true, 2).squares - true.squares).max() < 0.1


@pytest.mark.parametrize("window", [2, 5, 50])
def test_a_quadratic_passes_unchanged_also_at_the_ends(window: int) -> None:
    t = np.arange(12.0)
    squares = np.stack([3 + t, 4 - t**2, 50 + 0 * t, 0.1 * t], 1)
    path = TrackPath(np.arange(12), np.zeros((12, 68, 2)), squares)
    np.testing.assert_allclose(smoothed(path, window).squares, squares, atol=1e-6)


def test_off_and_too_short() -> None:
    path = _path(_nod(30, 1.0))
    assert smoothed(path, 0) is path
    short = _path(_nod(3, 1.0))
    assert smoothed(short, 4) is short


def test_gaps_are_bridged_on_a_line() -> None:
    points = _nod(40)
    kept = [record(i, p) for i, p in enumerate(points) if i % 5 == 0]
    (path,) = bridged(TrackPath.of(kept), 4)
    assert path.frames.tolist() == list(range(36))
    assert np.abs(path.points - np.array(points[:36])).max() < 3
    np.testing.assert_allclose(path.points[10], points[10])


def test_long_gaps_part_the_path() -> None:
    points = _nod(60)
    parts = bridged(TrackPath.of([record(i, points[i]) for i in (0, 1, 2, 14, 15, 40)]), 11)
    assert [(p.frames[0], p.frames[-1]) for p in parts] == [(0, 15), (40, 40)]
