"""python -m faceswap.export format=dfm, and convert dfm=: our faces in other programs, and theirs here."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap.convert import convert
from faceswap.core.geometry import compose, invert, mean_face_in_crop, similarity, view_of_crop
from faceswap.export import export
from faceswap.media.reading import read_frames
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.utils.files.checksums import sha256_of
from tests.commands.conftest import run
from tests.commands.test_export import called
from tests.swap.dfm_reader import DfmReader
from tests.swap.exchange.foreign_dfm import write_foreign

pytest.importorskip("onnxruntime", reason="exporting needs the extra: pip install -e .[onnx]")


@pytest.fixture
def at(example, monkeypatch):
    monkeypatch.chdir(example.folder)
    return example.folder


def film_of(example, capfd, *model):
    """The film that convert makes of four frames, and its report."""
    code, path, error = called(
        "convert", convert, capfd, *model, f"video={example.b.video}", "finder=landmarks", "crf=0",
        f"finder.path={example.b.landmarks}", "device=cpu", "stop=4", "detail=none",
    )  # fmt: skip
    assert code == 0, error
    report = json.loads(Path(path).with_name(f"{Path(path).name}.report.json").read_text())
    return Path(path), np.stack([frame.image for frame in read_frames(Path(path))]).astype(int), report


def test_a_run_becomes_a_dfm_from_which_convert_makes_nearly_the_same_film(example, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("faceswap.engine.accelerator.multiplies_bf16", lambda device: False)  # the file holds float32
    ran = run("export", "pair=craig_brosnan", "format=dfm", cwd=example.folder)
    assert ran.path == example.folder / "workspace" / "runs" / "craig_brosnan" / "brosnan_as_craig.dfm"
    alone = tmp_path / "alone"  # the file on another machine: no run, no weights
    alone.mkdir()
    shutil.move(ran.path, alone / "craig.dfm")
    monkeypatch.chdir(alone)
    path, theirs, report = film_of(example, capfd, "dfm=craig.dfm")
    assert path.name == "brosnan_as_craig_dfm_0-4_finder_landmarks_detail_none_crf_0.mp4"
    assert report["faces"] == 4 and "run craig_brosnan" in report["model"]
    assert report["inputs"]["model_sha256"] == sha256_of(alone / "craig.dfm")
    monkeypatch.chdir(example.folder)
    _, ours, _ = film_of(example, capfd, "pair=craig_brosnan")
    source = np.stack([frame.image for frame in read_frames(example.b.video, 0, 4)]).astype(int)
    assert np.abs(theirs - ours).mean() < 0.25 * np.abs(ours - source).mean()  # cut a pixel elsewhere; two masks


def test_another_programs_reader_draws_the_same_face(example, at, tmp_path, capfd):
    """A face cut as DeepFaceLab does, by a few points and its own template, becomes what our own run draws."""
    code, path, _ = called("export", export, capfd, "pair=craig_brosnan", "format=dfm", f"out={tmp_path / 'x.dfm'}")
    assert code == 0
    frame = next(iter(read_frames(example.b.video, 0, 1))).image
    points = np.load(example.b.landmarks)["points"][0]
    reader = DfmReader(Path(path))
    # Of the mean face in a whole face of side 1: the ends of the brows, tip of the nose, corners of the mouth.
    template = [(0.2756, 0.3437), (0.7151, 0.3437), (0.4954, 0.5288), (0.3947, 0.6668), (0.5960, 0.6668)]
    template_px = np.array(template) * reader.width
    mean = mean_face_in_crop(256)
    to_crop = similarity(points[17:], mean[17:])
    in_crop = similarity(mean[[17, 26, 30, 48, 54]], template_px)
    matrix, size = compose(in_crop, to_crop), (reader.width, reader.height)
    whole = cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    celeb, celeb_mask, face_mask = reader.convert(whole[None, ..., ::-1])
    swapper = TrainedSwapper.load(at / "workspace" / "runs" / "craig_brosnan", device="cpu", precision="fp32")
    view = compose(view_of_crop(256, swapper.coverage, swapper.resolution), to_crop)
    seen = cv2.warpAffine(
        frame, view, (swapper.resolution,) * 2, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    drawn = swapper.swap(seen[None])
    ours = cv2.warpAffine(drawn.images[0], compose(matrix, invert(view)), size)
    where = celeb_mask[0, ..., 0] > 0.5
    assert where.mean() > 0.1 and face_mask.max() > 0.5
    assert np.abs(celeb[0, ..., ::-1] - ours)[where].mean() < 2 / 255


def test_a_foreign_dfm_swaps_a_film(example, at, tmp_path, capfd):
    path, film, report = film_of(example, capfd, f"dfm={write_foreign(tmp_path / 'keanu.dfm')}", "colour=none")
    assert path.name.startswith("brosnan_as_keanu_dfm_0-4")
    assert report["model"] == "keanu.dfm"
    source = np.stack([frame.image for frame in read_frames(example.b.video, 0, 4)]).astype(int)
    changed = np.abs(film - source).max(-1) > 40
    assert 0.005 < changed.mean() < 0.5  # its masks are a quarter: what is swapped shows through


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dfm=nothing.dfm", "video=brosnan.mp4"], "there is no file nothing.dfm"),
        (["dfm=craig.mp4", "video=brosnan.mp4"], "craig.mp4 cannot be used"),
        (["dfm=craig.mp4"], "video= is missing"),
        (["dfm=x.dfm", "pair=craig_brosnan"], "leave these out"),
        (["dfm=x.dfm", "video=brosnan.mp4", "to=b"], "draws one face"),
        (["dfm=x.dfm", "video=brosnan.mp4", "photo=y.png"], "leave these out"),
    ],
)
def test_what_convert_cannot_do_with_a_dfm_is_one_line(arguments, words, at, capfd):
    code, out, error = called("convert", convert, capfd, *arguments)
    assert (code, out) == (2, "") and error.startswith("error: ") and words in error


def test_a_name_that_does_not_fit_its_format_is_one_line(at, capfd):
    for arguments in (["format=dfm", "out=x.onnx"], ["out=x.dfm"]):
        code, _, error = called("export", export, capfd, "pair=craig_brosnan", *arguments)
        assert code == 2 and "name a file that ends in" in error
