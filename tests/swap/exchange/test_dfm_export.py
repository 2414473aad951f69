"""A .dfm draws the same face as the weights it was made of, as those see it who read such files."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch

from faceswap.swap.exchange.dfm_export import export_dfm
from faceswap.swap.exchange.whole_face import view_in_whole_face
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from tests.swap.dfm_reader import DfmReader
from tests.swap.exports import views, write_weights
from tests.swap.fakes import SMALL_UD, Tiny

onnx = pytest.importorskip("onnx", reason="exporting needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


class Unmasked(Tiny):
    """Has learned no mask."""

    has_mask = False

    def decode(self, code, side):
        image, _ = super().decode(code, side)
        return image[:, :3], None


@pytest.mark.parametrize(
    ("name", "settings", "side"),
    [("lite", {}, "a"), ("df", SMALL_UD, "b"), ("df", {**SMALL_UD, "resolution": 128, "output_scale": 2}, "a"),
     ("liae", SMALL_UD, "a"), ("liae", SMALL_UD, "b")],
)  # fmt: skip
def test_a_reader_sees_the_face_that_the_weights_draw(name, settings, side, tmp_path):
    path = write_weights(tmp_path, MODELS[name](**settings))
    reader = DfmReader(export_dfm(path, tmp_path / "x.dfm", side=side))
    ours = TrainedSwapper.load(path, device="cpu", precision="fp32")
    window = view_in_whole_face(ours.resolution, ours.coverage)
    assert reader.height == reader.width == window.outer_px
    shown = np.s_[:, window.top : window.top + ours.resolution, window.left : window.left + ours.resolution]
    for count in (1, 3):
        whole = views(count, window.outer_px)  # RGB
        celeb, celeb_mask, face_mask = reader.convert(whole[..., ::-1])
        seen = np.ascontiguousarray(whole[shown])
        drawn, other = ours.swap(seen, side), ours.swap(seen, "b" if side == "a" else "a")
        assert np.abs(celeb[shown][..., ::-1] - drawn.images).max() <= 1 / 255
        assert np.abs(celeb_mask[shown][..., 0] - drawn.masks).max() <= 1 / 255
        assert np.abs(face_mask[shown][..., 0] - other.masks).max() <= 1 / 255
        assert np.abs(drawn.masks - other.masks).max() > 0.01  # or the wrong one would pass
        outside = np.ones(whole.shape[:3], bool)
        outside[shown] = False
        assert np.abs(celeb[..., ::-1][outside] - whole[outside] / 255).max() < 1e-6  # the picture as it came
        assert not celeb_mask[outside].any() and not face_mask[outside].any()


def test_a_model_without_a_mask_gets_the_mean_faces(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Unmasked)
    reader = DfmReader(export_dfm(write_weights(tmp_path, Unmasked()), tmp_path / "x.dfm"))
    _, celeb_mask, face_mask = reader.convert(views(1, reader.width))
    np.testing.assert_array_equal(celeb_mask, face_mask)
    middle = reader.width // 2
    assert celeb_mask[0, middle, middle, 0] > 0.9 and celeb_mask[0, 0].max() < 0.1


def test_what_it_says_of_itself(weights, tmp_path):
    out = export_dfm(weights, tmp_path / "x.dfm", run="x_y", faces=("x", "y"), consent={"who": "both"})
    model = onnx.load(out)
    told = json.loads(model.metadata_props[0].value)
    assert "made with AI" in told["notice"] and told["faces"] == {"a": "x", "b": "y"}
    assert told["consent"] == {"who": "both"} and told["face_type"] == "whole_face"
    assert told["checkpoint_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert [opset.version for opset in model.opset_import] == [12]  # as DeepFaceLab's own
    onnx.checker.check_model(model)


def test_a_file_whose_pictures_differ_is_not_written(weights, tmp_path, monkeypatch):
    from faceswap.swap.exchange import dfm_export
    from faceswap.swap.inference.export import traced_network

    def wrong(network, *arguments):
        made = traced_network(network, *arguments)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += 0.1
        return made

    monkeypatch.setattr(dfm_export, "traced_network", wrong)
    with pytest.raises(UserError, match="draws other pictures"):
        export_dfm(weights, tmp_path / "x.dfm")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
