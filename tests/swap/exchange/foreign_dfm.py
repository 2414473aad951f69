"""A .dfm as another program writes one: layers of its own, NHWC without, a padding layer before each convolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIDE_PX = 64


def write_foreign(path: Path, side_px: int = SIDE_PX) -> Path:
    """Its drawing is the picture with B, G and R weighed 0.25, 0.5 and 1; its masks are a half and a quarter."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = {
        "weight": np.zeros((3, 3, 3, 3), np.float32),
        "half": np.full(1, 0.5, np.float32),
        "quarter": np.full(1, 0.25, np.float32),
        "first": np.array([0, 0, 0, 0], np.int64),
        "last": np.array([2**31 - 1, 2**31 - 1, 2**31 - 1, 1], np.int64),
        "margins": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "zero": np.zeros(1, np.float32),
    }
    weights["weight"][[0, 1, 2], [0, 1, 2], 1, 1] = [0.25, 0.5, 1]
    node = helper.make_node
    nodes = [
        node("Transpose", ["in_face:0"], ["planes"], perm=[0, 3, 1, 2]),
        node("Pad", ["planes", "margins"], ["padded"]),
        node("Conv", ["padded", "weight"], ["drawn"]),
        node("Transpose", ["drawn"], ["out_celeb_face:0"], perm=[0, 2, 3, 1]),
        node("Slice", ["in_face:0", "first", "last"], ["one"]),
        node("Mul", ["one", "zero"], ["nothing"]),
        node("Add", ["nothing", "half"], ["out_face_mask:0"]),
        node("Add", ["nothing", "quarter"], ["out_celeb_face_mask:0"]),
    ]

    def value(name: str, channels: int) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["unk__1", side_px, side_px, channels])

    graph = helper.make_graph(
        nodes, "SAEHD", [value("in_face:0", 3)],
        [value("out_face_mask:0", 1), value("out_celeb_face:0", 3), value("out_celeb_face_mask:0", 1)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7), path)
    return path
