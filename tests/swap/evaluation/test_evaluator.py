"""The evaluator with planted networks, which know whose face a colour is, and with the shipped ones."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from faceswap.core.geometry import mean_face_in_crop
from faceswap.facenets.landmarks import LandmarkPrediction
from faceswap.swap.data.pair_data import FaceViews, PairData
from faceswap.swap.evaluation import evaluator as judging
from faceswap.swap.evaluation.evaluator import MOST_FACES, EvaluationNetworks, SwapEvaluator, evaluator_for, score_of
from faceswap.swap.models.lite import Lite
from faceswap.swap.runs.best import Best
from faceswap.utils.errors import UserError
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import train

SIDE = 64
POINTS = mean_face_in_crop(SIDE)
MOVED_PX = 2.0
RED, BLUE, NOTHING = (200, 0, 0), (0, 0, 200), (0, 0, 0)


class PlantedReader:
    """Sees B's points, lower by MOVED_PX where a picture is red; black is no face."""

    def window_of_points(self, points):
        return points

    def read(self, images, looks):
        moves = [MOVED_PX * (image[0, 0, 0] > 100) for image in images]
        return [
            LandmarkPrediction(look + [0, move], np.ones(68), float(image.any()), 0.01)
            for image, look, move in zip(images, looks, moves, strict=True)
        ]


class PlantedEmbedder:
    """Red faces are A, blue ones B, at right angles."""

    def embed(self, images, points):
        vectors = np.zeros((len(images), 128), np.float32)
        vectors[:, :2] = [image[0, 0, ::2] / np.linalg.norm(image[0, 0, ::2]) for image in images]
        return vectors


def views(colour, count):
    pictures = np.full((count, SIDE, SIDE, 4), (*colour, 255), np.uint8)
    return FaceViews(pictures, np.repeat(POINTS[None], count, 0))


def pair(held_out=20):
    faces = {"a": views(RED, held_out), "b": views(BLUE, held_out)}
    return PairData({}, faces, faces, faces, {})


@pytest.fixture
def evaluator():
    return SwapEvaluator(pair(), EvaluationNetworks(PlantedReader(), PlantedEmbedder()))


def test_a_swap_that_is_a_and_one_that_is_still_b(evaluator):
    assert len(evaluator.faces) == MOST_FACES
    swap = evaluator(views(RED, MOST_FACES).rgb)
    assert (swap["identity_a"], swap["identity_b"], swap["nearer_a"]) == pytest.approx((1, 0, 1))
    size = np.sqrt(np.prod(np.ptp(POINTS, axis=0)))
    assert swap["landmark_error_percent"] == pytest.approx(100 * MOVED_PX / size)
    none = evaluator(evaluator.faces.rgb)
    assert none["nearer_a"] == pytest.approx(-1) and none["landmark_error_percent"] == 0


def test_swaps_that_are_no_faces_are_said_once_and_left_out(evaluator, caplog):
    caplog.set_level(logging.INFO)
    nothing, half = np.zeros((MOST_FACES, SIDE, SIDE, 3), np.uint8), views(RED, MOST_FACES).rgb
    assert evaluator(nothing) == evaluator(nothing) == {"faces_share": 0.0}
    assert caplog.text.count("the swap is not evaluated yet: 0 of 16 are faces") == 1
    half[: MOST_FACES // 2] = 0
    assert evaluator(half)["faces_share"] == 0.5 and evaluator(half)["nearer_a"] == pytest.approx(1)


def test_the_score_weighs_identity_movement_and_sharpness():
    good = {"validation/swap/nearer_a": 0.8, "validation/swap/landmark_error_percent": 3.0, "validation/a/psnr_db": 30}
    assert score_of(good) == pytest.approx(0.8 - 0.3 + 1.5)
    for name, worse in (("swap/nearer_a", 0.7), ("swap/landmark_error_percent", 4.0), ("a/psnr_db", 28)):
        assert score_of(good | {f"validation/{name}": worse}) == pytest.approx(score_of(good) - 0.1)
    assert score_of({"validation/swap/faces_share": 0.1, "validation/a/psnr_db": 30}) is None


def test_nobody_judges_where_nothing_is_held_out_or_no_eyes_are_there(monkeypatch, caplog):
    assert evaluator_for(pair(0), "cpu") is None and not caplog.text
    monkeypatch.setattr(
        EvaluationNetworks, "load", classmethod(lambda *_: (_ for _ in ()).throw(UserError("no weights")))
    )
    assert evaluator_for(pair(), "cpu") is None and "not evaluated: no weights" in caplog.text
    monkeypatch.setattr(
        EvaluationNetworks, "load", classmethod(lambda *_: EvaluationNetworks(PlantedReader(), PlantedEmbedder()))
    )
    black = PairData({}, {"b": views(NOTHING, 3)}, {}, pair().known, {})
    assert evaluator_for(black, "cpu") is None and "show no face" in caplog.text


def test_the_shipped_eyes_change_no_random_number_of_a_run():
    import torch

    torch.manual_seed(3)
    evaluator_for(pair(), "cpu")
    drawn = torch.rand(4)
    torch.manual_seed(3)
    assert (torch.rand(4) == drawn).all()


def test_the_best_is_kept_and_known_again(tmp_path, caplog):
    first = Best(tmp_path)
    assert first.report() == {} and not first.offer(Lite(), 5, None, {})
    assert first.offer(Lite(), 10, 0.5, {"x": 1.0}) and not first.offer(Lite(), 20, 0.5, {})
    again = Best(tmp_path)
    assert again.report() == {"score": 0.5, "iteration": 10, "validation": {"x": 1.0}}
    assert not again.offer(Lite(), 30, 0.4, {}) and again.offer(Lite(), 40, 0.6, {})
    path = tmp_path / "checkpoints" / "best.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    assert Best(tmp_path).report() == {} and "is damaged" in caplog.text


@pytest.mark.usefixtures("tiny_is_known")
def test_a_run_keeps_its_best(sets, tmp_path, monkeypatch):
    scores = iter([{"nearer_a": 0.9}, {"nearer_a": 0.1}, {}])
    monkeypatch.setattr(
        SwapEvaluator, "__init__", lambda self, data, networks: setattr(self, "faces", data.held_out["b"])
    )
    monkeypatch.setattr(SwapEvaluator, "__call__", lambda self, swaps: {"landmark_error_percent": 3.0} | next(scores))
    monkeypatch.setattr(judging, "score_of", score_of)
    run = train(sets, tmp_path / "run", model=Tiny, evaluate=True, iterations=9)
    report = json.loads((run / "report.json").read_text())
    assert report["best"]["iteration"] == 3 and report["best"]["validation"]["validation/swap/nearer_a"] == 0.9
    assert report["score"] is None and report["look_seconds"]["judging"] >= 0
