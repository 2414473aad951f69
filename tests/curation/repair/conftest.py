"""A face set of pictures to be repaired: a face that moves by one pixel a frame and is missed in some frames."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from faceswap.core.face_record import FaceRecord, read_records
from faceswap.core.face_set import ALIGNMENTS
from faceswap.curation.repair.repair import FaceRepair
from faceswap.media.sources import probe
from tests.extraction.made import MovingFinder, extract_faces, write_frames

COUNT = 16  # frames; the walking face is missed in 6 and 13, another is seen in each third frame


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frames(tmp_path_factory.mktemp("film") / "walk", COUNT)


@pytest.fixture(scope="session")
def extracted(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extract_faces(film, MovingFinder(), tmp_path_factory.mktemp("faces") / "walk", size_px=64)


@pytest.fixture
def folder(extracted: Path, tmp_path: Path) -> Path:
    """The face set, to be changed."""
    return Path(shutil.copytree(extracted, tmp_path / "walk"))


@pytest.fixture
def repair(folder: Path, film: Path) -> FaceRepair:
    return FaceRepair(folder, probe(film))


def walking(folder: Path) -> dict[int, FaceRecord]:
    """The moving face by frame."""
    records = read_records(folder / ALIGNMENTS)
    track = records[0].track
    return {record.frame: record for record in records if record.track == track}


def content(folder: Path) -> dict[str, bytes]:
    """All files of a set but its lock, by their names below it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock"
    }  # fmt: skip
