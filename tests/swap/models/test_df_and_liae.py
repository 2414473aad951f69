"""`df`, `liae` and the Gaussian code."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.initialisation.schemes import start_from
from faceswap.swap.models.df import Df
from faceswap.swap.models.df_layers import PixelNorm, UdDecoder
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.checkpoints import MODEL_FILE, CheckpointIO
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import read_description
from tests.swap.fakes import SMALL_UD as SMALL
from tests.swap.models.test_registry import gmac_of_a_swap, moved, sizes
from tests.swap.trained_runs import assert_same_run, train


def small(kind, **changes):
    torch.manual_seed(0)
    return kind(**{**SMALL, **changes})


def faces(count: int = 2, resolution: int = 64):
    return torch.rand(count, 3, resolution, resolution, generator=torch.Generator().manual_seed(1))


# ---- the published networks


def on_paper(kind, **settings):
    """A model without memory: only shapes and counts."""
    with torch.device("meta"):
        return kind(**settings)


def test_df_is_the_published_network():
    model = on_paper(Df)
    assert model.parameter_count() == 54_470_998
    assert sizes(model.encoder, model.inter) == [4_306_560, 11_801_856]
    assert sizes(model.decoder_a, model.decoder_b) == [19_181_291] * 2
    assert sizes(model.decoder_a.mask) == [2_355_167]


def test_liae_is_the_published_network():
    model = on_paper(Liae)
    assert model.parameter_count() == 82_376_555
    assert sizes(model.inter_ab, model.inter_b) == [19_933_440] * 2
    assert sizes(model.decoder) == [38_203_115]


@pytest.mark.parametrize(("resolution", "parameters"), [(256, 82_794_838), (512, 196_090_198)])
def test_only_the_dense_layers_grow_with_the_picture(resolution, parameters):
    model = on_paper(Df, resolution=resolution)
    side = resolution // 32
    dense = [m for m in model.inter if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in dense] == [(2048 * side**2, 256), (256, 256 * side**2)]
    assert model.parameter_count() == parameters


@pytest.mark.parametrize(("kind", "resolution"), [(Df, 64), (Df, 96), (Liae, 64), (Liae, 96)])
def test_pictures_and_masks_of_every_size(kind, resolution):
    model = small(kind, resolution=resolution)
    with torch.no_grad():
        images, masks = model.decode(model.encode(faces(2, resolution)), "a")
    assert images.shape == (2, 3, resolution, resolution) and masks.shape == (2, 1, resolution, resolution)
    assert min(images.min(), masks.min()) >= 0 and max(images.max(), masks.max()) <= 1


def test_the_cost_grows_with_the_picture():
    low, high = (gmac_of_a_swap(small(Df, resolution=resolution)) for resolution in (64, 128))
    assert high == pytest.approx(4 * low, rel=0.15)


def test_pixel_norm_forgets_how_bright_a_code_is():
    norm, code = PixelNorm(), torch.rand(3, 50)
    torch.testing.assert_close(norm(code).square().mean(1), torch.ones(3))
    torch.testing.assert_close(norm(7 * code), norm(code))
    model = small(Df)
    assert isinstance(model.encoder[-1], PixelNorm)


def test_each_convolution_of_the_output_draws_its_corner_of_every_block():
    decoder = UdDecoder(8, 4, 4)
    for number, phase in enumerate(decoder.phases):
        nn.init.zeros_(phase.weight)
        with torch.no_grad():
            phase.bias.copy_(torch.tensor([10.0, 20.0, 30.0]) + number)
    drawn = decoder(torch.rand(1, 8, 4, 4))[0]
    assert drawn.shape == (4, 64, 64)
    for colour, base in enumerate((10, 20, 30)):
        block = torch.tensor([[base, base + 1], [base + 2, base + 3]]).float()
        assert (drawn[colour] == block.repeat(32, 32)).all()
    assert [phase.kernel_size[0] for phase in decoder.phases] == [1, 3, 3, 3]


def test_a_fresh_decoder_is_not_saturated():
    model = small(Df, d_dims=16)
    with torch.no_grad():
        drawn = model.decoder_a(torch.randn(4, 8, 4, 4))
    assert 0.3 < drawn[:, :3].std() < 1.5, "before the sigmoid"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"resolution": 100}, "resolution"),
        ({"resolution": 32}, "resolution"),
        ({"resolution": 544}, "resolution"),
        ({"ae_dims": 5000}, "ae_dims"),
        ({"d_mask_dims": 21}, "d_mask_dims"),
        ({"e_dims": 0}, "e_dims"),
        ({"beta": -1.0}, "beta"),
        ({"beta": float("nan")}, "beta"),
    ],
)
def test_impossible_sizes_are_refused(settings, word):
    for kind in (Df, Liae):
        with pytest.raises(ValueError, match=f"model.{word} must"):
            small(kind, **settings)


# ---- whose face is drawn


def liae_with_different_inters() -> Liae:
    model = small(Liae)
    with torch.no_grad():
        model.inter_b[0].weight.normal_()
    return model


def test_liae_draws_the_swap_from_the_shared_code_alone():
    model = liae_with_different_inters()
    with torch.no_grad():
        code = model.encode(faces())
        shared, own = model.inter_ab(code), model.inter_b(code)
        halves = {"a": [shared, shared], "b": [own, shared]}
        for side, both in halves.items():
            images, masks = model.decode(code, side)
            wanted = torch.sigmoid(model.decoder(torch.cat(both, 1)))
            torch.testing.assert_close(torch.cat([images, masks], 1), wanted)
    assert shared.shape == (2, 2 * SMALL["ae_dims"], 4, 4)


@pytest.mark.parametrize("kind", [Df, Liae, Lite])
def test_training_draws_as_a_conversion_does(kind):
    model = liae_with_different_inters() if kind is Liae else small(Df) if kind is Df else Lite()
    a, b = faces(3, model.resolution).split([1, 2])
    with torch.no_grad():
        decoded = model(a, b)
        for side, given in (("a", a), ("b", b)):
            images, masks = model.decode(model.encode(given), side)
            torch.testing.assert_close(decoded[side].images, images, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(decoded[side].masks, masks, atol=1e-5, rtol=1e-4)
            assert decoded[side].divergence is None


@pytest.mark.parametrize("side", ["a", "b"])
def test_only_b_teaches_liaes_inter_b(side):
    model = liae_with_different_inters()
    decoded = model(faces(), faces(3))
    decoded[side].images.square().sum().backward()
    assert moved(model.encoder) and moved(model.inter_ab) and moved(model.decoder)
    assert moved(model.inter_b) == (side == "b")


def test_liaes_sides_start_alike_and_part():
    model = small(Liae)
    with torch.no_grad():
        code = model.encode(faces())
        assert (model.decode(code, "a")[0] == model.decode(code, "b")[0]).all()
        code = liae_with_different_inters().encode(faces())
    assert (
        liae_with_different_inters().decode(code, "a")[0] != liae_with_different_inters().decode(code, "b")[0]
    ).any()


# ---- the Gaussian code


# ---- checkpoints, transfer, training


@pytest.mark.parametrize("beta", [0.0, 0.3])
@pytest.mark.parametrize("kind", [Df, Liae])
def test_a_checkpoint_builds_the_same_model_again(tmp_path, kind, beta):
    model = small(kind, beta=beta, coverage=0.75)
    CheckpointIO(model, Adam().build(model)).save(tmp_path / "run", TrainingState(3, 1.0, 0), keep=1)
    swapper = TrainedSwapper.load(tmp_path / "run", device="cpu", precision="fp32")
    assert swapper.model.settings == {**SMALL, "beta": beta, "coverage": 0.75, "output_scale": 1}
    with torch.no_grad():
        wanted = model.decode(model.encode(torch.full((1, 3, 64, 64), 0.2)), "a")[0]
    drawn = swapper.swap(np.full((1, 64, 64, 3), 51, np.uint8)).images
    np.testing.assert_allclose(drawn, wanted.permute(0, 2, 3, 1), atol=1e-5)


def test_half_precision_weights_are_widened(tmp_path):
    model = small(Df)
    header = {"faceswap": json.dumps({"model": "df", "settings": model.settings})}
    save_file({name: value.half() for name, value in model.state_dict().items()}, tmp_path / "x.safetensors", header)
    loaded, _ = load_model(tmp_path / "x.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_a_header_cannot_ask_for_more_memory_than_its_file_holds(tmp_path):
    largest = {"resolution": 512, "ae_dims": 1024, "e_dims": 256, "d_dims": 256, "d_mask_dims": 256}
    header = {"faceswap": json.dumps({"model": "liae", "settings": {**largest, "coverage": 0.8}})}
    save_file({"w": torch.zeros(1)}, tmp_path / "x.safetensors", header)
    with pytest.raises(UserError, match="do not fit the model 'liae'"):
        load_model(tmp_path / "x.safetensors")


def test_another_size_than_the_runs_is_refused(tmp_path):
    model = small(Df)
    CheckpointIO(model, Adam().build(model)).save(tmp_path, TrainingState(3, 1.0, 0), keep=1)
    other = small(Df, ae_dims=16, beta=0.1)
    with pytest.raises(UserError, match=r"model\.ae_dims=8, not 16 and model\.beta=0\.0, not 0\.1"):
        CheckpointIO(other, Adam().build(other)).restore_latest(tmp_path)


def stepped(model):
    """The model after one step, with its optimizer."""
    optimizer = Adam().build(model)
    decoded = model(faces(2, model.resolution), faces(2, model.resolution))
    sum(side.images.mean() + side.masks.mean() for side in decoded.values()).backward()
    optimizer.step()
    return model, optimizer


def test_a_run_from_before_there_was_a_beta_goes_on(tmp_path, monkeypatch):
    old = {"model": "lite", "settings": {"coverage": 0.7}, "iteration": 3, "version": "0"}
    with monkeypatch.context() as patch:
        patch.setattr("faceswap.swap.runs.checkpoints.describe", lambda *_: old)
        folder = CheckpointIO(*stepped(Lite())).save(tmp_path, TrainingState(3, 1.0, 0), keep=1)
    assert read_description(folder / MODEL_FILE)["settings"] == {"coverage": 0.7}
    assert CheckpointIO(*stepped(Lite())).restore_latest(tmp_path).iteration == 3
    assert load_model(folder / MODEL_FILE)[0].beta == 0


def save(model, tmp_path):
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, tmp_path / "w.safetensors")
    return tmp_path / "w.safetensors"


def test_liae_starts_from_the_parts_it_shares_with_df(tmp_path):
    report = start_from(small(Liae), save(small(Df), tmp_path))
    assert {name.split(".")[0] for name in report.loaded} == {"encoder"}
    assert {name.split(".")[0] for name in report.fresh} == {"inter_ab", "inter_b", "decoder"}
    assert {name.split(".")[0] for name in report.skipped} == {"inter", "decoder_a", "decoder_b"}


def test_liaes_parts_are_its_own(tmp_path):
    given = small(Liae)
    path = save(given, tmp_path)
    torch.manual_seed(5)
    model = Liae(**SMALL)
    report = start_from(model, path, ["encoder", "inter_ab"])
    assert (model.inter_ab[0].weight == given.inter_ab[0].weight).all()
    assert {name.split(".")[0] for name in report.kept_out} == {"inter_b", "decoder"}
    with pytest.raises(UserError, match="'decoder_a' is none of encoder, inter_ab, inter_b, decoder"):
        start_from(model, path, ["encoder", "decoder_a"])


@pytest.mark.parametrize(("beta", "precision"), [(0.0, "fp32"), (0.1, "bf16")])
@pytest.mark.parametrize("kind", [Df, Liae])
def test_training_goes_on_where_it_was_killed(sets, tmp_path, kind, beta, precision):
    def model():
        return kind(**SMALL, beta=beta)

    settings = {"model": model, "batch_size": 2, "save_every": 1, "precision": precision}
    whole = train(sets, tmp_path / "whole", 3, **settings)
    halves = train(sets, tmp_path / "halves", 1, **settings)
    train(sets, halves, 3, **settings)
    assert_same_run(whole, halves)
    losses = json.loads((whole / "report.json").read_text())["losses"]
    assert ("loss/a/kl" in losses, "loss/b/kl" in losses) == (bool(beta), bool(beta))
