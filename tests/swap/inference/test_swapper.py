from __future__ import annotations

import numpy as np
import pytest
import torch

import faceswap
from faceswap.engine.accelerator import choose_accelerator
from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.models.registry import MODELS
from faceswap.swap.runs.checkpoints import MODEL_FILE, CheckpointIO, find_weights
from faceswap.utils.errors import UserError
from faceswap.utils.files.checksums import sha256_of
from tests.swap.fakes import NarrowOriginal, Tiny


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Tiny)
    for iteration in (3, 4):
        torch.manual_seed(iteration)
        model = Tiny()
        CheckpointIO(model, Adam().build(model)).save(tmp_path / "x_y", TrainingState(iteration, 1, 0), keep=2)
    return tmp_path / "x_y"


def views(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (count, 16, 16, 3)).astype(np.uint8)


def test_a_swap_is_encoder_and_the_asked_decoder(run):
    swapper = TrainedSwapper.load(run, device="cpu", precision="fp32")
    decoded = swapper.swap(views(), to="a")
    images = torch.from_numpy(views()).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        wanted, masks = swapper.model.decode(swapper.model.encode(images), "a")
    np.testing.assert_allclose(decoded.images, wanted.permute(0, 2, 3, 1), atol=1e-5)
    np.testing.assert_allclose(decoded.masks, masks[:, 0], atol=1e-5)
    assert decoded.images.dtype == decoded.masks.dtype == np.float32
    assert np.abs(swapper.swap(views(), to="b").images - decoded.images).max() > 1e-3


def test_bf16_gives_nearly_the_same_picture(run):
    exact, fast = (TrainedSwapper.load(run, device="cpu", precision=p).swap(views()).images for p in ("fp32", "bf16"))
    assert np.abs(exact - fast).max() < 2 / 255


def test_it_says_what_it_is(run):
    swapper = TrainedSwapper.load(run)
    assert (swapper.resolution, swapper.coverage) == (16, 0.8)
    assert swapper.description == {
        "model": "tiny",
        "settings": {"coverage": 0.8},
        "iteration": 4,
        "version": faceswap.__version__,
        "run": "x_y",
        "sha256": sha256_of(find_weights(run)),
    }


@pytest.mark.parametrize("checkpoint", ["00000003", "path", "file"])
def test_an_older_checkpoint_by_name_or_path(run, checkpoint):
    folder = run / "checkpoints" / "00000003"
    given = {"path": folder, "file": folder / MODEL_FILE}.get(checkpoint, checkpoint)
    assert TrainedSwapper.load(run, given).description["iteration"] == 3


def test_a_cut_checkpoint_is_passed_over(run):
    path = run / "checkpoints" / "00000004" / MODEL_FILE
    path.write_bytes(path.read_bytes()[:200])
    assert TrainedSwapper.load(run).description["iteration"] == 3
    with pytest.raises(UserError, match="00000004"):
        TrainedSwapper.load(run, "00000004")


def test_no_run_is_said_in_one_line(tmp_path):
    with pytest.raises(UserError, match="no weights in"):
        TrainedSwapper.load(tmp_path / "nothing")


def test_original_has_no_mask(tmp_path, monkeypatch):
    swapper = TrainedSwapper(NarrowOriginal().eval(), choose_accelerator("cpu", "fp32"), {})
    assert swapper.swap(np.zeros((1, 64, 64, 3), np.uint8)).masks is None


@pytest.mark.parametrize("wrong", [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 16, 16, 3), np.float32)])
def test_views_of_another_shape_are_refused(run, wrong):
    with pytest.raises(ValueError, match="views must be"):
        TrainedSwapper.load(run).swap(wrong)


def test_no_faces_give_no_faces(run):
    assert len(TrainedSwapper.load(run).swap(np.zeros((0, 16, 16, 3), np.uint8))) == 0
