"""A studio with a face set whose film it may read."""

from __future__ import annotations

import json
import shutil

import pytest

from faceswap.core.face_set import REPORT
from tests.extraction.made import MovingFinder, extract_faces, write_frames

COUNT = 12


@pytest.fixture(scope="session")
def walked(tmp_path_factory):
    """Pictures of a face that moves, and the face set of them."""
    folder = tmp_path_factory.mktemp("walked")
    pictures = write_frames(folder / "film", COUNT)
    return pictures, extract_faces(pictures, MovingFinder(), folder / "faces", size_px=64)


@pytest.fixture
def walk(client, walked):
    """The folder of the face set `walk` in the studio's workspace, its film in the media folder."""
    film = shutil.copytree(walked[0], client.studio.places.folders[1] / "film")
    folder = shutil.copytree(walked[1], client.studio.places.workspace.root / "faces" / "walk")
    report = json.loads((folder / REPORT).read_text())
    (folder / REPORT).write_text(json.dumps(report | {"source": str(film)}))
    return folder
