"""A model that draws more pixels than it looks at, and the same picture from weights of another number of pixels."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch.nn import functional

from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.swap.inference.export import export_onnx
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.swap.initialisation.generic import PERSON_SIZE, GenericWeights
from faceswap.swap.initialisation.output_scale import fitted, fitted_rows
from faceswap.swap.initialisation.schemes import Generic, start_from
from faceswap.swap.models.df import Df
from faceswap.swap.models.layers import SIDES
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.checkpoints import MODEL_FILE, CheckpointIO
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained
from tests.detect.builtin.tiny_networks import write_networks
from tests.swap.fakes import SMALL_UD
from tools.train_generic.network import GenericNet
from tools.train_generic.training import export


def twice(pictures):
    return functional.interpolate(pictures, scale_factor=2, mode="nearest")


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_rows_come_back_from_a_larger_block(colours, block, times):
    rows = torch.arange(colours * block**2 * 2.0).reshape(-1, 2)
    larger = fitted_rows(rows, colours * (times * block) ** 2, colours)
    assert len(larger) == colours * (times * block) ** 2
    torch.testing.assert_close(fitted_rows(larger, len(rows), colours), rows)


def test_it_draws_twice_the_pixels_it_looks_at_and_only_the_last_layer_grows():
    plain, fine = Lite(), Lite(output_scale=2)
    pictures = torch.rand(2, 3, 192, 192)
    images, masks = fine.decode(fine.encode(pictures), "a")
    assert images.shape == (2, 3, 192, 192) and masks.shape == (2, 1, 192, 192)
    shapes = [{name: value.shape for name, value in model.state_dict().items()} for model in (plain, fine)]
    assert {name for name in shapes[0] if shapes[0][name] != shapes[1][name]} == {
        f"decoder_{side}.3.{kind}" for side in SIDES for kind in ("weight", "bias")
    }


def test_a_code_does_not_know_how_many_pixels_are_drawn():
    torch.manual_seed(0)
    plain, fine = Lite(), Lite(output_scale=2)
    fine.encoder.load_state_dict(plain.encoder.state_dict())
    small = torch.rand(2, 3, 96, 96)
    torch.testing.assert_close(fine.encoder(twice(small)), plain.encoder(small))


@pytest.mark.parametrize("kind", [Df, Liae])
def test_the_ud_family_looks_at_half_of_what_it_draws(kind):
    torch.manual_seed(0)
    plain, fine = kind(**SMALL_UD), kind(**SMALL_UD | {"resolution": 128, "output_scale": 2})
    picture = torch.rand(1, 3, 64, 64)
    fine.load_state_dict(fitted(plain.state_dict(), fine))
    for side in SIDES:
        drawn, again = plain.decode(plain.encode(picture), side), fine.decode(fine.encode(twice(picture)), side)
        assert again[0].shape == (1, 3, 128, 128)
        for one, other in zip(drawn, again, strict=True):
            torch.testing.assert_close(other, twice(one), atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="multiple of 64 from 128 to 512, not 96"):
        kind(**SMALL_UD | {"resolution": 96, "output_scale": 2})


def test_shipped_weights_of_df_draw_twice_the_pixels():
    """People's scales and shifts of every convolution must stay with their own."""
    torch.manual_seed(1)
    network = GenericNet("df", SMALL_UD).eval()
    torch.nn.init.normal_(network.person.layers[-1].weight, std=0.05)
    fine_sizes = SMALL_UD | {"resolution": 128, "output_scale": 2}
    weights = GenericWeights("generic-df", network.weights(), SMALL_UD).drawing_as(Df(**fine_sizes))
    assert not weights.unfit(Df(**fine_sizes))
    fine = GenericNet("df", fine_sizes).eval()
    fine.load_state_dict(dict(weights.tensors), strict=False)
    small, people = torch.rand(2, 3, 64, 64), torch.rand(2, PERSON_SIZE)
    with torch.no_grad():
        drawn, again = network(small, people)[1:], fine(twice(small), people)[1:]
    for one, other in zip(drawn, again, strict=True):
        torch.testing.assert_close(other, twice(one), atol=1e-5, rtol=1e-4)


def test_other_scales_are_refused():
    with pytest.raises(ValueError, match="output_scale must be 1 or 2, not 3"):
        Lite(output_scale=3)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_another_runs_weights_draw_the_same_picture(tmp_path, before, after):
    torch.manual_seed(0)
    one, other = Lite(output_scale=before), Lite(output_scale=after)
    save_file({name: value.contiguous() for name, value in one.state_dict().items()}, tmp_path / "w.safetensors")
    assert not start_from(other, tmp_path / "w.safetensors").fresh
    code = torch.randn(2, 192, 6, 6)
    drawn, again = (model.decoder_a(code) for model in (one, other))
    if after == 2:
        torch.testing.assert_close(again, twice(drawn))
    else:
        torch.testing.assert_close(again, functional.avg_pool2d(drawn, 2))


def test_shipped_weights_begin_a_run_of_either_scale(tmp_path, monkeypatch, sets):
    write_networks(tmp_path)
    torch.manual_seed(1)
    network = GenericNet("lite", {}).eval()
    torch.nn.init.normal_(network.person.layers[-1].weight, std=0.02)
    path = export(network, tmp_path, {})
    enter_pretrained(tmp_path, "generic-lite", path.name)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    plain, fine = Lite(), Lite(output_scale=2)
    faces = dict(zip(SIDES, sets, strict=True))
    for model in (plain, fine):
        assert "started from generic-lite" in Generic().begin(model, faces)
    small = torch.rand(1, 3, 96, 96)
    drawn, again = plain.decode(plain.encode(small), "b"), fine.decode(fine.encode(twice(small)), "b")
    for one, other in zip(drawn, again, strict=True):
        torch.testing.assert_close(other, twice(one), atol=1e-5, rtol=1e-4)
    back = GenericWeights.of("lite").drawing_as(fine).drawing_as(plain)
    torch.testing.assert_close(
        back.tensors["person.layers.4.weight"], GenericWeights.of("lite").tensors["person.layers.4.weight"]
    )


def test_runs_from_before_go_on_and_say_what_they_draw(tmp_path, monkeypatch):
    def stepped(model):
        steps = Adam().build(model)
        sum(
            part.sum() for part in model.decode(model.encode(torch.rand(1, 3, model.resolution, model.resolution)), "a")
        ).backward()
        steps.step()
        return model, steps

    old = {"model": "lite", "settings": {"coverage": 0.7, "beta": 0.0}, "iteration": 3, "version": "0"}
    with monkeypatch.context() as patch:
        patch.setattr("faceswap.swap.runs.checkpoints.describe", lambda *_: old)
        folder = CheckpointIO(*stepped(Lite())).save(tmp_path, TrainingState(3, 1.0, 0), keep=1)
    assert load_model(folder / MODEL_FILE)[0].resolution == 96
    assert CheckpointIO(*stepped(Lite())).restore_latest(tmp_path).iteration == 3
    with pytest.raises(UserError, match=r"trained with model\.output_scale=1, not 2; choose that again"):
        CheckpointIO(*stepped(Lite(output_scale=2))).restore_latest(tmp_path)


def test_the_exported_file_draws_as_many(tmp_path):
    pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    model = Lite(output_scale=2)
    header = {"faceswap": json.dumps({"model": "lite", "settings": model.settings, "iteration": 1, "version": "0"})}
    weights = tmp_path / "m.safetensors"
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, weights, header)
    swapper = OnnxSwapper.load(export_onnx(weights, tmp_path / "m.onnx"), device="cpu")
    views = np.random.default_rng(0).integers(0, 256, (1, 192, 192, 3), np.uint8)
    assert swapper.swap(views).images.shape == (1, 192, 192, 3)
