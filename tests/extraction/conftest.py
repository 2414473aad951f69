"""What the tests of extraction share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extraction.made import COUNT, CUTS, MovingFinder, extract_faces, write_frames


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frames(tmp_path_factory.mktemp("source") / "walk", COUNT, CUTS)


@pytest.fixture(scope="session")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The face set of an uninterrupted run."""
    return extract_faces(pictures, MovingFinder(), tmp_path_factory.mktemp("faces") / "walk", size_px=64)
