"""Curating that is stopped while pictures are moved, and given again, ends as if it had not been."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap.core.face_set import REMOVED
from faceswap.curation import inventory
from faceswap.curation.config import Limits
from faceswap.curation.inventory import FaceInventory
from tests.curation.made import curate_faces
from tests.extraction.made import MovingFinder, extract_faces, write_frames


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tracks, seven faces of which lie in removed/."""
    folder = tmp_path_factory.mktemp("sets")
    made = extract_faces(write_frames(folder / "walk", 16), MovingFinder(), folder / "crowd", size_px=64)
    files = FaceInventory.open(made).files
    (folder / "marks.json").write_text(json.dumps(marks(made, files[::3])))
    curate_faces(made, apply=folder / "marks.json")
    assert len(list((made / REMOVED).iterdir())) == 7
    return made


def marks(folder: Path, reject: list[str], restore: list[str] | None = None) -> dict[str, Any]:
    fingerprint = FaceInventory.open(folder).fingerprint()
    return {"faces": "crowd", "fingerprint": fingerprint, "reject": reject, "restore": restore or []}


def median_blur(folder: Path) -> float:
    return float(np.median([record.blur for record in FaceInventory.open(folder).records]))


def mixed(folder: Path, aside: Path) -> None:
    files = FaceInventory.open(folder)
    gone = [file for file, is_gone in zip(files.files, files.removed, strict=True) if is_gone]
    if not aside.exists():  # the marks of the first time are given again
        aside.write_text(json.dumps(marks(folder, [file for file in files.files if file not in gone][:4], gone[:3])))
    curate_faces(folder, apply=aside)


ORDERS: dict[str, Callable[[Path, Path], object]] = {
    "restore": lambda folder, aside: curate_faces(folder, restore=True),
    "one person": lambda folder, aside: curate_faces(folder, keep=[1]),
    "the other person, of all": lambda folder, aside: curate_faces(folder, keep=[2], restore=True),
    "blurred": lambda folder, aside: curate_faces(folder, reject=["blur"], limits=Limits(blur=median_blur(folder))),
    "double": lambda folder, aside: curate_faces(folder, reject=["duplicates"], limits=Limits(difference=60)),
    "marks": mixed,
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("order", ORDERS)
def test_moves_that_were_stopped_are_gone_on_with(
    crowd: Path, tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves, stop_at, move = 0, -1, inventory.move

    def counted(source: Path, target: Path) -> None:
        nonlocal moves
        moves += 1
        if moves == stop_at:
            raise KeyboardInterrupt
        move(source, target)

    monkeypatch.setattr(inventory, "move", counted)

    def given(name: str, stop: int = -1) -> Path:
        nonlocal moves, stop_at
        moves, stop_at = 0, stop
        folder = tmp_path / name / "crowd"
        if not folder.exists():
            shutil.copytree(crowd, folder)
        ORDERS[order](folder, tmp_path / f"{name}.json")
        return folder

    whole = contents(given("whole"))
    count = moves
    assert count >= 2
    for stop in sorted({1, 2, count // 2, count}):
        with pytest.raises(KeyboardInterrupt):
            given(f"stopped {stop}", stop)
        assert contents(given(f"stopped {stop}")) == whole, stop
