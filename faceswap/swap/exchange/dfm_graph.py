"""The graph in a .dfm of anybody, distrusted: what it may be made of, and how large what it computes may get.

A .dfm is an ONNX file without agreed metadata; its inputs and outputs say what it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from faceswap.swap.inference.onnx_graph import check_numbers, dims_of, layer_sizes, optional_package
from faceswap.swap.inference.onnx_metadata import line_of, name_of
from faceswap.utils.limits import CROP_SIDE_PX, ONNX_JSON_CHARACTERS, ONNX_NODES, ONNX_NUMBERS
from faceswap.utils.untrusted.reading import Untrusted, parse_json

FACE, MORPH = "in_face:0", "morph_value:0"
FACE_MASK, CELEB, CELEB_MASK = OUTPUTS = ("out_face_mask:0", "out_celeb_face:0", "out_celeb_face_mask:0")
ABOUT = "faceswap"  # the entry of a file's metadata in which ours say what they are
LEAST_SIDE_PX = 16

# What convolutional networks are made of, as the exporters of TensorFlow and PyTorch write them. None can loop, reach
# for files, draw lots or run code.
OPERATORS = frozenset(
    ["Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape",
     "Conv", "ConvTranspose", "Cos", "DepthToSpace", "Div", "Elu", "Equal", "Exp", "Expand", "Flatten", "Floor",
     "Gather", "Gemm", "GlobalAveragePool", "Greater", "Identity", "InstanceNormalization", "LeakyRelu", "Less",
     "Log", "MatMul", "Max", "MaxPool", "Min", "Mul", "Neg", "Pad", "PRelu", "Pow", "Range", "Reciprocal",
     "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize", "Shape", "Sigmoid", "Sin", "Slice",
     "Softmax", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose",
     "Unsqueeze", "Where"]
)  # fmt: skip


def check_dfm(model: Any) -> int:
    """Return the side of the pictures that an onnx.ModelProto takes, px.

    Raises:
        ValueError: In words for the user, for what is no .dfm, or could do anything but draw.
    """
    graph = model.graph
    if model.functions or model.training_info or graph.sparse_initializer or len(graph.node) > ONNX_NODES:
        raise ValueError("it holds more than a network")
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            raise ValueError(f"it holds the operator {node.domain and node.domain[:50] + '.'}{node.op_type[:50]}")
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    if any(a.HasField("g") or a.graphs or a.sparse_tensors or a.ref_attr_name for a in attributes):
        raise ValueError("it holds graphs inside of its graph")
    held = [a.t for a in attributes if a.HasField("t")] + [tensor for a in attributes for tensor in a.tensors]
    for tensor in [*graph.initializer, *held]:
        _check_tensor(tensor)
    side_px = _side_of(graph)
    _check_sizes(model, side_px)
    return side_px


def about(model: Any) -> Mapping[str, Any]:
    """Return what one of our own files says of itself; empty for another's, or where it makes no sense."""
    told = [entry.value for entry in model.metadata_props if entry.key == ABOUT]
    try:
        if len(told) != 1 or len(told[0]) > ONNX_JSON_CHARACTERS:
            return {}
        known = parse_json(told[0])
        faces = known["faces"] and tuple(name_of(known["faces"][side]) for side in "ab")
        consent = {name_of(key): line_of(value) for key, value in known["consent"].items()}
        iteration = known["iteration"] if type(known["iteration"]) is int else None
        texts = {key: name_of(known[key]) for key in ("model", "run")}
        return {"faces": faces, "consent": consent, "iteration": iteration, **texts}
    except (ValueError, LookupError, TypeError, AttributeError, Untrusted):
        return {}


def _check_tensor(tensor: Any) -> None:
    onnx = optional_package("onnx")
    if tensor.external_data or tensor.data_location != onnx.TensorProto.DEFAULT:
        raise ValueError("its weights lie in another file, which is not read")
    if min(tensor.dims, default=0) < 0 or math.prod(tensor.dims) > ONNX_NUMBERS:
        raise ValueError("its weights do not have the sizes it tells")
    check_numbers(tensor)


def _side_of(graph: Any) -> int:
    weights = {tensor.name for tensor in graph.initializer}
    inputs = {value.name: dims_of(value) for value in graph.input if value.name not in weights}
    if MORPH in inputs:
        raise ValueError(f"it is a model that morphs ({MORPH}), which are not read")
    if set(inputs) != {FACE} or [value.name for value in graph.output] != list(OUTPUTS):
        raise ValueError(f"its inputs and outputs are not those of a .dfm ({FACE} -> {', '.join(OUTPUTS)})")
    dims = inputs[FACE]
    if len(dims) != 4 or dims[3] != 3 or dims[1] != dims[2] or not LEAST_SIDE_PX <= dims[1] <= CROP_SIDE_PX:
        raise ValueError(f"its pictures are not square BGR (N, S, S, 3) of {LEAST_SIDE_PX} to {CROP_SIDE_PX} px")
    return dims[1]


def _check_sizes(model: Any, side_px: int) -> None:
    sizes = layer_sizes(model, FACE, [1, side_px, side_px, 3])
    wanted = [[1, side_px, side_px, channels] for channels in (1, 3, 1)]
    if [sizes[name] for name in OUTPUTS] != wanted:
        raise ValueError(f"what it draws is not {side_px} px wide, as what it takes")
