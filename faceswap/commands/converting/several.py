"""Several films by one command: what is done is skipped, one that fails does not stop the others, one report tells."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.results import check_folder_name
from faceswap.commands.converting.conversion import FilmConversion
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import check_writable, write_json
from faceswap.utils.files.workspace import Workspace

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest

REPORT = "convert.report.json"
_NAMED = 3  # films that failed, in the last line

log = logging.getLogger(__name__)


def convert_several(request: ConvertRequest, films: Sequence[Path]) -> Path:
    """Convert films one after the other and return the report on all of them.

    Raises:
        UserError: Films failed, the others were converted; or `out` cannot be a folder.
    """
    if request.out:
        check_folder_name(request.out)
    folder = Path(request.out) if request.out else Workspace(Path(request.workspace)).out
    report = folder / REPORT
    check_writable(report)
    lines: list[dict[str, Any]] = []
    for number, film in enumerate(films, 1):
        log.info("film %d of %d: %s", number, len(films), film)
        lines.append(_line(replace(request, video=str(film), out=""), folder))
        counts = {state: sum(line["state"] == state for line in lines) for state in ("made", "done before", "failed")}
        write_json(report, {"command": "convert", "films": len(films), **counts, "each": lines})  # a stop keeps it
    log.info("%d films made, %d done before, %d failed; %s", *counts.values(), report)
    if counts["failed"]:
        failed = [f"{line['video']} ({line['error']})" for line in lines if line["state"] == "failed"]
        more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        raise UserError(f"{len(failed)} of {len(films)} films failed: {', '.join(failed[:_NAMED])}{more}; {report}")
    return report


def _line(request: ConvertRequest, folder: Path) -> dict[str, Any]:
    """Convert one film and return what the report says of it."""
    try:
        made = FilmConversion(request, folder, skip_done=True).run()
    except UserError as error:
        log.error("%s: %s", request.video, error)
        return {"video": request.video, "state": "failed", "error": str(error)}
    if not made.is_new:
        log.info("%s is done already: %s", request.video, made.path)
    return {"video": request.video, "state": "made" if made.is_new else "done before", "out": str(made.path)}
