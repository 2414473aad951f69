"""What is exported draws what the weights draw, and says how faces go in."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch

from faceswap.core.geometry import compose, frame_to_crop_for, mean_face_in_crop, similarity, view_of_crop
from faceswap.swap.inference import onnx_graph
from faceswap.swap.inference.export import export_onnx, traced
from faceswap.swap.inference.onnx_metadata import KEY, ExportMetadata
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from tests.swap.exports import views, write_weights
from tests.swap.fakes import SMALL_UD, NarrowOriginal

onnx = pytest.importorskip("onnx", reason="exporting needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


@pytest.mark.parametrize("beta", [0.0, 0.1])
@pytest.mark.parametrize("name", ["original", "lite", "df", "liae"])
def test_the_file_draws_what_the_weights_draw(name, beta, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "original", NarrowOriginal)
    path = write_weights(tmp_path, MODELS[name](**(SMALL_UD if name in ("df", "liae") else {}), beta=beta))
    side = "b" if beta else "a"
    exported = OnnxSwapper.load(export_onnx(path, tmp_path / "x.onnx", side=side), "cpu")
    model = TrainedSwapper.load(path, device="cpu", precision="fp32")
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
        "model": "tiny", "settings": {"coverage": 0.8}, "iteration": 7, "version": "", "run": "x_y",
        "yaw_degrees": {}, "sha256": swapper.about.weights_sha256,
    }  # fmt: skip


def test_a_file_whose_pictures_differ_is_not_written(weights, tmp_path, monkeypatch):
    from faceswap.swap.inference import export as exporting

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


def test_metadata_come_back_as_they_went(exported):
    text = next(entry.value for entry in onnx.load(exported).metadata_props if entry.key == KEY)
    about = ExportMetadata.from_json(text)
    assert json.loads(about.to_json()) == json.loads(text)
