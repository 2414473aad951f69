"""Sources of a face set, films or pictures, as its report names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceswap.utils.limits import FILMS_A_SET, PATH_CHARACTERS


@dataclass(frozen=True)
class SetSource:
    """One film or folder of pictures of a face set: where it lay, and its checksum (None in sets of old)."""

    path: Path
    sha256: str | None = None


def sources_of(report: Mapping[str, Any]) -> tuple[SetSource, ...]:
    """Return the sources in the order in which `FaceRecord.source` counts them; none when the report does not tell.

    Raises:
        ValueError: For a list of sources that no extraction writes.
    """
    several = report.get("sources")
    if several is None:
        path, checksum = report.get("source"), report.get("source_sha256")
        return (SetSource(Path(path), checksum),) if path is not None else ()
    if not isinstance(several, list) or not 1 <= len(several) <= FILMS_A_SET:
        raise ValueError(f"sources must be a list of 1 to {FILMS_A_SET}")
    return tuple(_source(one) for one in several)


def _source(told: Any) -> SetSource:
    path, checksum = (told.get("path"), told.get("sha256")) if isinstance(told, dict) else (None, None)
    for text in (path, checksum):
        if not isinstance(text, str) or not text or "\0" in text or len(text) > PATH_CHARACTERS:
            raise ValueError("sources: each must have a path and a sha256")
    return SetSource(Path(path), checksum)  # type: ignore[arg-type]
