"""What lies in a workspace: face sets, runs and results, with pictures, sizes and dates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from faceswap.core.face_set import ALIGNMENTS, CONTACT_SHEET
from faceswap.media.listing import FILM_SUFFIXES
from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.studio.shared.places import is_text
from faceswap.utils.files.workspace import RUN_CONFIG, Workspace

PREVIEWS = "previews"


@dataclass(frozen=True)
class Thing:
    """A face set, a run or a file, as it is listed.

    Attributes:
        name: What it is called.
        path: Where it lies.
        picture: A picture of it; None where there is none yet.
        told: What can be said of it in a few words.
        bytes: Its size.
        changed: When it changed last.
    """

    name: str
    path: Path
    picture: Path | None
    told: str
    bytes: int
    changed: datetime

    @property
    def size(self) -> str:
        """The size as people write it."""
        size = float(self.bytes)
        for unit in ("B", "kB", "MB", "GB"):
            if size < 1000 or unit == "GB":
                return f"{size:.0f} {unit}" if unit in ("B", "kB") else f"{size:.1f} {unit}"
            size /= 1000
        return ""

    @property
    def date(self) -> str:
        """The date as people write it."""
        return self.changed.strftime("%Y-%m-%d %H:%M")


def face_sets(workspace: Workspace) -> list[Thing]:
    """Return the face sets, the newest first."""
    return _newest(_face_set(workspace.faces(name)) for name in workspace.face_set_names() if is_text(Path(name)))


def runs(workspace: Workspace) -> list[Thing]:
    """Return the trained runs, the newest first."""
    return _newest(_run(workspace.run(name)) for name in workspace.run_names() if is_text(Path(name)))


def results(workspace: Workspace) -> list[Thing]:
    """Return the films and pictures in out/, the newest first."""
    folder = workspace.out
    files = folder.iterdir() if folder.is_dir() else iter(())
    return _newest(_file(path) for path in files if _is_media(path))


def media_file(path: Path) -> Thing:
    """Return a film or picture as it is listed."""
    return _file(path)


def previews_of(run: Path) -> list[Path]:
    """Return the preview grids of a run, the oldest first."""
    folder = run / PREVIEWS
    return sorted(path for path in folder.glob("*.jpg") if path.stem.isdecimal()) if folder.is_dir() else []


def _face_set(folder: Path) -> Thing:
    sheet = folder / CONTACT_SHEET
    alignments = folder / ALIGNMENTS
    faces = sum(1 for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".webp") and path != sheet)
    told = f"{faces} faces" if alignments.is_file() else "not finished"
    return _thing(folder, sheet if sheet.is_file() else None, told, alignments if alignments.is_file() else folder)


def _run(folder: Path) -> Thing:
    grids = previews_of(folder)
    told = f"{int(grids[-1].stem):,} steps" if grids else "begun"
    config = folder / RUN_CONFIG
    dated = grids[-1] if grids else config if config.is_file() else folder
    return _thing(folder, grids[-1] if grids else None, told, dated)


def _file(path: Path) -> Thing:
    is_film = path.suffix.lower() in FILM_SUFFIXES
    return _thing(path, path, "film" if is_film else "picture", path)


def _thing(path: Path, picture: Path | None, told: str, dated: Path) -> Thing:
    changed = datetime.fromtimestamp(dated.stat().st_mtime)
    return Thing(path.name, path, picture, told, _bytes_of(path), changed)


def _bytes_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    sizes = (os.path.join(at, name) for at, _, names in os.walk(path) for name in names)
    return sum(os.lstat(file).st_size for file in sizes if os.path.lexists(file))


def _is_media(path: Path) -> bool:
    is_known = path.suffix.lower() in (*FILM_SUFFIXES, *READ_SUFFIXES)
    return path.is_file() and is_known and is_text(path) and not path.name.startswith(".")


def _newest(things: Iterator[Thing]) -> list[Thing]:
    return sorted(things, key=lambda thing: thing.changed, reverse=True)
