"""A .dfm of anybody at work."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from faceswap.swap.exchange.dfm_swapper import DfmSwapper
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.utils.errors import UserError
from tests.swap.exchange.foreign_dfm import SIDE_PX, write_foreign
from tests.swap.exports import views

onnx = pytest.importorskip("onnx", reason="reading needs the extra: pip install -e .[onnx]")
pytest.importorskip("onnxruntime", reason="reading needs the extra: pip install -e .[onnx]")


def test_a_foreign_file_gets_bgr_of_the_whole_face_and_gives_rgb_back(tmp_path):
    path = write_foreign(tmp_path / "keanu.dfm")
    swapper = DfmSwapper.load(path, "cpu")
    faces = views(3, swapper.resolution)
    drawn = swapper.swap(faces)
    window = swapper.window
    inner = np.s_[:, window.top : window.top + SIDE_PX, window.left : window.left + SIDE_PX]
    np.testing.assert_allclose(drawn.images[inner], faces[inner] / 255 * [1, 0.5, 0.25], atol=1e-6)  # R, G, B
    np.testing.assert_array_equal(drawn.masks[inner], np.float32(0.25))  # where both masks are
    assert drawn.masks.sum() == pytest.approx(3 * SIDE_PX**2 / 4)
    outside = np.ones(faces.shape[:3], bool)
    outside[inner] = False
    np.testing.assert_allclose(drawn.images[outside], faces[outside] / 255, atol=1e-6)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    assert swapper.description == {"model": "keanu.dfm", "sha256": checksum}


def test_our_own_file_draws_what_the_weights_draw(dfm, weights):
    ours, theirs = TrainedSwapper.load(weights, device="cpu", precision="fp32"), DfmSwapper.load(dfm, "cpu")
    assert theirs.about["faces"] == ("x", "y") and theirs.about["consent"] == {"who": "both"}
    assert theirs.description["iteration"] == 7 and theirs.description["run"] == "x_y"
    faces = views(2, theirs.resolution)
    drawn = theirs.swap(faces).images
    low = (theirs.resolution - ours.resolution) // 2
    places = [np.s_[:, y : y + 16, x : x + 16] for y in range(low - 1, low + 2) for x in range(low - 1, low + 2)]
    near = [np.abs(drawn[at] - ours.swap(np.ascontiguousarray(faces[at])).images).max() for at in places]
    assert min(near) < 1 / 255 and sorted(near)[1] > 1 / 255  # at one place near the middle


@pytest.mark.parametrize("name", ["half", "quarter", "factor"])
@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_an_infinite_answer_is_no_white_face_and_no_face_as_filmed(number, name, tmp_path):
    """One number alone may be infinite, as a bound is; what comes of it may not."""
    path = write_foreign(tmp_path / "x.dfm")
    model = onnx.load(path)
    model.graph.node[2].output[0] = "plain"  # the picture, which a factor then brightens
    model.graph.node.insert(3, onnx.helper.make_node("Mul", ["plain", "factor"], ["drawn"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(1, np.float32), "factor"))
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.full(1, number, np.float32), name))
    path.write_bytes(model.SerializeToString())
    swapper = DfmSwapper.load(path, "cpu")
    with pytest.raises(UserError, match="its weights are broken"):
        swapper.swap(views(1, swapper.resolution))


def test_other_views_and_the_other_side_are_refused(dfm):
    swapper = DfmSwapper.load(dfm, "cpu")
    for wrong in (views(1, 8), views(1, swapper.resolution).astype(np.float32)):
        with pytest.raises(ValueError, match="views must be"):
            swapper.swap(wrong)
    with pytest.raises(ValueError, match="draws one face"):
        swapper.swap(views(1, swapper.resolution), "b")
