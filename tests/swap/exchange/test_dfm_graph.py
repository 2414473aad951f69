"""A .dfm comes from anybody: what could do anything but draw is refused in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from faceswap.swap.exchange import dfm_swapper
from faceswap.swap.exchange.dfm_graph import about, check_dfm
from faceswap.utils.errors import UserError
from tests.swap.exchange.foreign_dfm import SIDE_PX, write_foreign

onnx = pytest.importorskip("onnx", reason="reading needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="reading needs the extra: pip install -e .[onnx]")


def node(*arguments, **attributes):
    return onnx.helper.make_node(*arguments, **attributes)


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def bomb(model):
    """Doubles 40 times what it is given: 10^12 pixels."""
    name = "in_face:0"
    for step in range(40):
        model.graph.node.append(node("Concat", [name, name], [f"more{step}"], axis=1))
        name = f"more{step}"


def hidden_bomb(model):
    """Repeats the picture as often as its own brightness says."""
    model.graph.node.extend([
        node("ReduceMax", ["in_face:0"], ["bright"], keepdims=0),
        node("Cast", ["bright"], ["times"], to=onnx.TensorProto.INT64),
        node("Reshape", ["times", "one_long"], ["times1"]),
        node("Expand", ["zero", "times1"], ["huge"]),
    ])  # fmt: skip
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1], np.int64), "one_long"))


def loop(model):
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(node("Identity", ["in_face:0"], ["again"], body=body))


def morph(model):
    model.graph.input.append(onnx.helper.make_tensor_value_info("morph_value:0", onnx.TensorProto.FLOAT, [1]))


def spoilt(number, name="weight", kind=np.float32):
    def change(model):
        tensor = next(one for one in model.graph.initializer if one.name == name)
        array = np.array(onnx.numpy_helper.to_array(tensor), kind)
        array.flat[0] = number
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))

    return change


def resized(model, *dims):
    for place, size in enumerate(dims, 1):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = size


HOSTILE = {
    "external data": (external, "another file"),
    "bomb": (bomb, "larger than those of any model"),
    "hidden bomb": (hidden_bomb, "not known before it runs"),
    "loop": (loop, "graphs inside"),
    "operator": (lambda m: m.graph.node.append(node("NonZero", ["in_face:0"], ["x"])), "operator NonZero"),
    "random": (lambda m: m.graph.node.append(node("RandomNormal", [], ["x"], shape=[1])), "operator RandomNormal"),
    "domain": (lambda m: m.graph.node.append(node("Add", [], ["x"], domain="com.evil")), "operator com.evil.Add"),
    "function": (lambda m: m.functions.add(name="f", domain="d"), "more than a network"),
    "layers": (lambda m: m.graph.node.extend([node("Add", [], ["x"])] * 2000), "more than a network"),
    "morph": (morph, "morphs"),
    "input": (lambda m: setattr(m.graph.input[0], "name", "face"), "not those of a .dfm"),
    "output": (lambda m: setattr(m.graph.output[0], "name", "x"), "not those of a .dfm"),
    "planes": (lambda m: resized(m, 3, SIDE_PX, SIDE_PX), "not square BGR"),
    "oblong": (lambda m: resized(m, SIDE_PX, 32), "not square BGR"),
    "wide": (lambda m: resized(m, 10**6, 10**6), "not square BGR"),
    "sizes": (
        lambda m: m.graph.node[2].attribute.append(onnx.helper.make_attribute("strides", [2, 2])),
        "is not 64 px wide",
    ),
    "no number": (spoilt(np.nan), "impossible numbers"),
    "infinite": (spoilt(-np.inf), "impossible numbers"),
    "huge": (spoilt(1e38), "impossible numbers"),
    "no number alone": (spoilt(np.nan, "half"), "impossible numbers"),
    "no number in half precision": (spoilt(np.nan, kind=np.float16), "impossible numbers"),
    "cut": (lambda m: setattr(m.graph.initializer[0], "raw_data", b"abc"), "sizes it tells"),
    "links": (lambda m: m.graph.node[1].input.__setitem__(0, "nowhere"), "do not fit each other"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name, tmp_path, monkeypatch):
    change, words = HOSTILE[name]
    path = write_foreign(tmp_path / "x.dfm")
    model = onnx.load(path)
    change(model)
    path.write_bytes(model.SerializeToString())
    monkeypatch.setattr(dfm_swapper, "open_session", lambda *_: pytest.fail("it was run"))
    with pytest.raises(UserError, match=words) as raised:
        dfm_swapper.DfmSwapper.load(path, "cpu")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x80\x04}q\x00."])
def test_what_is_no_onnx_file(content, tmp_path):
    (tmp_path / "x.dfm").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.dfm cannot be used"):
        dfm_swapper.DfmSwapper.load(tmp_path / "x.dfm", "cpu")


@pytest.mark.parametrize(
    "told",
    ["{", "[" * 90_000, " " * 200_000, "[]", json.dumps({"faces": {"a": "../x", "b": "y"}}),
     json.dumps({"faces": None, "consent": {"who": 7}, "iteration": 1, "model": "df", "run": ""})],
)  # fmt: skip
def test_what_makes_no_sense_in_its_metadata_is_left_out(told, tmp_path):
    model = onnx.load(write_foreign(tmp_path / "x.dfm"))
    assert about(model) == {}
    model.metadata_props.add(key="faceswap", value=told)
    assert about(model) == {} and check_dfm(model) == SIDE_PX
