"""A trained swap as one ONNX file: encoder, the decoder of one face, its mask, and how pictures go in."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.onnx.symbolic_helper import parse_args

import faceswap
from faceswap.swap.inference.onnx_graph import optional_package, parse, weights_sha256
from faceswap.swap.inference.onnx_metadata import IMAGE, INPUT, KEY, MASK, ExportMetadata
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.swap.models.layers import Convolution, SwapModel
from faceswap.swap.models.weights import load_model, seen_yaw
from faceswap.utils.choices import Side
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.images import channels_last, to_unit_range
from faceswap.utils.limits import ONNX_BYTES

OPSET = 17  # of 2022: whatever runs ONNX knows it
PIXEL_TOLERANCE = 1e-3  # between a pixel, in [0, 1], of the file's and of the model's picture

log = logging.getLogger(__name__)


def export_onnx(
    weights: Path,
    out: Path,
    *,
    side: Side = "a",
    run: str = "",
    faces: tuple[str, str] | None = None,
    consent: Mapping[str, str] | None = None,
) -> Path:
    """Writes the swap to `side` of a weights file to `out`; the file appears when it was tried and draws the same.

    fp32 (N, 3, R, R) RGB in [0, 1] -> `image` (N, 3, R, R) and, where the model has learned one, `mask` (N, 1, R, R),
    both in [0, 1], for any N. `run`, names of the `faces` of A and B and `consent` go into its metadata. Raises
    UserError when the extra `onnx` is not installed, the weights cannot be read or are too many for the format.
    """
    model, description = load_exportable(weights)
    made = traced(model, side)
    about = ExportMetadata(
        model=description["model"],
        settings=model.settings,
        iteration=description.get("iteration"),
        version=str(description.get("version", "")),
        run=run,
        side=side,
        resolution=model.resolution,
        coverage=model.coverage,
        has_mask=model.has_mask,
        weights_sha256=weights_sha256(made),
        checkpoint_sha256=sha256_of(weights),
        faces=faces,
        consent=consent or {},
        yaw_degrees=seen_yaw(description),
    )
    made.metadata_props.add(key=KEY, value=about.to_json())
    return write_tried(made, out, weights, lambda file: _difference(OnnxSwapper.load(file, "cpu"), model, side))


def load_exportable(weights: Path) -> tuple[SwapModel, dict[str, Any]]:
    """`load_model` of weights that an ONNX file can hold. Raises UserError for more, and without the extra `onnx`."""
    optional_package("onnx")
    optional_package("onnxruntime")
    model, description = load_model(weights)
    if 4 * model.parameter_count() > ONNX_BYTES:
        raise UserError(f"{weights} has more weights than the 2 GB that an ONNX file can hold; train a smaller model")
    for module in model.modules():
        if isinstance(module, Convolution):
            module.SMALL_MAP = 0  # everywhere as a convolution: runtimes have their own ways to be fast
    return model.eval().requires_grad_(False), description


def write_tried(made: Any, out: Path, weights: Path, difference_of: Callable[[Path], float]) -> Path:
    """Writes an onnx.ModelProto, which gets its name when what it draws hardly differs from what the weights draw.

    `difference_of` tells of a file by how much, in [0, 1]. Raises UserError where it is too much.
    """
    data = made.SerializeToString()
    with atomic_path(out) as temp:
        temp.write_bytes(data)
        difference = difference_of(temp)
        if not difference <= PIXEL_TOLERANCE:
            raise UserError(
                f"{weights}: the exported model draws other pictures (by up to {difference:.2g}); "
                "its weights are damaged, or this version of torch exports wrongly"
            )
    log.info("%s: %.1f MB, differs from the weights by at most %.1g", out, len(data) / 1e6, difference)
    return out


def traced(model: SwapModel, side: Side) -> Any:
    """The swap to `side` as an onnx.ModelProto without metadata."""
    pictures = torch.rand(2, 3, model.resolution, model.resolution)
    names = [IMAGE, MASK] if model.has_mask else [IMAGE]
    return traced_network(_Swap(model, side), pictures, [INPUT], names, OPSET)


def traced_network(
    network: nn.Module, pictures: Tensor, inputs: Sequence[str], outputs: Sequence[str], opset: int
) -> Any:
    """What a network does with pictures, any number of them, as an onnx.ModelProto."""
    file: Any = io.BytesIO()  # the exporter takes one; only its annotation knows paths alone
    with _plain_shapes(opset), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter by tracing warns that there is a newer one (CONTRIBUTING.md)
        torch.onnx.export(
            network, (pictures,), file, dynamo=False, opset_version=opset, input_names=inputs, output_names=outputs
        )
    made = parse(file.getvalue())
    made.producer_name, made.producer_version = KEY, faceswap.__version__
    for value in [*made.graph.input, *made.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    return made


@contextmanager
def _plain_shapes(opset: int) -> Iterator[None]:
    """Has the exporter write the shapes of a reshaping as numbers, where it would let the graph compute them.

    -1 stands for the batch, whatever its size. Other runtimes like such graphs better, and the size of every layer is
    known before it runs (onnx_graph.py).
    """
    replaced: dict[str, Callable[..., Any]] = {
        "aten::flatten": _flatten,
        "aten::unflatten": _unflatten,
        "aten::pad": _pad,
    }
    for name, write in replaced.items():
        torch.onnx.register_custom_op_symbolic(name, write, opset)
    try:
        yield
    finally:
        for name in replaced:
            torch.onnx.unregister_custom_op_symbolic(name, opset)


@parse_args("v", "i", "i")
def _flatten(graph: Any, features: Any, start: int, end: int) -> Any:
    sizes = features.type().sizes()
    end %= len(sizes)
    return _reshape(graph, features, [*sizes[:start], math.prod(sizes[start : end + 1]), *sizes[end + 1 :]])


@parse_args("v", "i", "is", "v")
def _unflatten(graph: Any, features: Any, dim: int, parts: list[int], *_: Any) -> Any:
    sizes = features.type().sizes()
    return _reshape(graph, features, [*sizes[:dim], *parts, *sizes[dim + 1 :]])


@parse_args("v", "is", "s", "v")
def _pad(graph: Any, features: Any, margins: list[int], mode: str, value: Any) -> Any:
    if mode != "constant" or not value.node().mustBeNone():
        raise ValueError(f"no padding of this kind ({mode}) is in any model here")
    kept = [0] * (len(features.type().sizes()) - len(margins) // 2)
    low, high = ([*kept, *margins[first::2][::-1]] for first in (0, 1))  # torch begins with the last dimension
    return graph.op("Pad", features, graph.op("Constant", value_t=torch.tensor([*low, *high])), mode_s="constant")


def _reshape(graph: Any, features: Any, sizes: list[int]) -> Any:
    return graph.op("Reshape", features, graph.op("Constant", value_t=torch.tensor([-1, *sizes[1:]])))


class _Swap(nn.Module):
    """One direction of a model, with its outputs as a tuple."""

    def __init__(self, model: SwapModel, side: Side) -> None:
        super().__init__()
        self.model, self.side = model, side

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        image, mask = self.model.decode(self.model.encode(images), self.side)
        return (image,) if mask is None else (image, mask)


def _difference(swapper: OnnxSwapper, model: SwapModel, side: Side) -> float:
    """The largest between the pictures and masks of both, of one and of three random inputs; NaN where one is."""
    largest = [0.0]
    for count in (1, 3):
        views = np.random.default_rng(count).integers(0, 256, (count, model.resolution, model.resolution, 3), np.uint8)
        drawn = swapper.swap(views, side)
        with torch.inference_mode():
            images = to_unit_range(views)
            image, mask = model.decode(model.encode(images), side)
        largest.append(np.abs(drawn.images - channels_last(image)).max())
        if mask is not None and drawn.masks is not None:
            largest.append(np.abs(drawn.masks - mask[:, 0].numpy()).max())
    return float(np.max(largest))
