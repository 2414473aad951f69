"""What the built-in eyes say of a swap: planted landmarks and people, and the shipped networks when there are any."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.geometry import face_size
from faceswap.core.landmarks import MEAN_FACE
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.landmarks import LandmarkPrediction, LandmarkPredictor
from faceswap.facenets.windows import window_of_points
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, MANIFEST, listed
from tests.clips import draw_face, write_clip
from tests.detect.builtin.tiny_networks import write_networks
from tools.truth.eyes import NETWORKS, Eyes, identity_scores
from tools.truth.score import MEASURES, score_clip

DEMO = Path(__file__).resolve().parents[3] / "demo"
POINTS = (MEAN_FACE[:, :2] * 60 + [96, 72]).astype(np.float32)
MOUTH = np.arange(68)[:, None] >= 48
LOWER_PX = 4
A_SKIN, B_SKIN = (210, 170, 150), (110, 140, 190)


class MouthReader(LandmarkPredictor):
    """Reads `POINTS`, with the mouth where the picture is red."""

    def __init__(self) -> None:
        self.looks: list[np.ndarray] = []

    def window_of_points(self, points):
        return window_of_points(points, 64)

    def read(self, images, looks):
        self.looks += looks
        return [LandmarkPrediction(self._points(image), np.ones(68, np.float32), 1.0, 0.0) for image in images]

    def _points(self, image):
        red = (image[..., 0] > image[..., 1].astype(int) + 95).nonzero()
        moved = np.mean(red[0]) - POINTS[48:60, 1].mean()
        return (POINTS + MOUTH * [0, moved]).astype(np.float32)


class SkinEmbedder(FaceEmbedder):
    """Tells people by their colour beside the nose."""

    def __init__(self) -> None:
        self.points: list[np.ndarray] = []

    def embed(self, images, points):
        self.points += points
        vectors = np.zeros((len(images), 128), np.float32)
        for vector, image, face in zip(vectors, images, points, strict=True):
            column, row = np.round((face[31] + face[3]) / 2).astype(int)
            vector[:3] = image[row, column] - np.float32(128)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def face_of(skin: tuple[int, int, int], mouth_lower_px: float = 0) -> np.ndarray:
    return draw_face((192, 144), (POINTS + MOUTH * [0, mouth_lower_px]).astype(np.float32), skin)


@pytest.fixture
def eyes() -> Eyes:
    return Eyes(reader=MouthReader(), embedder=SkinEmbedder())


def unit(*parts: float) -> np.ndarray:
    vector = np.zeros(128, np.float32)
    vector[: len(parts)] = parts
    return vector / np.linalg.norm(vector)


def test_all_pictures_are_seen_through_one_window_and_recognised_by_the_points_read():
    reader, embedder = MouthReader(), SkinEmbedder()
    sights = Eyes(reader=reader, embedder=embedder).look([face_of(A_SKIN), face_of(A_SKIN, LOWER_PX)], POINTS)
    assert len(reader.looks) == 2
    np.testing.assert_array_equal(reader.looks[0], reader.looks[1])
    for sight, used in zip(sights, embedder.points, strict=True):
        np.testing.assert_array_equal(sight.points, used)
    assert (sights[1].points - sights[0].points)[60, 1] == pytest.approx(LOWER_PX, abs=0.5)


def test_identity_is_measured_between_the_two_people():
    a, b = np.stack([unit(1, 0.1), unit(1, -0.1)] * 2), np.stack([unit(0, 1)] * 4)
    half = identity_scores(np.stack([a[0], a[1], b[0], b[1]]), a, b)
    assert half["nearer_a_share"] == 0.5
    assert half["identity"] == pytest.approx(0, abs=0.01)
    assert half["identity_of_truth"] == pytest.approx(1, abs=0.01)
    assert identity_scores(a, a, b)["identity"] == half["identity_of_truth"]
    assert identity_scores(b, a, b) == pytest.approx(
        {"identity": -1, "identity_of_truth": half["identity_of_truth"], "nearer_a_share": 0}, abs=0.01
    )


def test_a_perfect_swap_and_none_at_all(tmp_path, eyes):
    clips = {"truth": (A_SKIN, 0), "b": (B_SKIN, LOWER_PX)}
    for name, (skin, lower) in clips.items():
        write_clip(tmp_path / f"{name}.mp4", [face_of(skin, lower)] * 3)
    truth, original, points = tmp_path / "truth.mp4", tmp_path / "b.mp4", np.stack([POINTS] * 3)
    perfect = score_clip(truth, truth, original, points, eyes)
    none = score_clip(original, truth, original, points, eyes)
    left_out = {"frechet_distance", "retrieval_share", "retrieval_of_truth"}  # nobody gave a parser or a gallery
    assert list(perfect) == list(none) == [name for name in MEASURES if name not in left_out]
    assert [perfect[f"octave_{i}"] for i in range(1, 5)] == [1] * 4 and perfect["texture_distance"] == 0
    assert none["expression_error_percent"] > 0.5 > perfect["expression_error_percent"] == 0
    assert perfect["identity"] == perfect["identity_of_truth"] == none["identity_of_truth"] > 0.3
    assert perfect["nearer_a_share"] == 1 and perfect["landmark_error_percent"] == 0
    assert none["identity"] < -0.3 and none["nearer_a_share"] == 0
    moved = 100 * LOWER_PX * 20 / 51 / face_size(POINTS)
    assert none["landmark_error_percent"] == pytest.approx(moved, rel=0.15)


def test_eyes_say_at_once_that_the_embedder_is_not_shipped(tmp_path, monkeypatch):
    write_networks(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert set(Eyes("cpu").weights) == set(NETWORKS)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    del manifest["files"]["embedder"]
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="no network 'embedder'"):
        Eyes("cpu")


def test_the_shipped_eyes_know_the_actors_from_other_shots():
    missing = set(NETWORKS) - set(listed())
    if missing:
        pytest.skip(f"not shipped yet: {', '.join(sorted(missing))}")
    eyes = Eyes("cpu")
    a, b, truth, original = (faces_of(eyes, name) for name in ("hanna", "vera", "vera_test_as_hanna", "vera_test"))
    assert identity_scores(a, truth, original)["nearer_a_share"] >= 0.75
    assert identity_scores(b, truth, original)["nearer_a_share"] <= 0.25


def faces_of(eyes: Eyes, name: str, count: int = 8) -> np.ndarray:
    """Embeddings (count, 128) of one frame in ten of a demo clip."""
    points = np.load(DEMO / f"{name}.landmarks.npz")["points"]
    frames = [frame for frame in islice(read_frames(DEMO / f"{name}.mp4"), 10 * count) if frame.index % 10 == 0]
    return np.stack([eyes.look([frame.image], points[frame.index])[0].embedding for frame in frames])
