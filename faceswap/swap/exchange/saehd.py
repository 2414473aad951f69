"""DeepFaceLab's SAEHD weights (archi df-ud and liae-ud) as a weights file of `df` or `liae`, whose layers are the same.

A model is a folder of pickled dictionaries of arrays, NAME_SAEHD_encoder.npy and so on; NAME_SAEHD_data.dat tells its
options. TensorFlow lays weights out otherwise: convolutions as (height, width, in, out), dense layers as (in, out) over
(height, width, channel), the four pixels of a doubling before the channels; pictures are BGR.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.registry import build_model
from faceswap.swap.models.weights import check_numbers, describe
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import HEADER_KEY, DamagedCheckpoint, save_tensors
from faceswap.utils.limits import FOREIGN_NETWORK_BYTES
from faceswap.utils.untrusted.pickle_interpreter import PickleError
from faceswap.utils.untrusted.reading import Untrusted, read_bytes
from faceswap.utils.untrusted.safe_pickle import loads

Arrays = Mapping[str, NDArray[Any]]

PARTS = {  # of each model: ours, and the file that holds it
    "df": {"encoder": "encoder", "inter": "inter", "decoder_a": "decoder_src", "decoder_b": "decoder_dst"},
    "liae": {"encoder": "encoder", "inter_ab": "inter_AB", "inter_b": "inter_B", "decoder": "decoder"},
}
# What each face type shows, as a share of the crop's side (whole_face.py); a head's square is larger than the crop.
COVERAGE = {"h": 0.47, "mf": 0.57, "f": 0.76, "wf": 1.0, "head": 1.0}
_ENCODER, _DATA = "_SAEHD_encoder.npy", "_SAEHD_data.dat"

log = logging.getLogger(__name__)


def import_saehd(source: Path, out: Path) -> Path:
    """Write the SAEHD model in a folder (or that one of its files belongs to) as a weights file; returns `out`.

    Raises:
        UserError: There is none, it cannot be read, or a layer is not as in any model here.
    """
    stem = _stem(source)
    name = "liae" if _file(stem, "inter_AB").is_file() else "df"
    options, iteration = _options(stem)
    given = {part: _read_arrays(_file(stem, theirs)) for part, theirs in PARTS[name].items()}
    try:
        settings = _settings(given) | {"coverage": COVERAGE.get(str(options.get("face_type", "wf")), 1.0)}
        with torch.device("meta"):
            model = build_model(name, settings)
        weights = {key: _taken(key, value, given, model) for key, value in model.state_dict().items()}
        check_numbers(stem.name, weights)
    except (ValueError, DamagedCheckpoint) as error:
        raise UserError(f"{stem}_SAEHD cannot become a model here: {error}") from error
    model.load_state_dict(weights, assign=True)
    save_tensors(model.state_dict(), out, {HEADER_KEY: json.dumps(describe(model, iteration))})
    told = " ".join(f"model.{key}={value}" for key, value in settings.items())
    log.info(
        "%s: DeepFaceLab's %s; to train on: model=%s %s init=weights init.path=%s", out, stem.name, name, told, out
    )
    return out


def _stem(source: Path) -> Path:
    """The path up to _SAEHD of the model that is meant."""
    if source.is_dir():
        found = sorted(source.glob(f"*{_ENCODER}"))
        if len(found) != 1:
            names = ", ".join(path.name for path in found[:5])
            raise UserError(f"{source} holds {len(found)} SAEHD models{names and ': ' + names}; name one's encoder.npy")
        source = found[0]
    if "_SAEHD_" not in source.name or not source.is_file():
        raise UserError(f"{source} is no model of DeepFaceLab: give its folder, or its file NAME{_ENCODER}")
    return source.with_name(source.name.rpartition("_SAEHD_")[0])


def _file(stem: Path, part: str) -> Path:
    return stem.with_name(f"{stem.name}_SAEHD_{part}.npy")


def _options(stem: Path) -> tuple[dict[str, Any], int]:
    """Its options and iterations as far as they are known; raises UserError for an archi that no model here has."""
    path = stem.with_name(stem.name + _DATA)
    if not path.is_file():
        log.warning("%s is missing: taken for archi -ud and face type wf", path)
        return {}, 0
    data = _read_pickle(path)
    options = data.get("options") if isinstance(data, dict) else None
    if not isinstance(options, dict):
        raise UserError(f"cannot read {path}: it holds no options")
    archi = str(options.get("archi", "df-ud"))[:20].lower()
    if sorted(archi.partition("-")[2]) != ["d", "u"]:
        raise UserError(f"{path} is of archi {archi}: only df-ud and liae-ud have the layers of a model here")
    iteration = data.get("iter", 0)
    return options, iteration if type(iteration) is int and iteration >= 0 else 0


def _read_arrays(path: Path) -> Arrays:
    arrays = _read_pickle(path)
    if not isinstance(arrays, dict) or not all(isinstance(key, str) for key in arrays):
        raise UserError(f"cannot read {path}: it holds no weights by name")
    return {key: value for key, value in arrays.items() if isinstance(value, np.ndarray) and value.dtype.kind == "f"}


def _read_pickle(path: Path) -> Any:
    try:
        return loads(read_bytes(path, FOREIGN_NETWORK_BYTES))
    except (OSError, Untrusted, PickleError) as error:
        raise UserError(f"cannot read {path}: {error}") from error


def _settings(given: Mapping[str, Arrays]) -> dict[str, int]:
    """A model's settings, by the shapes of a few layers. Raises ValueError for a layer that is missing."""
    inter = next(arrays for part, arrays in given.items() if part.startswith("inter"))
    decoder = next(arrays for part, arrays in given.items() if part.startswith("decoder"))
    e_dims = _last("encoder", given["encoder"], "down1/downs_0/conv1/weight:0")
    ae_dims = _last("inter", inter, "dense1/weight:0")
    code = inter["dense1/weight:0"].shape[0]
    return {
        "resolution": 16 * math.isqrt(code // max(8 * e_dims, 1)),
        "ae_dims": ae_dims,
        "e_dims": e_dims,
        "d_dims": _last("decoder", decoder, "upscale0/conv1/weight:0") // 32,
        "d_mask_dims": _last("decoder", decoder, "upscalem0/conv1/weight:0") // 32,
    }


def _last(part: str, arrays: Arrays, name: str) -> int:
    if name not in arrays or arrays[name].ndim < 2:
        raise ValueError(f"the layer {part}/{name.removesuffix('/weight:0')} is missing")
    return arrays[name].shape[-1]


class Layer(NamedTuple):
    """A layer's name in DeepFaceLab, and what becomes of its weights and biases."""

    name: str
    weight: Callable[[NDArray[Any]], NDArray[Any]]
    bias: Callable[[NDArray[Any]], NDArray[Any]] = lambda bias: bias


def _taken(key: str, wanted: Tensor, given: Mapping[str, Arrays], model: SwapModel) -> Tensor:
    """A weight of ours. Raises ValueError where DeepFaceLab's model has it in another shape, or not at all."""
    part, _, rest = key.partition(".")
    place, _, kind = rest.rpartition(".")
    layer = _layers(model)[part.partition("_")[0]][place]
    name = f"{layer.name}/{kind}:0"
    array = given[part].get(name)
    if array is None:
        raise ValueError(f"the layer {part}/{layer.name} is missing")
    try:
        made = getattr(layer, kind)(array.astype(np.float32))
        is_right = made.shape == tuple(wanted.shape)
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(f"the layer {part}/{layer.name} has the shape {array.shape}, not that of a model here")
    return torch.from_numpy(np.ascontiguousarray(made))


def _layers(model: SwapModel) -> dict[str, dict[str, Layer]]:
    """Of encoder, inter and decoder: by our place the layer of theirs."""
    inter = next(model.get_submodule(part) for part in model.PARTS if part.startswith("inter"))
    channels, side, _ = inter[2].unflattened_size  # type: ignore[index]
    encoder = {f"{step}.0": Layer(f"down1/downs_{step}/conv1", _convolution) for step in range(4)}
    encoder["0.0"] = Layer("down1/downs_0/conv1", lambda weight: _convolution(weight)[:, ::-1])
    decoder = {}
    for step in range(3):
        decoder[f"picture.{2 * step}.0"] = _doubling(f"upscale{step}")
        for ours, theirs in (("first", "conv1"), ("second", "conv2")):
            decoder[f"picture.{2 * step + 1}.{ours}"] = Layer(f"res{step}/{theirs}", _convolution)
    for phase in range(4):
        name = f"out_conv{phase or ''}"
        decoder[f"phases.{phase}"] = Layer(name, lambda weight: _convolution(weight)[::-1], lambda bias: bias[::-1])
        decoder[f"mask.{phase}.0"] = _doubling(f"upscalem{phase}")
    decoder["mask.4"] = Layer("out_convm", _convolution)
    return {
        "encoder": encoder,
        "inter": {
            "0": Layer("dense1", lambda weight: _planes(weight, 2 * side).T),
            "1": Layer(
                "dense2", lambda weight: _planes(weight.T, side, channels), lambda bias: _planes(bias, side, channels)
            ),
            "3.0": _doubling("upscale1"),
        },
        "decoder": decoder,
    }


def _convolution(weight: NDArray[Any]) -> NDArray[Any]:
    """(height, width, in, out) -> (out, in, height, width)."""
    return weight.transpose(3, 2, 0, 1)


def _doubling(name: str) -> Layer:
    return Layer(f"{name}/conv1", lambda weight: _channels_first(_convolution(weight)), _channels_first)


def _channels_first(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows for the four pixels, of each all channels -> for the channels, of each all four pixels."""
    return rows.reshape(4, -1, *rows.shape[1:]).swapaxes(0, 1).reshape(rows.shape)


def _planes(rows: NDArray[Any], side: int, channels: int = -1) -> NDArray[Any]:
    """Rows by (height, width, channel) -> by (channel, height, width)."""
    return np.moveaxis(rows.reshape(side, side, channels, *rows.shape[1:]), 2, 0).reshape(rows.shape)
