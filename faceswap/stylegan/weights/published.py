"""Published generators, read without running any of their code, in our names.

| from | file | what is read |
| --- | --- | --- |
| NVIDIA, stylegan2-ada-pytorch and stylegan3 repositories | .pkl | G_ema |
| NVIDIA, the TensorFlow repositories (stylegan2, -ada) | .pkl | Gs |
| rosinality | .pt | g_ema, latent_avg where it is there |
| encoder4editing, pixel2style2pixel | .pt | decoder.*, latent_avg |
| weights alone, in the names of one of these | .pkl, .pt, .pth | all |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faceswap.stylegan.networks.generator import FIRST_PX
from faceswap.stylegan.weights.layouts import (
    UnsupportedWeights,
    blur,
    check_settings,
    checked,
    rosinality_names,
    rosinality_shape,
    settings_of,
    shapes_of,
)
from faceswap.stylegan.weights.tensorflow_layout import from_tensorflow
from faceswap.utils.limits import ACTIVATION_CLAMP, MODULE_DEPTH
from faceswap.utils.untrusted.pickle_interpreter import BuildTarget, PickleError, SafeGlobal, expect
from faceswap.utils.untrusted.torch_files import StoredTensor, Table, read_torch_file, refuse_repeated


@dataclass(frozen=True)
class Published:
    """A generator's weights in our names, float32, and what goes with them.

    `layout`: whose file it was. `average_known`: whether it held the mean of w. `notes`: what else is to be told.
    """

    layout: str
    settings: dict[str, Any]
    tensors: dict[str, Tensor]
    average_known: bool = True
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Persistent:
    """An object that NVIDIA's programs stored with its source, which is neither kept nor run."""

    state: Mapping[str, Any]


class Network(BuildTarget):
    """A network that NVIDIA's TensorFlow programs stored, likewise."""

    def build(self, state: Any) -> Persistent:
        return Persistent(expect(state, dict))


def _persistent(about: Any) -> Persistent:
    return Persistent(expect(expect(about, dict).get("state"), dict))


NAMES = {
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): SafeGlobal("persistent", _persistent),
    ("dnnlib.util", "EasyDict"): SafeGlobal("EasyDict", Table),
    ("dnnlib.tflib.network", "Network"): SafeGlobal("Network", Network),
}


def read_published(path: Path) -> Published:
    """Return the generator in a file. Raises PickleError, UnsupportedWeights and OSError."""
    value = read_torch_file(path, NAMES)
    if isinstance(value, tuple) and value and isinstance(value[-1], Persistent):  # G, D and the averaged Gs
        settings, arrays = from_tensorflow(value[-1].state)
        return Published("tensorflow", settings, {name: _plain(torch.from_numpy(arrays[name])) for name in arrays})
    if not isinstance(value, dict):
        raise UnsupportedWeights("it holds no generator")
    if isinstance(network := value.get("G_ema"), Persistent):
        return _from_nvidia(_flattened(network), _clamp(network))
    for key in ("G_ema", "g_ema", "state_dict"):
        if isinstance(value.get(key), dict):
            return _from_tensors(_tensors(value[key]), value.get("latent_avg"))
    return _from_tensors(_tensors(value), value.get("latent_avg"))


def _from_tensors(stored: dict[str, StoredTensor], average: Any) -> Published:
    if any(name.startswith("decoder.") for name in stored):
        others = sorted(name for name in stored if not name.startswith("decoder."))
        decoder = {name.removeprefix("decoder."): one for name, one in stored.items() if name.startswith("decoder.")}
        result = _from_rosinality(decoder, average, "e4e")
        if others:
            result.notes.append(f"its encoder ({len(others)} weights, {others[0][:60]!r} ...) stays aside")
        return result
    if "style.1.weight" in stored:
        return _from_rosinality(stored, average, "rosinality")
    return _from_nvidia(stored, None)


def _from_nvidia(stored: Mapping[str, StoredTensor], clamp: float | None) -> Published:
    filters = {name for name in stored if name.endswith("resample_filter")}
    shapes = {name: one.shape for name, one in stored.items() if name not in filters}
    settings = settings_of(shapes)
    expected = shapes_of(settings)
    checked(shapes, expected)
    if unknown := sorted(shapes.keys() - expected.keys()):
        raise UnsupportedWeights(f"it has {unknown[0][:60]!r}, which generators of this kind have not")
    for name in sorted(filters):
        _check_filter(stored[name], blur())
    refuse_repeated(stored[name] for name in expected)
    tensors = {name: _plain(stored[name].read()) for name in expected}
    return Published("nvidia", settings | {"clamp": clamp}, tensors)


def _from_rosinality(stored: Mapping[str, StoredTensor], average: Any, layout: str) -> Published:
    settings = _rosinality_settings(stored)
    names, ours = rosinality_names(settings), shapes_of(settings)
    expected = {names[name]: rosinality_shape(name, shape) for name, shape in ours.items() if name in names}
    notes = []
    if not any(name.startswith("noises.") for name in stored):  # the oldest files
        expected = {name: shape for name, shape in expected.items() if not name.startswith("noises.")}
        notes.append("it holds no noise: some is drawn, the same for every reading")
    checked({name: one.shape for name, one in stored.items()}, expected)
    filters = {name for name in stored if name.endswith(".kernel")}
    if unknown := sorted(stored.keys() - expected.keys() - filters):
        raise UnsupportedWeights(f"it has {unknown[0][:60]!r}, which generators of this kind have not")
    for name in sorted(filters):
        _check_filter(stored[name], blur() * 4)
    refuse_repeated(stored[name] for name in expected)
    rng = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in ours.items():
        theirs = names.get(name)
        if theirs in expected:
            tensors[name] = _plain(stored[theirs].read()).reshape(shape)
        elif theirs is not None:
            tensors[name] = torch.randn(shape, generator=rng)
    tensors["mapping.w_avg"] = torch.zeros(ours["mapping.w_avg"])
    known = isinstance(average, StoredTensor)
    if known:
        checked({"latent_avg": average.shape[-1:]}, {"latent_avg": ours["mapping.w_avg"]})
        rows = _plain(average.read()).reshape(-1, settings["w_size"])  # e4e repeats it for every row
        tensors["mapping.w_avg"] = rows[0].clone() if torch.equal(rows, rows[:1].expand_as(rows)) else rows.mean(0)
    return Published(layout, settings | {"clamp": None}, tensors, known, notes)


def _rosinality_settings(stored: Mapping[str, StoredTensor]) -> dict[str, Any]:
    try:
        channels = [stored["to_rgb1.conv.weight"].shape[2]]
        while f"to_rgbs.{len(channels) - 1}.conv.weight" in stored:
            channels.append(stored[f"to_rgbs.{len(channels) - 1}.conv.weight"].shape[2])
        w_size, z_size = stored["style.1.weight"].shape
    except (KeyError, IndexError, ValueError) as error:
        raise UnsupportedWeights("it is no StyleGAN2 generator") from error
    layers = sum(name.startswith("style.") and name.endswith(".weight") for name in stored)
    settings = {
        "resolution": FIRST_PX << (len(channels) - 1),
        "channels": channels,
        "z_size": z_size,
        "w_size": w_size,
        "mapping_layers": layers,
    }
    check_settings(settings)
    return settings


def _flattened(module: Any, prefix: str = "", depth: int = 0) -> dict[str, StoredTensor]:
    """Return the state dict of a stored module."""
    if depth > MODULE_DEPTH:
        raise PickleError("its modules lie too deep within each other")
    state = expect(module, Persistent).state
    own = {**expect(state.get("_parameters"), dict), **expect(state.get("_buffers"), dict)}
    tensors = {f"{prefix}{name}": expect(one, StoredTensor) for name, one in own.items() if one is not None}
    for name, child in expect(state.get("_modules"), dict).items():
        if child is not None:
            tensors |= _flattened(child, f"{prefix}{name}.", depth + 1)
    return tensors


def _clamp(network: Persistent) -> float | None:
    """Return the bound that the layers cut their features at."""
    module: Any = network
    for name in ("synthesis", f"b{FIRST_PX}", "conv1"):
        module = expect(expect(module, Persistent).state.get("_modules"), dict).get(name)
    clamp = expect(module, Persistent).state.get("conv_clamp")
    if clamp is not None and not (isinstance(clamp, int | float) and 0 < clamp < ACTIVATION_CLAMP):
        raise PickleError("it clamps at no number")
    return None if clamp is None else float(clamp)


def _tensors(value: dict) -> dict[str, StoredTensor]:
    tensors = {name: one for name, one in value.items() if isinstance(name, str) and isinstance(one, StoredTensor)}
    tensors.pop("latent_avg", None)
    return tensors


def _check_filter(stored: StoredTensor, expected: Tensor) -> None:
    if stored.shape != (4, 4) or not torch.allclose(stored.read().float(), expected, rtol=0, atol=1e-6):
        raise UnsupportedWeights("its low-pass filter is another one than 1 3 3 1")


def _plain(tensor: Tensor) -> Tensor:
    tensor = tensor.float()
    if not tensor.isfinite().all():
        raise UnsupportedWeights("its weights are not all finite")
    return tensor
