"""Scores against reference marks: what is counted, on marks made on the spot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.values import Face
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE
from tests.clips import make_clip
from tests.extraction.made import face_at, points_at
from tools.bench import eyes
from tools.reference.marks import Marks, marked_media, pairs_by_overlap
from tools.reference.score import nme, tally_of, total


def write_marks(media: Path, points: np.ndarray, size: tuple[int, int], **changes: np.ndarray) -> None:
    """Marks of one face a frame, points (N, 68, 2)."""
    count = len(points)
    box = np.concatenate([points.min(1), points.max(1)], 1).astype(np.float32)
    box[:, 1] -= 0.2 * (box[:, 3] - box[:, 1])
    values = {
        "frame": np.arange(count), "track": np.zeros(count, int), "box": box, "valid": np.ones(count, np.int8),
        "lm68": points.astype(np.float32), "lm_ok": np.ones(count, bool), "pose": np.zeros((count, 3), np.float32),
        "has_mesh": np.ones(count, bool), "rejected_frame": np.array([0]),
        "rejected_box": np.array([[10, 10, 20, 20]], np.float32),
    }  # fmt: skip
    meta = json.dumps({"width": size[0], "height": size[1], "frames": count})
    np.savez(f"{media}.ref.npz", **(values | changes), meta=meta)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    (tmp_path / "film.mp4").touch()
    return tmp_path / "film.mp4"


def walk(count: int = 10, speed: float = 2.0) -> np.ndarray:
    return np.stack([points_at(100 + speed * i, 100, 80) for i in range(count)])


def faces_of(points: np.ndarray, track: int = 0) -> dict[int, list[Face]]:
    return {i: [Face.from_points(face, 0.9, track)] for i, face in enumerate(points)}


def test_the_marks_themselves_are_right(media: Path) -> None:
    write_marks(media, walk(), (320, 240))
    marks = Marks.read(media)
    summary = tally_of(marks, faces_of(walk())).summary()
    assert (summary["recall"], summary["false_per_200"], summary["nme_median"], summary["fragments"]) == (1, 0, 0, 0)
    assert summary["people"] == summary["tracks"] == 1
    assert list(marked_media(media.parent)) == [media]


def test_errors_and_jitter_are_in_percent_of_the_face(media: Path) -> None:
    rng = np.random.default_rng(0)
    write_marks(media, walk(200, 0) + rng.normal(0, 1, (200, 68, 2)), (320, 240))
    found = walk(200, 0) + rng.normal(0, 2, (200, 68, 2))
    tally = tally_of(Marks.read(media), faces_of(found))
    size = float(np.sqrt(np.prod(np.ptp(walk()[0], axis=0))))
    assert np.median(tally.errors) == pytest.approx(100 * np.sqrt(5 * np.pi / 2) / size, rel=0.1)
    assert tally.jitter_ratio == pytest.approx(2, rel=0.05)
    shifted = walk(1)[0] + [0, 3]
    assert nme(shifted, walk(1)[0]) == pytest.approx(300 / size)


def test_missed_and_false_faces_are_counted(media: Path) -> None:
    write_marks(media, walk(), (320, 240))
    marks = Marks.read(media)
    found = faces_of(walk())
    found[3] = []
    found[4] = [*found[4], face_at(250, 200, 40)]
    found[0] = [*found[0], face_at(15, 15, 8)]
    tally = tally_of(marks, found)
    assert (tally.required, tally.found, len(tally.false_faces), tally.false_rejected) == (10, 9, 2, 1)
    uncertain = replace(marks, valid=np.where(np.arange(10) == 5, -1, 1))
    assert tally_of(uncertain, faces_of(walk())).summary()["false_per_200"] == 0
    assert tally_of(uncertain, {5: []}).required == 0
    small = replace(marks, box=marks.box * 0.1)
    assert tally_of(small, faces_of(walk() * 0.1)).required == 0


def test_a_change_of_number_is_a_fragment_and_a_stolen_one_a_swap(media: Path) -> None:
    both = np.concatenate([walk(6), walk(6) + [150, 0]])
    write_marks(media, both, (640, 240), frame=np.tile(np.arange(6), 2), track=np.repeat([0, 1], 6))
    marks = Marks.read(media)

    def found(numbers: list[tuple[int, int]]) -> dict[int, list[Face]]:
        return {
            i: [Face.from_points(both[i], 0.9, a), Face.from_points(both[6 + i], 0.9, b)]
            for i, (a, b) in enumerate(numbers)
        }

    for numbers, fragments, swaps in (
        ([(0, 1)] * 6, 0, 0),
        ([(0, 1)] * 3 + [(2, 1)] * 3, 1, 0),
        ([(0, 1)] * 3 + [(1, 0)] * 3, 2, 2),
    ):
        tally = tally_of(marks, found(numbers), cuts=[3])
        assert (tally.fragments, tally.swaps, tally.people) == (fragments, swaps, 2)
        assert tally.tracks_across_cuts == (1 if fragments == 1 else 2)


def test_marks_of_stored_pixels_are_brought_to_square_ones(media: Path) -> None:
    write_marks(media, walk(), (320, 120))
    marks = Marks.read(media, (320, 240))
    np.testing.assert_allclose(marks.points[0][:, 1], (walk()[0][:, 1] + 0.5) * 2 - 0.5, atol=1e-3)
    np.testing.assert_allclose(marks.points[0][:, 0], walk()[0][:, 0], atol=1e-3)


def test_pairs_are_the_closest_ones() -> None:
    marked = np.array([[0, 0, 10, 10], [6, 0, 16, 10]], np.float32)
    assert pairs_by_overlap(np.array([[5, 0, 15, 10], [1, 0, 11, 10]], np.float32), marked) == [(0, 1), (1, 0)]
    assert pairs_by_overlap(np.zeros((0, 4)), marked) == pairs_by_overlap(marked + 100, marked) == []


def test_totals_add_up(media: Path) -> None:
    write_marks(media, walk(), (320, 240))
    tally = tally_of(Marks.read(media), faces_of(walk()))
    whole = total([tally, tally])
    assert (whole.frames, whole.found, len(whole.errors)) == (20, 20, 20)


def test_the_benchmark_runs_on_a_film(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.detect.builtin.tiny_networks import write_networks

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))  # restored after the benchmark set it
    clip = make_clip(tmp_path, "film", 8)
    write_marks(clip.video, np.load(clip.landmarks)["points"], (192, 144))
    result = eyes.main(
        ["--real", str(tmp_path), "--finder", "landmarks", "--set", "finder.path=" + str(clip.landmarks)]
    )
    assert result["films"]["recall"] == 1 and result["films"]["met"]["nme_median"] is True
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(result))
    weights = write_networks(tmp_path / "weights")
    (weights / "manifest.json").unlink()
    tiny = eyes.main(["--real", str(tmp_path), "--weights", str(weights), "--every", "2", "--set", "smooth_frames=2"])
    assert tiny["films"]["frames"] == 4 and "film.mp4" in eyes.table(tiny)
    marked = eyes.main(["--real", str(tmp_path), "--weights", str(weights), "--detect", "reference", "--frames", "3"])
    assert marked["films"]["frames"] == 3 and marked["films"]["recall"] == 1
    with pytest.raises(SystemExit):
        eyes.main(["--real", str(tmp_path), "--only", "nothing"])
    with pytest.raises(UserError):
        eyes.main(["--real", str(tmp_path), "--set", "finder.colour=red"])
