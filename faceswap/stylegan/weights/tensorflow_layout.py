"""Weights of NVIDIA's TensorFlow programs (StyleGAN2, -ada) in our names.

Other than the later layouts these are turned about: kernels are (height, width, in, out), dense weights (in, out), the
doubling convolutions mirrored, and the biases of the styles lack their 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.stylegan.weights.layouts import UnsupportedWeights, checked, settings_of, shapes_of
from faceswap.utils.limits import ACTIVATION_CLAMP, MODULE_DEPTH
from faceswap.utils.untrusted.pickle_interpreter import expect

Arrays = dict[str, NDArray]


def from_tensorflow(state: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
    """Return settings and weights of the network `Gs` in a stored state. Raises UnsupportedWeights and PickleError."""
    theirs = _variables(state)
    if any("ToRGB_lod" in name or "/StyleMod/" in name for name in theirs):
        raise UnsupportedWeights("it is the first StyleGAN, or what came before it; StyleGAN2 is supported")
    ours: Arrays = {}
    for name, array in theirs.items():
        if found := _named(name, array):
            ours[found[0]] = np.array(found[1], order="C")
    settings = settings_of({name: array.shape for name, array in ours.items()})
    checked({name: array.shape for name, array in ours.items()}, expected := shapes_of(settings))
    if unknown := sorted(ours.keys() - expected.keys()):
        raise UnsupportedWeights(f"it has {unknown[0][:60]!r}, which generators of this kind have not")
    clamp = expect(state.get("static_kwargs") or {}, dict).get("conv_clamp")
    if clamp is not None and not (isinstance(clamp, int | float) and 0 < clamp < ACTIVATION_CLAMP):
        raise UnsupportedWeights("it clamps at no number")
    return settings | {"clamp": clamp and float(clamp)}, {name: ours[name] for name in expected}


def _variables(state: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Arrays:
    """Return all arrays of a network and of those within it."""
    if depth > MODULE_DEPTH:
        raise UnsupportedWeights("its networks lie too deep within each other")
    found = {}
    for pair in expect(state.get("variables"), list):
        name, array = expect(pair, tuple)
        if isinstance(array, np.ndarray):
            found[prefix + expect(name, str)] = array
    for name, network in expect(state.get("components") or {}, dict).items():
        found |= _variables(expect(getattr(network, "state", None), dict), f"{prefix}{name}/", depth + 1)
    return found


def _named(name: str, array: NDArray) -> tuple[str, NDArray] | None:
    """Return our name and array of one of their weights; None for what is no weight of ours (the level of detail)."""
    if name == "dlatent_avg":
        return "mapping.w_avg", array
    parts = name.split("/")
    if parts[0] == "mapping" and len(parts) == 3 and parts[1].startswith("Dense"):
        return f"mapping.fc{parts[1][5:]}.{parts[2]}", array.T
    if parts[0] != "synthesis":
        return None
    if parts[1].startswith("noise"):
        number = min(int(parts[1][5:]), 99)
        side = 4 << ((number + 1) // 2)
        return f"synthesis.b{side}.conv{int(number % 2 == 0)}.noise_const", array[0, 0]
    side = int(parts[1].partition("x")[0])
    block = f"synthesis.b{side}"
    if parts[2] == "Const":
        return f"{block}.const", array[0]
    layer = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}.get(parts[2])
    if layer is None:
        raise UnsupportedWeights(f"it has {name[:60]!r}, which generators of this kind have not")
    return _weight(f"{block}.{layer}", parts[3], array)


def _weight(layer: str, kind: str, array: NDArray) -> tuple[str, NDArray]:
    if kind == "weight":
        turned = array[::-1, ::-1] if layer.endswith("conv0") else array
        return f"{layer}.weight", turned.transpose(3, 2, 0, 1)
    if kind == "mod_weight":
        return f"{layer}.affine.weight", array.T
    if kind == "mod_bias":
        return f"{layer}.affine.bias", array + array.dtype.type(1)
    return f"{layer}.{kind}", array
