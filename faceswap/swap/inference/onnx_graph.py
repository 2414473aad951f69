"""The graph in an ONNX file, distrusted until it is known to be one that this program could have written.

The packages onnx and onnxruntime are an extra; they are imported here only, when they are needed.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from faceswap.swap.inference.onnx_metadata import IMAGE, INPUT, MASK, ExportMetadata
from faceswap.utils.errors import UserError
from faceswap.utils.installing import install_command
from faceswap.utils.limits import ONNX_NODES, ONNX_NUMBERS
from faceswap.utils.numbers import can_be_weights

# What the models of this program are made of. None can loop, reach for files or run code; how large their results
# get is known before they run.
OPERATORS = frozenset(
    ["Add", "AveragePool", "Cast", "Concat", "Constant", "Conv", "DepthToSpace", "Div", "Flatten", "Gemm", "Identity",
     "InstanceNormalization", "LeakyRelu", "Mul", "ReduceMean", "Reshape", "Sigmoid", "Slice", "Sqrt", "Transpose",
     "Unsqueeze"]
)  # fmt: skip
_FEW = 64  # a tensor of so many numbers is a shape or a factor, not a weight


def optional_package(name: str) -> Any:
    """The module `name` of the extra `onnx`. Raises UserError when it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            f"ONNX files need the package {name.partition('.')[0]}, which is not installed ({error}); install it: "
            f"{install_command('onnx')}"
        ) from error


def parse(data: bytes) -> Any:
    """The ModelProto in a file's bytes; what it refers to outside of them is not read. Raises ValueError."""
    onnx = optional_package("onnx")
    try:
        return onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's errors differ by its build
        raise ValueError("it is no ONNX file, or is cut short") from error


def weights_sha256(model: Any) -> str:
    """The checksum of all weights: names, kinds, shapes and bytes, in the order of their names."""
    digest = hashlib.sha256()
    for tensor in sorted(model.graph.initializer, key=lambda tensor: tensor.name):
        digest.update(f"{tensor.name} {tensor.data_type} {list(tensor.dims)}\n".encode())
        digest.update(tensor.raw_data)
    return digest.hexdigest()


def check(model: Any, about: ExportMetadata) -> None:
    """Raises ValueError, in words for the user, for a graph that this program's export cannot have written."""
    graph = model.graph
    if model.functions or model.training_info or graph.sparse_initializer or len(graph.node) > ONNX_NODES:
        raise ValueError("it holds more than a network")
    for node in graph.node:
        if node.domain or node.op_type not in OPERATORS:
            raise ValueError(f"it holds the operator {node.domain and node.domain + '.'}{node.op_type[:50]}")
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    if any(a.HasField("g") or a.graphs or a.tensors or a.sparse_tensors or a.ref_attr_name for a in attributes):
        raise ValueError("it holds graphs inside of its graph")
    for tensor in [*graph.initializer, *(a.t for a in attributes if a.HasField("t"))]:
        _check_tensor(tensor)
    outputs = [IMAGE, MASK] if about.has_mask else [IMAGE]
    if [v.name for v in graph.input] != [INPUT] or [v.name for v in graph.output] != outputs:
        raise ValueError("its inputs and outputs are not those of a swap")
    _check_sizes(model, about)
    if weights_sha256(model) != about.weights_sha256:
        raise ValueError("its weights are damaged: they do not fit their checksum")


def _check_tensor(tensor: Any) -> None:
    onnx = optional_package("onnx")
    if tensor.external_data or tensor.data_location != onnx.TensorProto.DEFAULT:
        raise ValueError("its weights lie in another file, which is not read")
    if tensor.data_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64):
        raise ValueError("its weights are no plain numbers")
    size = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    if len(tensor.raw_data) != size * math.prod(tensor.dims) or min(tensor.dims, default=0) < 0:
        raise ValueError("its weights do not have the sizes it tells")
    check_numbers(tensor)


def check_numbers(tensor: Any) -> None:
    """Raise ValueError, in words for the user, for a TensorProto whose numbers no network can have learned.

    Infinity on its own may be a bound, which exporters write where there is none.
    """
    onnx = optional_package("onnx")
    kinds = onnx.TensorProto
    if tensor.data_type not in (kinds.FLOAT, kinds.FLOAT16, kinds.DOUBLE, kinds.BFLOAT16):
        return
    try:
        values = onnx.numpy_helper.to_array(tensor)
    except Exception as error:  # of several kinds without a common one
        raise ValueError("its weights do not have the sizes it tells") from error
    if values.dtype.kind != "f":
        values = values.astype(np.float32)
    if np.isnan(values).any() or not (values.size == 1 or can_be_weights(values)):
        raise ValueError("its weights hold impossible numbers")


def _check_sizes(model: Any, about: ExportMetadata) -> None:
    side = about.resolution
    sizes = layer_sizes(model, INPUT, [1, 3, side, side])
    wanted = {IMAGE: [1, 3, side, side], MASK: [1, 1, side, side]}
    if any(sizes[value.name] != wanted[value.name] for value in model.graph.output):
        raise ValueError(f"what it draws is not {side} px wide, as it says")


def layer_sizes(model: Any, picture: str, dims: Sequence[int]) -> dict[str, list[int]]:
    """Work out what each layer of a model gives for one picture, without its numbers.

    Args:
        model: An onnx.ModelProto.
        picture: Name of its only input.
        dims: Of that.

    Returns:
        Dimensions by name.

    Raises:
        ValueError: They do not fit each other, cannot be known before, or are larger than those of any model here.
    """
    onnx = optional_package("onnx")
    graph = model.graph
    alone = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    alone.graph.name = "sizes"
    alone.graph.node.extend(graph.node)
    made = [onnx.helper.make_tensor_value_info(picture, onnx.TensorProto.FLOAT, dims)]
    for tensor in graph.initializer:
        if math.prod(tensor.dims) <= _FEW:
            alone.graph.initializer.append(tensor)
        made.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    alone.graph.input.extend(made)
    alone.graph.output.extend(onnx.helper.make_empty_tensor_value_info(value.name) for value in graph.output)
    try:
        known = onnx.shape_inference.infer_shapes(alone, check_type=True, strict_mode=True, data_prop=True).graph
    except Exception as error:  # of several kinds without a common one
        raise ValueError("its layers do not fit each other") from error
    sizes = {value.name: dims_of(value) for value in [*known.value_info, *known.output]}
    named = [name for node in graph.node for name in node.output if name]
    if any(0 in sizes.get(name, [0]) for name in named):
        raise ValueError("the size of one of its layers is not known before it runs")
    if sum(math.prod(sizes[name]) for name in named) > ONNX_NUMBERS:
        raise ValueError("its layers are larger than those of any model here")
    return sizes


def dims_of(value: Any) -> list[int]:
    """Return a tensor's dimensions; 0 stands for one that is not known."""
    kind = value.type.tensor_type
    return [dim.dim_value for dim in kind.shape.dim] if kind.HasField("shape") else [0]
