"""Several films of one person: a list, a pattern, or a folder of films."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from faceswap.media.listing import FILM_SUFFIXES, is_own, list_films, list_pictures, natural_order
from faceswap.media.sources import SourceInfo, probe
from faceswap.utils.errors import UserError
from faceswap.utils.limits import FILMS_A_SET

_NAMED = 3  # stems in the name of a list

log = logging.getLogger(__name__)


def probe_takes(text: str | Path) -> tuple[SourceInfo, ...]:
    """Return what `video=` names: one source, or several films that are one person's.

    Args:
        text: A source as `probe` takes it; a folder that holds films and no pictures; a pattern that films match; or a
            list, `a.mp4,b.mp4` or `[a.mp4,b.mp4]`. What exists under the whole name is taken as it is.

    Returns:
        The sources in natural order, those of a list as listed; each file once.

    Raises:
        UserError: There is nothing to read, or a part of a list is not there.
    """
    files = films_named(text)
    if len(files) > FILMS_A_SET:
        raise UserError(f"{text} names {len(files)} films; one face set is made of up to {FILMS_A_SET}")
    return tuple(probe(file) for file in files) if files else (probe(text),)


def films_named(text: str | Path) -> list[Path]:
    """Return the films that a folder, pattern or list names (see `probe_takes`), unread; empty for one source."""
    path = Path(text)
    files: list[Path] = list(_films_of(path))
    if not os.path.lexists(path) and not _matches(path):
        files = [file for part in _listed(str(text)) for file in _films_of(Path(part)) or (Path(part),)]
    return list({os.path.realpath(file): file for file in files}.values())


def name_of_takes(text: str | Path, takes: Sequence[SourceInfo]) -> str:
    """Return what a face set of these is called: as the one, as the folder of several, as a list's films together."""
    if len(takes) == 1:
        return takes[0].name
    path = Path(text)
    if path.is_dir():
        return path.resolve().name
    if _matches(path):
        return takes[0].path.resolve().parent.name
    more = f"+{len(takes) - _NAMED}more" if len(takes) > _NAMED else ""
    return "+".join(take.name for take in takes[:_NAMED]) + more


def _films_of(path: Path) -> Sequence[Path]:
    """Return the films of a folder without pictures, or of a pattern; empty for everything else."""
    if path.is_dir():
        films = list_films(path)
        if films and list_pictures(path):
            log.warning(
                "%s holds pictures and %d films: the pictures are taken; 'FOLDER/*.mp4' takes films", path, len(films)
            )
            return ()
        return films
    if path.exists():
        return ()
    found = [file for file in _matches(path) if file.is_file() and is_own(file)]
    matching = [file for file in found if file.suffix.lower() in FILM_SUFFIXES]
    return natural_order(matching) if matching and len(matching) == len(found) else ()


def _matches(path: Path) -> list[Path]:
    pattern = str(path)
    return [Path(name) for name in glob.glob(pattern, recursive=True)] if glob.has_magic(pattern) else []


def _listed(text: str) -> list[str]:
    """Return the parts of `[a,b]` or `a,b`; none when the text is no list."""
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    parts = [part.strip().strip("'\"") for part in inner.split(",")]
    return [part for part in parts if part] if len(parts) > 1 or inner != text else []
