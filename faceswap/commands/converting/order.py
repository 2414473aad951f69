"""What the segments of a conversion depend on: with all of it the same, a stopped command goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.results import RECORD
from faceswap.core.face_set import ALIGNMENTS, TAKEN_OUT
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.program_versions import versions

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest
    from faceswap.media.sources import SourceInfo

SEEN_IN_SEGMENTS = ("device", "batch_size", "segment_frames")  # numbers round otherwise with others


def made_with(
    request: ConvertRequest, record: Mapping[str, Any], info: SourceInfo, stored: Path | None
) -> dict[str, Any]:
    """Return all that the segments depend on, by name; files by size and time, face sets by checksum.

    Args:
        request: With one film.
        record: The settings that show in the result, and checksums of what it is made with.
        info: The film.
        stored: The face set its faces come from.
    """
    settings = dict(record.get(RECORD, {}))
    found: dict[str, Any] = {f"{name}=": value for name, value in settings.items()}
    found |= {name: value for name, value in record.items() if name != RECORD}
    found |= {f"{name}=": getattr(request, name) for name in SEEN_IN_SEGMENTS}
    found |= {
        f"the files of {name}=": files_of(value) for name, value in settings.items() if name not in ("model", "out")
    }
    found["the film"] = [str(info.path), info.fingerprint]
    if stored is not None:
        lists = [stored / name for name in (ALIGNMENTS, TAKEN_OUT)]
        found["the film's faces"] = [sha256_of(path) for path in lists if path.is_file()]
    return found | {f"version of {name}": version for name, version in versions().items()}


def files_of(value: Any) -> list[tuple[str, int, int]]:
    """Return name, size and time of the file, or of those in the folder, that a setting names; of others nothing."""
    if not isinstance(value, str) or not os.path.isabs(value) or not os.path.exists(value):
        return []
    if not os.path.isdir(value):
        status = os.stat(value)
        return [(os.path.basename(value), status.st_size, status.st_mtime_ns)]
    with os.scandir(value) as entries:
        files = [(entry.name, entry.stat()) for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    return sorted((name, status.st_size, status.st_mtime_ns) for name, status in files)
