"""A model of DeepFaceLab is read, trained on and exported, as a user does it."""

import shutil

import pytest

from faceswap.convert_weights import convert_weights
from faceswap.export import export
from faceswap.train import train
from tests.commands.test_export import called
from tests.swap.dfm_reader import DfmReader
from tests.swap.exchange.saehd_files import drawn, saehd, write_saehd
from tests.swap.exports import views


def test_a_model_of_deepfacelab_is_trained_on_and_exported(example, tmp_path, capfd, monkeypatch):
    pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")
    monkeypatch.chdir(tmp_path)
    files = saehd("df")
    write_saehd(tmp_path / "model", files)
    code = called("convert_weights", convert_weights, capfd, "saehd=model", "out=craig.safetensors")[0]
    assert code == 0
    sizes = {"resolution": 64, "ae_dims": 8, "e_dims": 4, "d_dims": 6, "d_mask_dims": 4}
    shutil.copytree(example.folder / "workspace" / "faces", tmp_path / "workspace" / "faces")
    code, _, error = called(
        "train", train, capfd, "pair.a=craig", "pair.b=brosnan", "model=df", "init=weights", "iterations=1",
        "init.path=craig.safetensors", "batch_size=2", "device=cpu", *(f"model.{key}={n}" for key, n in sizes.items()),
    )  # fmt: skip
    assert code == 0, error
    code, path, error = called("export", export, capfd, "run=craig.safetensors", "format=dfm")
    assert code == 0, error
    reader = DfmReader(tmp_path / path)
    faces = views(1, reader.width)  # BGR
    celeb, _, _ = reader.convert(faces)
    theirs, _ = drawn(files, faces[:, 1:, 1:] / 255, "a")
    assert reader.width == 65 and abs(celeb[:, 1:, 1:] - theirs).max() < 1 / 255


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["saehd=nothing"], "no model of DeepFaceLab"),
        (["saehd=model", "generator=g.pkl"], "leave generator= and layout= out"),
        (["saehd=model", "layout=nvidia"], "name it"),
    ],
)
def test_what_cannot_be_read_is_one_line(arguments, words, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, error = called("convert_weights", convert_weights, capfd, *arguments, "out=x.safetensors")
    assert (code, out) == (2, "") and error.startswith("error: ") and words in error
