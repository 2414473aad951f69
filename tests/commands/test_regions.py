"""python -m faceswap.convert keep= masks= face_scale= and keyframes: what is typed, and what stands in the result."""

import json

import numpy as np
import pytest

from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.commands.conftest import one_line_error, run

CONVERT = ("convert", "pair=craig_brosnan", "device=cpu")


@pytest.fixture(scope="module")
def painted(example):
    """Masks of B's film: all white at first, all black from frame 6 on."""
    info = probe(example.b.video)
    folder = example.folder / "roto"
    folder.mkdir()
    for frame, level in ((0, 255), (6, 0)):
        write_image(folder / f"{frame:06d}.png", np.full((info.height, info.width, 3), level, np.uint8))
    return folder


def test_a_film_is_swapped_where_it_is_painted_white_and_tells_so(example, painted):
    typed = ("masks=roto", "keep=mouth,eyes", "face_scale={0: 1, 5: 1.2}", "mask.erode={0: 0, 5: 0.1}", "crf=0")
    ran = run(*CONVERT, *typed, cwd=example.folder)
    assert "_masks_roto" in ran.path.name and "keep_mouth_eyes" in ran.path.name and "0-1_5-1.2" in ran.path.name
    changes = [
        np.abs(after.image.astype(int) - before.image).max()
        for before, after in zip(read_frames(example.b.video), read_frames(ran.path), strict=True)
    ]
    assert min(changes[:6]) > 12 > max(changes[6:])
    report = json.loads(ran.path.with_name(f"{ran.path.name}.report.json").read_text())
    assert report["made_with"]["keep"] == ["mouth", "eyes"] and report["made_with"]["face_scale"] == "{0: 1, 5: 1.2}"
    assert len(report["inputs"]["masks_sha256"]) == 64
    told = run("verify", str(ran.path), cwd=example.folder).stdout
    assert "mouth, eyes" in told and "roto (sha256" in told


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("keep=ear", "choose from: mouth, teeth, eyes, brows"),
        ("face_scale=9", "1.5 or less"),
        ("mask.erode={0: 0, 99: 0.1}", "mask.erode: frame 99 is past the end"),
        ("sharpen={0: 0, 99: 1}", "sharpen: frame 99 is past the end"),
        ("masks=missing.png", "no such file"),
        ("mask=painted", "masks=FOLDER"),
    ],
)
def test_slips_are_one_line(example, argument, told):
    assert told in one_line_error(run(*CONVERT, argument, cwd=example.folder, code=2))
