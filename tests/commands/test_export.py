"""python -m faceswap.export, and convert from what it wrote."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from faceswap.cli.runner import run_command
from faceswap.convert import convert
from faceswap.export import export
from faceswap.media.reading import read_frames
from tests.commands.conftest import run

pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


def called(command, call, capfd, *arguments):
    """Exit code, last line of stdout, last line of stderr of a command run in this process."""
    code = run_command(command, call, list(arguments))
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, (out.strip().splitlines() or [""])[-1], (err.strip().splitlines() or [""])[-1]


@pytest.fixture
def at(example, monkeypatch):
    monkeypatch.chdir(example.folder)
    return example.folder


@pytest.fixture
def exported(at, tmp_path, capfd):
    code, path, _ = called("export", export, capfd, "pair=craig_brosnan", f"out={tmp_path / 'x.onnx'}")
    assert code == 0
    return path


def test_a_run_becomes_a_file_from_which_convert_makes_the_same_film(example, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("faceswap.engine.accelerator.multiplies_bf16", lambda device: False)  # the file holds float32
    ran = run("export", "pair=craig_brosnan", cwd=example.folder)
    assert ran.path == example.folder / "workspace" / "runs" / "craig_brosnan" / "brosnan_as_craig.onnx"
    alone = tmp_path / "alone"  # the file and a film, on another machine: no run, no weights
    alone.mkdir()
    shutil.move(ran.path, alone / "swap.onnx")
    films = []
    for folder, model in ((alone, "onnx=swap.onnx"), (example.folder, "pair=craig_brosnan")):
        monkeypatch.chdir(folder)
        code, path, error = called(
            "convert", convert, capfd, model, f"video={example.b.video}", "finder=landmarks", "crf=0",
            f"finder.path={example.b.landmarks}", "device=cpu", "stop=4",
            "detail=none",  # there are pictures of A to borrow it from on one of the machines only
        )  # fmt: skip
        told = "craig_onnx" if model.startswith("onnx") else "craig"  # so that the two lie beside each other
        assert code == 0 and Path(path).name == f"brosnan_as_{told}_0-4_finder_landmarks_detail_none_crf_0.mp4", error
        report = json.loads((folder / path).with_name(f"{Path(path).name}.report.json").read_text())
        assert report["faces"] == 4 and "run craig_brosnan" in report["model"]
        films.append(np.stack([frame.image for frame in read_frames(folder / path)]).astype(int))
    assert np.abs(films[0] - films[1]).mean() < 0.02
    source = np.stack([frame.image for frame in read_frames(example.b.video, 0, 4)])
    assert np.abs(films[0] - source).mean() > 0.5  # faces were swapped at all


def test_the_other_side_by_the_runs_path(at, tmp_path, capfd):
    source = at / "workspace" / "runs" / "craig_brosnan"
    out = tmp_path / "b.onnx"
    code, path, _ = called("export", export, capfd, f"run={source}", "side=b", f"out={out}")
    assert (code, path) == (0, str(out))
    code, _, error = called("convert", convert, capfd, f"onnx={out}")
    assert code == 2 and "draws brosnan; say to=b" in error
    weights = next(source.glob("checkpoints/*/model.safetensors"))
    shutil.copy(weights, tmp_path / "lonely.safetensors")
    code, path, _ = called("export", export, capfd, f"run={tmp_path / 'lonely.safetensors'}")
    assert (code, path) == (0, str(tmp_path / "lonely_a.onnx"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pair=nobody"], "no run 'nobody'"),
        (["run=nothing"], "there is no run 'nothing'"),
        (["run=nothing", "pair=craig_brosnan"], "there is no run 'nothing'"),
        (["side=c"], "choose from: a, b"),
        (["checkpoint=77"], "no such checkpoint"),
        (["out=film.mp4"], "ends in .onnx"),
        (["run=craig.mp4"], "cannot read the weights"),
        (["out=craig.mp4/x.onnx"], "choose another name"),
    ],
)
def test_what_export_cannot_do_is_one_line(arguments, words, at, capfd):
    code, out, error = called("export", export, capfd, *arguments)
    assert (code, out) == (2, "") and error.startswith("error: ") and words in error


@pytest.mark.parametrize("content", [b"", b"no network at all", None])
def test_a_file_that_is_no_export_is_one_line_to_convert(content, at, exported, tmp_path, capfd):
    path = tmp_path / "bad.onnx"
    path.write_bytes(Path(exported).read_bytes()[:-500] if content is None else content)
    code, out, error = called("convert", convert, capfd, f"onnx={path}")
    assert (code, out) == (2, "") and error.startswith("error: ") and "bad.onnx cannot be used" in error


def test_a_missing_file_and_a_run_beside_it(at, exported, capfd):
    assert "no file nothing.onnx" in called("convert", convert, capfd, "onnx=nothing.onnx")[2]
    for argument in ("pair=craig_brosnan", "checkpoint=8"):
        code, _, error = called("convert", convert, capfd, f"onnx={exported}", argument)
        assert code == 2 and "leave these out" in error


def test_without_onnxruntime_one_line_names_the_extra(at, exported, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for command, call, argument in (("export", export, "pair=craig_brosnan"), ("convert", convert, f"onnx={exported}")):
        code, _, error = called(command, call, capfd, argument)
        assert code == 2 and "[onnx]" in error


@pytest.mark.parametrize("format", ["onnx", "dfm"])
def test_a_name_that_a_file_cannot_tell_is_refused_before_the_work(format, at, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("faceswap.swap.inference.export.load_model", lambda *_: pytest.fail("it was read"))
    run = tmp_path / "x\x1b[2Jy"
    shutil.copytree(at / "workspace" / "runs" / "craig_brosnan", run)
    code, _, error = called("export", export, capfd, f"run={run}", f"format={format}")
    assert code == 2 and r"the run is called 'x\x1b[2Jy'" in error and ".part" not in error
    assert not list(run.glob(f"*.{format}"))
