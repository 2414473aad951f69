"""What is exported draws what the weights draw, says how faces go in, and nothing else is taken for it."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
import torch
from torch import nn

from faceswap.faces.errors import UserError
from faceswap.faces.geometry import compose, frame_to_crop_for, mean_face_in_crop, similarity, view_of_crop
from faceswap.swap import onnx_graph
from faceswap.swap.blocks import Convolution, SwapModel, downscale, upscale
from faceswap.swap.bottleneck import bottleneck
from faceswap.swap.exporting import export_onnx, traced
from faceswap.swap.inference import Swapper
from faceswap.swap.models import MODELS
from faceswap.swap.onnx_metadata import KEY, ExportMetadata
from faceswap.swap.onnx_model import OnnxSwapper
from faceswap.swap.weights import HEADER_KEY, describe, save_tensors
from tests.swap.fakes import SMALL_UD, Tiny

onnx = pytest.importorskip("onnx", reason="exporting needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


class NarrowOriginal(SwapModel):
    """`original` with an 32nd of its channels: its 300 MB take most of a minute to export on a busy machine."""

    has_mask = False

    def __init__(self, coverage: float = 0.8, beta: float = 0.0) -> None:
        super().__init__()
        self.resolution, self.coverage, self.beta, self.learning_rate = 64, coverage, beta, 5e-5
        self.encoder = nn.Sequential(
            downscale(3, 4), downscale(4, 8), downscale(8, 16), downscale(16, 32), nn.Flatten()
        )
        self.inter = nn.Sequential(
            bottleneck(4 * 4 * 32, 32, beta), nn.Linear(32, 4 * 4 * 32), nn.Unflatten(1, (32, 4, 4)), upscale(32, 16)
        )
        self.decoder_a, self.decoder_b = (
            nn.Sequential(upscale(16, 8), upscale(8, 4), upscale(4, 2), Convolution(2, 3, 5)) for _ in range(2)
        )
        self.initialise()


def test_the_narrow_original_has_the_layers_of_the_real_one():
    with torch.device("meta"):
        real, narrow = MODELS["original"](), NarrowOriginal()
    assert [type(layer) for layer in real.modules()][1:] == [type(layer) for layer in narrow.modules()][1:]


def written(folder, model):
    """The model's weights file; its decoders are made to differ."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    path = folder / "model.safetensors"
    save_tensors(model.state_dict(), path, {HEADER_KEY: json.dumps(describe(model, 7))})
    return path


def views(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Tiny)
    torch.manual_seed(0)
    return written(tmp_path, Tiny())


@pytest.fixture
def exported(weights, tmp_path):
    return export_onnx(weights, tmp_path / "out" / "x.onnx", run="x_y", faces=("x", "y"), consent={"who": "both"})


@pytest.mark.parametrize("beta", [0.0, 0.1])
@pytest.mark.parametrize("name", ["original", "lite", "df", "liae"])
def test_the_file_draws_what_the_weights_draw(name, beta, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "original", NarrowOriginal)
    path = written(tmp_path, MODELS[name](**(SMALL_UD if name in ("df", "liae") else {}), beta=beta))
    side = "b" if beta else "a"
    exported = OnnxSwapper.load(export_onnx(path, tmp_path / "x.onnx", side=side), "cpu")
    model = Swapper.load(path, device="cpu", precision="fp32")
    assert (exported.resolution, exported.coverage) == (model.resolution, model.coverage)
    for count in (1, 3):
        ours, theirs = (s.swap(views(count, model.resolution), side) for s in (model, exported))
        assert np.abs(ours.images - theirs.images).max() <= 1e-3
        assert (ours.masks is None) == (theirs.masks is None) == (name == "original")
        if ours.masks is not None:
            assert np.abs(ours.masks - theirs.masks).max() <= 1e-3
    assert np.ptp(ours.images) > 0.05  # a picture that hardly depends on anything would prove little
    other = model.swap(views(3, model.resolution), "a" if beta else "b")
    assert np.abs(other.images - theirs.images).max() > 1e-2


def test_any_number_of_faces(exported):
    swapper = OnnxSwapper.load(exported, "cpu")
    faces = views(9, 16)
    together = swapper.swap(faces)
    assert together.images.shape == (9, 16, 16, 3) and together.masks.shape == (9, 16, 16)
    alone = np.concatenate([swapper.swap(face[None]).images for face in faces])
    np.testing.assert_allclose(together.images, alone, atol=1e-5)


def test_the_metadata_say_what_it_is_and_how_a_face_goes_in(exported, weights):
    told = json.loads(onnx.load(exported).metadata_props[0].value)
    assert told["format"] == 1 and told["model"] == "tiny" and told["iteration"] == 7 and told["run"] == "x_y"
    assert told["side"] == "a" and told["faces"] == {"a": "x", "b": "y"} and told["consent"] == {"who": "both"}
    assert (told["resolution"], told["coverage"]) == (16, 0.8)
    assert told["input"]["shape"] == ["N", 3, 16, 16] and told["input"]["range"] == [0, 1]
    assert told["input"]["colour"] == "RGB" and [o["name"] for o in told["outputs"]] == ["image", "mask"]
    import hashlib

    assert told["checkpoint_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    # With the template alone a stranger cuts the very view that convert cuts.
    rng = np.random.default_rng(0)
    points = mean_face_in_crop(200) @ np.array([[0.9, 0.2], [-0.2, 0.9]]) + 40 + rng.normal(0, 2, (68, 2))
    theirs = similarity(points[17:68], np.array(told["alignment"]["template_px"]))
    ours = compose(view_of_crop(256, 0.8, 16), frame_to_crop_for(points, 256))
    np.testing.assert_allclose(theirs, ours, atol=1e-3)
    assert told["alignment"]["points"] == [17, 67]


def test_what_a_film_tells_of_it(exported):
    swapper = OnnxSwapper.load(exported, "cpu")
    assert swapper.description | {"version": ""} == {
        "model": "tiny", "settings": {"coverage": 0.8}, "iteration": 7, "version": "", "run": "x_y"
    }  # fmt: skip


def test_the_other_side_and_other_views_are_refused(exported):
    swapper = OnnxSwapper.load(exported, "cpu")
    with pytest.raises(ValueError, match="draws side a"):
        swapper.swap(views(1, 16), "b")
    for wrong in (views(1, 8), views(1, 16).astype(np.float32)):
        with pytest.raises(ValueError, match="views must be"):
            swapper.swap(wrong)


def test_a_file_whose_pictures_differ_is_not_written(weights, tmp_path, monkeypatch):
    from faceswap.swap import exporting

    def wrong(model, side):
        made = traced(model, side)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1
        return made

    monkeypatch.setattr(exporting, "traced", wrong)
    with pytest.raises(UserError, match="draws other pictures"):
        export_onnx(weights, tmp_path / "x.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_layers_have_sizes_that_are_known_before_they_run(exported):
    operators = {node.op_type for node in onnx.load(exported).graph.node}
    assert "Shape" not in operators and operators <= onnx_graph.OPERATORS


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


def test_what_is_no_file(tmp_path):
    refused(tmp_path / "nothing.onnx", "no file")
    refused(tmp_path, "no file")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "no file")


def test_a_file_above_the_formats_limit_is_not_read_to_its_end(exported, monkeypatch):
    from faceswap.swap import onnx_model

    monkeypatch.setattr(onnx_model, "LARGEST_BYTES", 1000)
    refused(exported, "larger than")


def test_metadata_come_back_as_they_went(exported):
    text = next(entry.value for entry in onnx.load(exported).metadata_props if entry.key == KEY)
    about = ExportMetadata.from_json(text)
    assert json.loads(about.to_json()) == json.loads(text)


@pytest.mark.parametrize(
    ("device", "available", "used"),
    [("auto", ["CPUExecutionProvider"], "CPU"), ("auto", ["CUDAExecutionProvider"], "CUDA"),
     ("cuda:1", ["CUDAExecutionProvider"], "CUDA"), ("cuda:1", ["CPUExecutionProvider"], None)],
)  # fmt: skip
def test_where_it_runs(device, available, used, monkeypatch):
    from faceswap.swap import onnx_model

    place = torch.device("cuda:1" if device != "cpu" else "cpu")
    monkeypatch.setattr(onnx_model, "choose_device", lambda asked: place)
    if used is None:
        with pytest.raises(UserError, match="onnxruntime-gpu"):
            onnx_model._providers(device, available)
        return
    first = onnx_model._providers(device, available)[0]
    assert first == "CPUExecutionProvider" if used == "CPU" else first[1]["device_id"] == 1
