from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from faceswap.swap.models.layers import Convolution, Residual, SwapModel
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.original import Original
from faceswap.swap.models.registry import MODELS, build_model, check_rebuildable, model_name
from faceswap.utils.errors import UserError
from tests.swap.fakes import SMALL_UD, NarrowOriginal


def gmac_of_a_swap(model) -> float:
    """Multiplications of the encoder and one decoder for one face, in thousand millions."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output[0].numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += module.weight.numel()

    hooks = [module.register_forward_hook(count) for module in model.modules()]
    with torch.no_grad():
        face = torch.zeros(1, 3, model.resolution, model.resolution, device=next(model.parameters()).device)
        model.decode(model.encode(face), "a")
    for hook in hooks:
        hook.remove()
    return total / 1e9


def sizes(*modules) -> list[int]:
    return [sum(p.numel() for p in module.parameters()) for module in modules]


def test_original_is_the_published_network():
    with torch.device("meta"):  # shapes alone, without drawing 82 million weights
        model = Original()
    assert model.parameter_count() == 82_062_470
    assert sum(sizes(model.encoder, model.inter)) == 69_662_976
    assert sizes(model.decoder_a, model.decoder_b) == [6_199_747, 6_199_747]
    strided = [m for m in model.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert [(m.out_channels, m.kernel_size, m.stride) for m in strided] == [
        (c, (5, 5), (2, 2)) for c in (128, 256, 512, 1024)
    ]
    slopes = {m.negative_slope for m in model.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.1}
    assert gmac_of_a_swap(model) == pytest.approx(1.90, abs=0.01)


def test_the_narrow_original_has_the_layers_of_the_real_one():
    with torch.device("meta"):
        real, narrow = Original(), NarrowOriginal()
    assert [type(layer) for layer in real.modules()][1:] == [type(layer) for layer in narrow.modules()][1:]


def test_original_decodes_64_px_without_a_mask():
    model = Original()
    code = model.encode(torch.rand(2, 3, 64, 64))
    assert code.shape == (2, 512, 8, 8)
    images, masks = model.decode(code, "b")
    assert images.shape == (2, 3, 64, 64) and masks is None
    assert images.min() >= 0 and images.max() <= 1


def test_lite_is_light():
    model = Lite()
    assert gmac_of_a_swap(model) <= 0.3
    assert model.parameter_count() == 6_449_888
    images, masks = model.decode(model.encode(torch.rand(2, 3, 96, 96)), "a")
    assert images.shape == (2, 3, 96, 96) and masks.shape == (2, 1, 96, 96)
    assert masks.min() >= 0 and masks.max() <= 1


def small_model(name: str) -> SwapModel:
    """The model, with few channels where it lets them be chosen."""
    return MODELS[name](**(SMALL_UD if name in ("df", "liae") else {}))


def moved(part: nn.Module) -> bool:
    return any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_a_decoder_learns_its_own_face_and_the_encoder_both(name):
    model = small_model(name)
    side = model.resolution
    calls = []
    model.encoder.register_forward_hook(lambda module, inputs, output: calls.append(len(inputs[0])))
    decoded = model(torch.rand(2, 3, side, side), torch.rand(1, 3, side, side))
    assert calls == [3], "A and B pass the encoder as one batch"
    assert (len(decoded["a"][0]), len(decoded["b"][0])) == (2, 1)
    decoded["a"][0].sum().backward()
    only_b = model.TWINS[1]
    assert {part for part in model.PARTS if moved(getattr(model, part))} == set(model.PARTS) - {only_b}


@pytest.mark.parametrize(("kernel", "stride", "side"), [(5, 2, 8), (3, 1, 4), (3, 2, 6)])
def test_the_matrix_product_is_the_convolution(kernel, stride, side):
    torch.manual_seed(0)
    layer = Convolution(6, 10, kernel, stride)
    features = torch.randn(3, 6, side, side, requires_grad=True)
    ours = layer(features)
    wanted = functional.conv2d(features, layer.weight, layer.bias, stride, kernel // 2)
    torch.testing.assert_close(ours, wanted)
    flow = torch.randn_like(wanted)
    for mine, library in zip(
        torch.autograd.grad(ours, [features, *layer.parameters()], flow),
        torch.autograd.grad(wanted, [features, *layer.parameters()], flow),
        strict=True,
    ):
        torch.testing.assert_close(mine, library, atol=1e-4, rtol=1e-4)


def test_a_residual_block_starts_near_its_input():
    block = Residual(4)
    nn.init.zeros_(block.second.weight)
    nn.init.zeros_(block.second.bias)
    features = torch.rand(1, 4, 5, 5)
    torch.testing.assert_close(block(features), features)


def test_models_by_name():
    model = build_model("lite", {"coverage": 0.75})
    assert model.coverage == 0.75 and model_name(model) == "lite"


@pytest.mark.parametrize(
    ("name", "settings"),
    [("os.system", {"coverage": 0.7}), ("lite", {"coverage": "rm"}), ("lite", {}), ("lite", {"coverage": 1, "x": 2})],
)
def test_a_checkpoint_cannot_name_anything_else(name, settings):
    with pytest.raises(UserError):
        build_model(name, settings)


@pytest.mark.parametrize("name", MODELS)
def test_a_fresh_model_passes_the_picture_on_and_its_decoders_start_alike(name):
    torch.manual_seed(0)
    model = small_model(name)
    faces = torch.rand(4, 3, model.resolution, model.resolution)
    with torch.no_grad():
        code = model.encode(faces)
        one, other = model.decode(code, "a")[0], model.decode(code, "b")[0]
    assert (one == other).all()
    assert code.std(0).mean() > 0.05, "different pictures, different codes"
    assert one.std() < 0.45, "no output is saturated from the start"


def test_a_model_that_no_checkpoint_could_be_read_into_is_refused_before_it_is_trained():
    class Forgetful(Lite):
        def __init__(self, width: int = 3) -> None:
            super().__init__()

    with pytest.raises(UserError, match=r"Forgetful cannot be loaded again: .*self\.width"):
        check_rebuildable(Forgetful())
    check_rebuildable(Lite())


def test_weights_that_a_file_brings_are_not_drawn_first(monkeypatch):
    monkeypatch.setattr(nn.init, "kaiming_normal_", None)  # on this device torch draws by its compiler, a long import
    with torch.device("meta"):
        model = Lite()
    assert all(weights.is_meta for weights in model.parameters())
