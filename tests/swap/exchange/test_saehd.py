"""DeepFaceLab's weights draw here what they draw there."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from faceswap.swap.exchange.saehd import import_saehd
from faceswap.swap.models.weights import load_model
from faceswap.utils.errors import UserError
from tests.swap.exchange.saehd_files import AE, D, E, M, drawn, saehd, write_saehd


@pytest.mark.parametrize("name", ["df", "liae"])
def test_an_imported_model_draws_what_its_layers_say(name, tmp_path):
    files = saehd(name)
    folder = write_saehd(tmp_path / "model", files, f"{name}-ud")
    model, description = load_model(import_saehd(folder, tmp_path / "x.safetensors"))
    assert description["model"] == name and description["iteration"] == 1234
    assert model.settings == {
        "resolution": 64, "ae_dims": AE, "e_dims": E, "d_dims": D, "d_mask_dims": M, "coverage": 1.0, "beta": 0.0,
        "output_scale": 1,
    }  # fmt: skip
    faces = np.random.default_rng(1).random((2, 64, 64, 3), np.float32)  # RGB
    for side in ("a", "b"):
        with torch.inference_mode():
            picture, mask = model.decode(model.encode(torch.from_numpy(faces).permute(0, 3, 1, 2)), side)
        theirs, their_mask = drawn(files, faces[..., ::-1], side)
        np.testing.assert_allclose(picture.permute(0, 2, 3, 1), theirs[..., ::-1], atol=1e-4)
        np.testing.assert_allclose(mask.permute(0, 2, 3, 1), their_mask, atol=1e-4)
    assert np.ptp(theirs) > 0.2


def test_a_face_type_becomes_the_coverage_and_one_file_names_the_model(tmp_path, caplog):
    folder = write_saehd(tmp_path / "model", saehd("df"), face_type="f")
    write_saehd(tmp_path / "model2", saehd("df"), archi=None)
    model, _ = load_model(import_saehd(folder / "new_SAEHD_decoder_src.npy", tmp_path / "x.safetensors"))
    assert model.coverage == 0.76
    with caplog.at_level("WARNING"):
        import_saehd(tmp_path / "model2", tmp_path / "y.safetensors")
    assert "taken for archi -ud" in caplog.text


class Evil:
    def __reduce__(self):
        return (print, ("it was run",))


def without(layer):
    def change(files):
        for kind in ("weight", "bias"):
            del files["decoder_src"][f"{layer}/{kind}:0"]

    return change


def other(layer, array):
    return lambda files: files["inter"].update({layer: array})


BAD = {  # what is different, and the words that tell of it
    "no doubling of pixels": (without("out_conv2"), "layer decoder_a/out_conv2 is missing"),
    "no mask": (without("upscalem0/conv1"), "layer decoder/upscalem0/conv1 is missing"),
    "another shape": (other("dense2/bias:0", np.zeros(5, np.float32)), r"inter/dense2 has the shape \(5,\)"),
    "no number": (other("dense2/bias:0", np.full(4 * AE, np.nan, np.float32)), "impossible numbers"),
    "whole numbers": (other("dense1/weight:0", np.zeros((512, AE), int)), "layer inter/dense1 is missing"),
    "narrow": (other("dense1/weight:0", np.zeros((512, 3), np.float32)), "ae_dims must be even"),
    "a flat layer": (other("dense1/weight:0", np.zeros(9, np.float32)), "layer inter/dense1 is missing"),
    "code": (lambda files: files["inter"].update(x=Evil()), "cannot read"),
    "keys": (lambda files: files["inter"].update({7: np.zeros(3)}), "no weights by name"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_model_with_another_layer_is_one_line(what, tmp_path, capfd):
    files = saehd("df")
    change, words = BAD[what]
    change(files)
    folder = write_saehd(tmp_path / "model", files)
    with pytest.raises(UserError, match=words) as raised:
        import_saehd(folder, tmp_path / "x.safetensors")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400
    assert not (tmp_path / "x.safetensors").exists() and "it was run" not in capfd.readouterr().out


@pytest.mark.parametrize("archi", ["df", "df-u", "df-d", "df-udt", "liae-udtc"])
def test_another_archi_is_one_line(archi, tmp_path):
    folder = write_saehd(tmp_path / "model", saehd("df"), archi)
    with pytest.raises(UserError, match=f"of archi {archi}: only"):
        import_saehd(folder, tmp_path / "x.safetensors")


def test_what_is_no_model_is_one_line(tmp_path):
    out = tmp_path / "x.safetensors"
    for name in ("nothing", "new_SAEHD_encoder.npy"):
        with pytest.raises(UserError, match="no model of DeepFaceLab"):
            import_saehd(tmp_path / name, out)
    with pytest.raises(UserError, match="holds 0 SAEHD models"):
        import_saehd(tmp_path, out)
    folder = write_saehd(tmp_path / "model", saehd("df"))
    (folder / "new_SAEHD_inter.npy").unlink()
    with pytest.raises(UserError, match="cannot read"):
        import_saehd(folder, out)
    for content in (b"", b"\x80\x04", pickle.dumps([1]), np.zeros(3).tobytes()):
        (folder / "new_SAEHD_inter.npy").write_bytes(content)
        with pytest.raises(UserError, match="cannot read"):
            import_saehd(folder, out)
    (folder / "new_SAEHD_data.dat").write_bytes(pickle.dumps({"options": 3}))
    with pytest.raises(UserError, match="it holds no options"):
        import_saehd(folder, out)
