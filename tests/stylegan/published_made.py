"""Weights files as others write them, made here: the layouts' tables written down once more, and NVIDIA's pickles."""

from __future__ import annotations

import math
import pickle
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

CHANNELS = {32: [12, 10, 8, 6], 64: [12, 10, 8, 6, 4]}
Z_SIZE, W_SIZE = 14, 16
FILTER = torch.tensor([1.0, 3.0, 3.0, 1.0])[:, None] * torch.tensor([1.0, 3.0, 3.0, 1.0]) / 64


def nvidia_tensors(resolution: int = 32, layers: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """A state dict in NVIDIA's layout, all weights random, the averages and noises too."""
    rng = torch.Generator().manual_seed(seed)
    tensors = {}

    def draw(name: str, *shape: int, around: float = 0.0, spread: float = 1.0) -> None:
        tensors[name] = around + spread * torch.randn(shape, generator=rng)

    draw("mapping.w_avg", W_SIZE)
    for n in range(layers):
        draw(f"mapping.fc{n}.weight", W_SIZE, Z_SIZE if n == 0 else W_SIZE, spread=100)
        draw(f"mapping.fc{n}.bias", W_SIZE, spread=10)
    before, side = 0, 4
    for channels in CHANNELS[resolution]:
        block = f"synthesis.b{side}"
        tensors[f"{block}.resample_filter"] = FILTER
        if not before:
            draw(f"{block}.const", channels, 4, 4)
        for name, inputs in [("conv0", before)] * bool(before) + [("conv1", channels)]:
            layer = f"{block}.{name}"
            draw(f"{layer}.weight", channels, inputs, 3, 3)
            draw(f"{layer}.bias", channels)
            draw(f"{layer}.affine.weight", inputs, W_SIZE)
            draw(f"{layer}.affine.bias", inputs, around=1, spread=0.1)
            draw(f"{layer}.noise_const", side, side)
            draw(f"{layer}.noise_strength")
            tensors[f"{layer}.resample_filter"] = FILTER
        draw(f"{block}.torgb.weight", 3, channels, 1, 1)
        draw(f"{block}.torgb.bias", 3)
        draw(f"{block}.torgb.affine.weight", channels, W_SIZE)
        draw(f"{block}.torgb.affine.bias", channels, around=1, spread=0.1)
        before, side = channels, side * 2
    return tensors


def rosinality_tensors(nvidia: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
    """The same generator as `g_ema` and `latent_avg`."""
    theirs = {}
    for name, tensor in nvidia.items():
        parts = name.split(".")
        if parts[0] == "mapping":
            if parts[1] != "w_avg":
                theirs[f"style.{int(parts[1][2:]) + 1}.{parts[2]}"] = tensor
            continue
        power, kind = int(math.log2(int(parts[1][1:]))), ".".join(parts[2:])
        place = {"conv0": f"convs.{2 * (power - 3)}", "conv1": f"convs.{2 * (power - 3) + 1}",
                 "torgb": f"to_rgbs.{power - 3}"}.get(parts[2])  # fmt: skip
        if power == 2:
            place = {"conv1": "conv1", "torgb": "to_rgb1"}.get(parts[2])
        match kind.split("."):
            case ["const"]:
                theirs["input.input"] = tensor[None]
            case [_, "resample_filter"] if parts[2] == "conv0":
                theirs[f"{place}.conv.blur.kernel"] = 4 * tensor
            case ["resample_filter"] if power > 2:
                theirs[f"to_rgbs.{power - 3}.upsample.kernel"] = 4 * tensor
            case [_, "weight"]:
                theirs[f"{place}.conv.weight"] = tensor[None]
            case [_, "affine", which]:
                theirs[f"{place}.conv.modulation.{which}"] = tensor
            case ["torgb", "bias"]:
                theirs[f"{place}.bias"] = tensor[None, :, None, None]
            case [_, "bias"]:
                theirs[f"{place}.activate.bias"] = tensor
            case [_, "noise_strength"]:
                theirs[f"{place}.noise.weight"] = tensor[None]
            case [layer, "noise_const"]:
                number = 0 if power == 2 else 2 * power - (5 if layer == "conv0" else 4)
                theirs[f"noises.noise_{number}"] = tensor[None, None]
    return theirs, nvidia["mapping.w_avg"]


class StoredModule(nn.Module):
    """A module that is pickled as NVIDIA's persistence does it: its source beside its state."""

    source = ""

    def __reduce__(self) -> tuple:
        about = dict(type="class", version=6, module_src=self.source, class_name="Layer", state=dict(self.__dict__))
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (about,), None


def write_nvidia(path: Path, tensors: dict[str, Tensor], clamp: float | None = 256, source: str = "",
                 protocol: int = 4) -> Path:  # fmt: skip
    """The pickle of a training: G, D, G_ema and the settings."""
    with nvidias_modules() as (easy_dict, _):
        StoredModule.source = source
        network = as_module(tensors, clamp, easy_dict)
        judge = as_module({"b4.fc.weight": torch.zeros(2, 2)}, None, easy_dict)
        snapshot = {"G": None, "D": judge, "G_ema": network, "augment_pipe": None,
                    "training_set_kwargs": easy_dict(path="faces.zip", resolution=32)}  # fmt: skip
        path.write_bytes(pickle.dumps(snapshot, protocol))
    return path


def as_module(tensors: dict[str, Tensor], clamp: float | None, easy_dict: type) -> nn.Module:
    top = StoredModule()
    for name, tensor in tensors.items():
        *places, last = name.split(".")
        module: Any = top
        for place in places:
            if not hasattr(module, place):
                module.add_module(place, StoredModule())
            module = getattr(module, place)
            module.conv_clamp, module.act_gain = clamp, np.sqrt(2)
            module._init_args, module._init_kwargs = (), easy_dict(activation="lrelu", num=3)
        if last in ("resample_filter", "noise_const", "w_avg"):
            module.register_buffer(last, tensor)
        else:
            module.register_parameter(last, nn.Parameter(tensor))
    return top.eval().requires_grad_(False)


@contextmanager
def nvidias_modules() -> Iterator[tuple[type, type]]:
    """While a pickle is made: modules of the names that it is to refer to. Gives EasyDict and Network."""
    names = ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util", "dnnlib.tflib", "dnnlib.tflib.network")
    modules = {name: types.ModuleType(name) for name in names}
    persistence, util, network = (modules[names[n]] for n in (1, 3, 5))

    def _reconstruct_persistent_obj(about: dict) -> None:
        raise AssertionError

    easy_dict = type("EasyDict", (dict,), {"__module__": "dnnlib.util"})
    stored = type("Network", (), {"__module__": "dnnlib.tflib.network"})
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    util.EasyDict, network.Network = easy_dict, stored  # type: ignore[attr-defined]
    sys.modules.update(modules)
    try:
        yield easy_dict, stored
    finally:
        for name in names:
            del sys.modules[name]


def write_tensorflow(path: Path, nvidia: dict[str, Tensor], besides: Sequence[tuple[str, np.ndarray]] = ()) -> Path:
    """The pickle of G, D and Gs of the TensorFlow programs, from weights in the later layout.

    `besides`: variables that the synthesis has besides.
    """
    mapping, synthesis = [], list(besides)
    for name, tensor in nvidia.items():
        parts, array = name.split("."), tensor.numpy()
        if parts[0] == "mapping" and parts[1] != "w_avg":
            mapping.append((f"Dense{parts[1][2:]}/{parts[2]}", array.T))
        elif parts[0] == "synthesis" and parts[-1] != "resample_filter":
            synthesis.append(_tensorflow_variable(int(parts[1][1:]), parts[2:], array))
    with nvidias_modules() as (easy_dict, network):

        def stored(variables: list, **components: Any) -> Any:
            made = network()
            made.__dict__.update(version=5, name="G", static_kwargs=easy_dict(resolution=32), variables=variables,
                                 components=easy_dict(components), build_module_src="raise SystemExit",
                                 build_func_name="G_main")  # fmt: skip
            return made

        own = [("lod", np.float32(0)), ("dlatent_avg", nvidia["mapping.w_avg"].numpy())]
        averaged = stored(own, mapping=stored(mapping), synthesis=stored(synthesis))
        path.write_bytes(pickle.dumps((None, None, averaged), 4))
    return path


def _tensorflow_variable(side: int, rest: list[str], array: np.ndarray) -> tuple[str, np.ndarray]:
    power = int(math.log2(side))
    if rest == ["const"]:
        return "4x4/Const/const", array[None]
    if rest[1] == "noise_const":
        return f"noise{0 if side == 4 else 2 * power - (5 if rest[0] == 'conv0' else 4)}", array[None, None]
    layer = {"conv0": "Conv0_up", "conv1": "Conv" if side == 4 else "Conv1", "torgb": "ToRGB"}[rest[0]]
    kind = "_".join(rest[1:]).replace("affine", "mod")
    if kind == "weight":
        array = array.transpose(2, 3, 1, 0)
        array = array[::-1, ::-1] if rest[0] == "conv0" else array
    elif kind == "mod_weight":
        array = array.T
    elif kind == "mod_bias":
        array = array - 1
    return f"{side}x{side}/{layer}/{kind}", np.ascontiguousarray(array) if array.ndim else array
