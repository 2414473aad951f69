"""An exported file at work; and nothing else is taken for one."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
import torch

from faceswap.swap.inference import onnx_model
from faceswap.swap.inference.export import export_onnx
from faceswap.swap.inference.onnx_graph import weights_sha256
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.utils.errors import UserError
from tests.swap.exports import views

onnx = pytest.importorskip("onnx", reason="exporting needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


def test_the_other_side_and_other_views_are_refused(exported):
    swapper = OnnxSwapper.load(exported, "cpu")
    with pytest.raises(ValueError, match="draws side a"):
        swapper.swap(views(1, 16), "b")
    for wrong in (views(1, 8), views(1, 16).astype(np.float32)):
        with pytest.raises(ValueError, match="views must be"):
            swapper.swap(wrong)


@pytest.mark.parametrize("size", [1, 3])
def test_a_file_for_so_many_faces_at_once_takes_any_number(exported, size):
    whole = OnnxSwapper.load(exported, "cpu").swap(views(5, 16))

    def fix(model):
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_value = size

    again = OnnxSwapper.load(changed(exported, fix), "cpu").swap(views(5, 16))
    np.testing.assert_allclose(again.images, whole.images, atol=1e-6)
    assert (again.masks is None) == (whole.masks is None) and again.images.shape == (5, 16, 16, 3)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_extra_one_line_says_how_to_get_it(package, exported, weights, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for call in (lambda: OnnxSwapper.load(exported), lambda: export_onnx(weights, tmp_path / "y.onnx")):
        with pytest.raises(UserError, match=rf"package {package}, .*\[onnx\]"):
            call()


# ---- files from elsewhere


def changed(path, change):
    model = onnx.load(path)
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def refused(path, words):
    with pytest.raises(UserError, match=words) as raised:
        OnnxSwapper.load(path, "cpu")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def metadata(model, **changes):
    told = json.loads(model.metadata_props[0].value)
    for key, value in changes.items():
        told[key] = {**told[key], **value} if isinstance(told.get(key), dict) and isinstance(value, dict) else value
    model.metadata_props[0].value = json.dumps(told)


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def external_constant(model):
    tensor = onnx.TensorProto(data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="secret")
    node = onnx.helper.make_node("Constant", [], ["stolen"], value=tensor)
    model.graph.node.insert(0, node)


def bomb(model):
    """Doubles 40 times what it is given: 10^12 pixels."""
    name = "faces"
    for step in range(40):
        model.graph.node.append(onnx.helper.make_node("Concat", [name, name], [f"more{step}"], axis=1))
        name = f"more{step}"


def loop(model):
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("Identity", ["faces"], ["again"], body=body))


HOSTILE = {
    "external": (external, "another file"),
    "external constant": (external_constant, "another file"),
    "bomb": (bomb, "larger than those of any model"),
    "loop": (loop, "graphs inside"),
    "operator": (
        lambda m: m.graph.node.append(onnx.helper.make_node("NonZero", ["faces"], ["x"])), "operator NonZero"
    ),
    "domain": (
        lambda m: m.graph.node.append(onnx.helper.make_node("Add", ["faces"], ["x"], domain="com.evil")),
        "operator com.evil.Add",
    ),
    "function": (lambda m: m.functions.add(name="f", domain="d"), "more than a network"),
    "no metadata": (lambda m: m.ClearField("metadata_props"), "not exported by faceswap"),
    "no JSON": (lambda m: setattr(m.metadata_props[0], "value", "{"), "make no sense"),
    "deep JSON": (lambda m: setattr(m.metadata_props[0], "value", "[" * 90_000), "make no sense"),
    "long JSON": (lambda m: setattr(m.metadata_props[0], "value", " " * 200_000), "too long"),
    "later format": (lambda m: metadata(m, format=2), "another version"),
    "other alignment": (lambda m: metadata(m, alignment={"template_px": [[0, 0]] * 51}), "aligned in another way"),
    "coverage": (lambda m: metadata(m, coverage=1e300), "coverage"),
    "resolution": (lambda m: metadata(m, resolution=10**9), "8 to 1024"),
    "path": (lambda m: metadata(m, faces={"a": "../../secret"}), "name"),
    "terminal": (lambda m: metadata(m, run="\x1b[2J"), "name"),
    "settings": (lambda m: metadata(m, settings={"x": [[]]}), "no number"),
    "weights": (lambda m: metadata(m, weights_sha256="0" * 64), "damaged"),
    "sizes": (lambda m: m.graph.initializer[0].dims.append(10**6), "sizes"),
    "input": (lambda m: setattr(m.graph.input[0], "name", "x"), "inputs and outputs"),
    "links": (lambda m: m.graph.node[0].input.__setitem__(0, "nowhere"), "do not fit each other"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name, exported):
    change, words = HOSTILE[name]
    refused(changed(exported, change), words)


def test_a_foreign_model_was_not_exported_by_faceswap(tmp_path):
    value = onnx.helper.make_tensor_value_info("faces", onnx.TensorProto.FLOAT, ["N", 3, 16, 16])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["faces"], ["image"])], "g", [value], [value])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "x.onnx")
    refused(tmp_path / "x.onnx", "not exported by faceswap")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99])
def test_a_cut_file(share, exported):
    data = exported.read_bytes()
    exported.write_bytes(data[: int(share * len(data))])
    refused(exported, "cannot be used")


def test_a_flipped_bit_among_the_weights(exported):
    data = bytearray(exported.read_bytes())
    at = data.index(onnx.load(exported).graph.initializer[3].raw_data)
    data[at + 10] ^= 1
    exported.write_bytes(data)
    refused(exported, "damaged")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e38])
def test_weights_that_no_training_makes(number, exported):
    """Their checksum fits: an infinite bias would draw white faces."""

    def spoil(model):
        tensor = next(one for one in model.graph.initializer if len(one.dims) == 1 and one.dims[0] > 1)
        tensor.raw_data = np.full(tensor.dims[0], number, np.float32).tobytes()
        metadata(model, weights_sha256=weights_sha256(model))

    refused(changed(exported, spoil), "impossible numbers")


def test_what_is_no_file(tmp_path):
    refused(tmp_path / "nothing.onnx", "no file")
    refused(tmp_path, "no file")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "no file")


def test_a_file_above_the_formats_limit_is_not_read_to_its_end(exported, monkeypatch):
    monkeypatch.setattr(onnx_model, "ONNX_BYTES", 1000)
    refused(exported, "larger than")


@pytest.mark.parametrize(
    ("device", "available", "used"),
    [("auto", ["CPUExecutionProvider"], "CPU"), ("auto", ["CUDAExecutionProvider"], "CUDA"),
     ("cuda:1", ["CUDAExecutionProvider"], "CUDA")],
)  # fmt: skip
def test_where_it_runs(device, available, used, monkeypatch):
    monkeypatch.setattr(onnx_model, "choose_device", lambda asked: torch.device("cuda:1"))
    first = onnx_model._providers(device, available)[0]
    assert first == "CPUExecutionProvider" if used == "CPU" else first[1]["device_id"] == 1


def test_a_gpu_that_onnxruntime_does_not_know(monkeypatch):
    monkeypatch.setattr(onnx_model, "choose_device", lambda asked: torch.device("cuda:1"))
    with pytest.raises(UserError, match="onnxruntime-gpu"):
        onnx_model._providers("cuda:1", ["CPUExecutionProvider"])
