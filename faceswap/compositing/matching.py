"""Which face sets were made from a source: told by what the source holds, not by where it lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.core.face_set import ALIGNMENTS, REPORT

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo


def is_made_from(report: dict[str, Any], info: SourceInfo) -> bool:
    """True when a face set with this report was made from this very source, wherever it lay then.

    A report without a checksum is believed by the path.
    """
    from faceswap.extraction.settings import fingerprint

    known = report.get("source_sha256")
    if known:
        return known == fingerprint(info)
    source = report.get("source")
    return isinstance(source, str) and Path(source).resolve() == Path(info.path).resolve()


def set_made_from(folders: list[Path], info: SourceInfo) -> Path | None:
    """The first of these face sets that was made from the source; None when there is none."""
    for folder in folders:
        if not (folder / ALIGNMENTS).is_file():
            continue
        try:
            report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # told when somebody asks for this set
            continue
        if isinstance(report, dict) and is_made_from(report, info):
            return folder
    return None
