"""What lies in a workspace: face sets, runs and results, with pictures, sizes and dates."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
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
    names = filter(lambda name: is_text(Path(name)), workspace.face_set_names())
    return _newest(listed(map(workspace.faces, names), _face_set))


def runs(workspace: Workspace) -> list[Thing]:
    """Return the trained runs, the newest first."""
    return _newest(listed(map(workspace.run, filter(lambda name: is_text(Path(name)), workspace.run_names())), _run))


def results(workspace: Workspace) -> list[Thing]:
    """Return the films and pictures in out/, the newest first."""
    folder = workspace.out
    files = folder.iterdir() if folder.is_dir() else iter(())
    return _newest(listed(filter(_is_media, files)))


def media_file(path: Path) -> Thing:
    """Return a film or picture as it is listed."""
    is_film = path.suffix.lower() in FILM_SUFFIXES
    return _thing(path, path, "film" if is_film else "picture", path)


def listed(paths: Iterable[Path], told_of: Callable[[Path], Thing] = media_file) -> list[Thing]:
    """Return what can be said of files or folders, without those that a command has removed meanwhile."""
    things = []
    for path in paths:
        with suppress(FileNotFoundError):
            things.append(told_of(path))
    return things


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


def _thing(path: Path, picture: Path | None, told: str, dated: Path) -> Thing:
    changed = datetime.fromtimestamp(dated.stat().st_mtime)
    return Thing(path.name, path, picture, told, _bytes_of(path), changed)


def _bytes_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    total = 0
    for at, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):  # a training drops checkpoints
                total += os.lstat(os.path.join(at, name)).st_size
    return total


def _is_media(path: Path) -> bool:
    is_known = path.suffix.lower() in (*FILM_SUFFIXES, *READ_SUFFIXES)
    return path.is_file() and is_known and is_text(path) and not path.name.startswith(".")


def _newest(things: Iterable[Thing]) -> list[Thing]:
    return sorted(things, key=lambda thing: thing.changed, reverse=True)
