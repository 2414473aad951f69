"""extract as it is typed: several takes, what it says of what it found, and what it never touches."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.media.pictures.images import write_image
from tests.clips import Clip, make_clip
from tests.commands.conftest import one_line_error, run

LANDMARKS = "finder=landmarks"


@pytest.mark.parametrize("restart", ["false", "true"])
def test_photos_named_as_cameras_name_them_stay(tiny_clip: Clip, tmp_path: Path, restart: str) -> None:
    folder = tmp_path / "workspace" / "faces" / "anna"
    folder.mkdir(parents=True)
    photo = folder / "20190101_123456.jpg"
    write_image(photo, np.zeros((40, 60, 3), np.uint8))
    before = photo.read_bytes()
    ran = run("extract", f"video={folder}", f"restart={restart}", cwd=tmp_path, code=2)
    assert "choose another name=" in one_line_error(ran)
    beside = run(
        "extract", f"video={tiny_clip.video}", "name=anna", LANDMARKS, f"restart={restart}", cwd=tmp_path, code=2
    )
    assert "20190101_123456.jpg would be written over" in one_line_error(beside)
    assert list(folder.iterdir()) == [photo] and photo.read_bytes() == before


def test_several_takes_are_one_set_and_few_faces_are_told(tmp_path: Path) -> None:
    takes = [make_clip(tmp_path, name, 10, seed=1) for name in ("take1", "take2")]
    with np.load(takes[1].landmarks) as points:
        np.savez(takes[1].landmarks, frame=points["frame"][3:4], points=points["points"][3:4])
    ran = run("extract", "video=[take1.mp4,take2.mp4]", "name=anna", LANDMARKS, cwd=tmp_path)
    assert "INFO: anna: 11 faces of 2 tracks in 11 of 20 frames" in ran.stderr
    faces = FaceSet.open(ran.path)
    assert [(record.source, record.frame) for record in faces.records] == [*((0, i) for i in range(10)), (1, 3)]
    alone = run("extract", "video=take2.mp4", LANDMARKS, cwd=tmp_path)
    assert "WARNING: take2: 1 face of 1 track in 1 of 10 frames: most frames show no face" in alone.stderr
    itself = run("train", "pair.a=[anna,take2]", "pair.b=take2", cwd=tmp_path, code=2)
    assert "take2 cannot be swapped with itself" in one_line_error(itself)
    shutil.rmtree(ran.path)
