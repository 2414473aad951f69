"""Face sets: one of a film or of takes, or of many films one each, made here, by workers, or on a Ray cluster."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from faceswap.commands.workers.processes import (
    LOOK_SECONDS,
    ErrandProcess,
    affordable,
    check_can_be_sent,
    ended_processes,
)
from faceswap.config import targets
from faceswap.config.build import build
from faceswap.extraction.pipeline import extract_faces
from faceswap.media.sources import probe
from faceswap.media.takes import name_of_takes, probe_takes
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import check_writable, write_json
from faceswap.utils.files.workspace import Workspace

if TYPE_CHECKING:
    from faceswap.config.swapping import ExtractRequest
    from faceswap.extraction.identity import Person

REPORT = "extract.report.json"
_NAMED = 3  # films that failed, in the last line

log = logging.getLogger(__name__)


class FilmErrand(NamedTuple):
    """What a worker is told: the settings, with one film, and the packages that these may name."""

    request: ExtractRequest
    trusted: Sequence[str]

    def run(self) -> None:
        """Make the face set. Raises as extract does."""
        logging.basicConfig(level=logging.WARNING, format=f"%(levelname)s: {self.request.video}: %(message)s")
        targets.trust(self.trusted)
        extract_one(self.request)


def extract_one(request: ExtractRequest) -> Path:
    """Make one face set of a film, or of several takes of one person, and return its folder."""
    takes = probe_takes(request.video)
    folder = Workspace(Path(request.workspace)).faces(request.name or name_of_takes(request.video, takes))
    return extract_faces(takes, build(request.finder), folder, request, person_to_keep(request))


def person_to_keep(request: ExtractRequest) -> Person | None:
    """Who is on the photo, or in the face set, of `person=`; None without it."""
    if not request.person:
        return None
    from faceswap.detect.builtin.detector import BuiltinFinder
    from faceswap.extraction.identity import person_of
    from faceswap.facenets.embedder import embedder_of

    device = getattr(request.finder, "device", "auto")
    embedder = embedder_of(getattr(request.finder, "embedder_weights", None), device)
    return person_of(request.person, request.person_similarity, BuiltinFinder(device=device), embedder)


def extract_each(request: ExtractRequest, films: Sequence[Path]) -> Path:
    """Make a face set of each film, named as the film is, and return the report on all of them.

    Raises:
        UserError: Films failed, of the others there are face sets; or two films are called alike.
    """
    workspace = Workspace(Path(request.workspace))
    folders = {film: workspace.faces(_name_of(film)) for film in films}
    _refuse(request, folders)
    report = workspace.root / REPORT
    check_writable(report)
    lines: list[dict[str, Any]] = []
    for film, error in _made(request, films):
        state = {"state": "failed", "error": error} if error else {"state": "made", "faces": str(folders[film])}
        if error:
            log.error("%s: %s", film, error)
        lines.append({"video": str(film), **state})
        log.info("film %d of %d: %s", len(lines), len(films), lines[-1].get("faces", "failed"))
        counts = Counter(line["state"] for line in lines)
        each = sorted(lines, key=lambda line: films.index(Path(line["video"])))
        write_json(
            report,
            {
                "command": "extract",
                "films": len(films),
                "made": counts["made"],
                "failed": counts["failed"],
                "each": each,
            },
        )
    failed = [f"{line['video']} ({line['error']})" for line in lines if line["state"] == "failed"]
    if failed:
        more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        raise UserError(f"{len(failed)} of {len(films)} films failed: {', '.join(failed[:_NAMED])}{more}; {report}")
    return report


def _name_of(film: Path) -> str:
    try:
        return probe(film).name
    except UserError:  # told when its turn comes
        return film.stem


def _refuse(request: ExtractRequest, folders: dict[Path, Path]) -> None:
    if request.name:
        raise UserError(f"name={request.name}: with each=true every face set is called as its film; leave name= out")
    for folder, count in Counter(folders.values()).items():
        if count > 1:
            alike = [str(film) for film, of in folders.items() if of == folder]
            raise UserError(f"{' and '.join(alike[:2])} are called alike, and so would their face sets: rename one")
    if request.workers > 1 or request.engine != "local":
        check_can_be_sent(request)


def _made(request: ExtractRequest, films: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each film as it is done, and what was wrong with it."""
    alone = replace(request, each=False, workers=1, engine="local")
    errands = {film: FilmErrand(replace(alone, video=str(film)), targets.trusted()) for film in films}
    if request.engine == "ray":
        from faceswap.commands.workers.ray_tasks import each_done

        yield from each_done(errands)
        return
    workers = min(affordable(request.workers), len(films))
    yield from _by_workers(errands, workers) if workers > 1 else _here(errands)


def _here(errands: dict[Path, FilmErrand]) -> Iterator[tuple[Path, str]]:
    for film, errand in errands.items():
        try:
            extract_one(errand.request)
        except UserError as error:
            yield film, str(error)
        else:
            yield film, ""


def _by_workers(errands: dict[Path, FilmErrand], workers: int) -> Iterator[tuple[Path, str]]:
    left = list(errands)
    with ended_processes() as started:
        at_work: dict[Path, ErrandProcess] = {}
        while left or at_work:
            while left and len(at_work) < workers:
                film = left.pop(0)
                at_work[film] = ErrandProcess(errands[film])
                started.append(at_work[film])
            for film, worker in list(at_work.items()):
                error = ""
                try:
                    if worker.is_at_work():
                        continue
                except UserError as told:
                    error = str(told)
                del at_work[film]
                yield film, error
            time.sleep(LOOK_SECONDS if at_work else 0)
