"""Who makes the segments of a film: processes of this machine, or a Ray cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from faceswap.commands.workers.processes import (
    LOOK_SECONDS,
    ErrandProcess,
    affordable,
    check_can_be_sent,
    ended_processes,
)
from faceswap.compositing.segments.order import Unit
from faceswap.config import targets

if TYPE_CHECKING:
    from faceswap.compositing.segments.order import Here, Spreading
    from faceswap.compositing.segments.work_folder import WorkFolder
    from faceswap.config.swapping import ConvertRequest

LAST_LOOK_SECONDS = 0.1  # between two looks when only others are still at work
NEEDED = ("faceswap.commands.converting.conversion", "faceswap.compositing.pipeline")  # by a worker

log = logging.getLogger(__name__)


@contextmanager
def spreading_for(request: ConvertRequest, segments: int) -> Iterator[Spreading | None]:
    """Yield who makes the segments; None: this process, one after the other.

    Processes of this machine are started at once, as many as so many segments need: they import what is heavy while
    this one loads what draws, which keeps a single core busy. They end with the block.
    """
    if request.engine == "ray":
        from faceswap.commands.converting.ray_cluster import RayCluster

        yield RayCluster(request)
        return
    workers = affordable(request.workers)
    if workers == 1:
        yield None
        return
    with ended_processes() as started:
        started += [ErrandProcess(needed=NEEDED) for _ in range(min(workers, segments) - 1)]
        yield LocalWorkers(request, workers, started)


class SegmentsErrand(NamedTuple):
    """What a worker is told: the settings, the packages that these may name, work folder, segments, its own name."""

    request: ConvertRequest
    trusted: Sequence[str]
    folder: Path
    numbers: Sequence[int]
    who: str

    def run(self) -> None:
        """Make the segments. Raises as convert does."""
        from faceswap.commands.converting.conversion import FilmConversion

        prepare_worker()
        targets.trust(self.trusted)
        FilmConversion(self.request, self.folder.parent, unit=Unit(self.folder, self.numbers, self.who)).run()


def errands(request: ConvertRequest, folder: WorkFolder, numbers: Sequence[int], workers: int) -> list[SegmentsErrand]:
    """Return what each worker is told; all take segments from the same list, as they get through with theirs.

    Raises:
        UserError: Settings cannot be told to another process.
    """
    check_can_be_sent(request)
    return [
        SegmentsErrand(request, targets.trusted(), folder.path, numbers, f"worker {number + 1}")
        for number in range(workers)
    ]


class LocalWorkers:
    """Processes of this machine that share out the segments of a film; the one that was typed is one of them.

    It has all loaded, and so makes segments while the others start.
    """

    def __init__(self, request: ConvertRequest, workers: int, started: list[ErrandProcess]) -> None:
        """Take the settings, how many processes there are to be, and those that stand by already."""
        self._request, self._workers, self._started = request, workers, started

    def __call__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None], here: Here) -> None:
        """Have segments made. Raises UserError when a worker failed; what is whole stays."""
        count = min(self._workers, len(numbers))
        if count < self._workers:
            log.info("%d segments are to be made: %d of %d workers have work", len(numbers), count, self._workers)
        shared = Shared(folder, numbers, passed)
        told = errands(self._request, folder, numbers, count - 1)
        while len(self._started) > len(told):
            self._started.pop().end()
        while len(self._started) < len(told):
            self._started.append(ErrandProcess())
        for worker, errand in zip(self._started, told, strict=True):
            worker.give(errand)

        def is_at_work() -> bool:
            return any([worker.is_at_work() for worker in self._started])

        shared.make(here, is_at_work)
        while not shared.is_whole and is_at_work():  # a process takes its time to end when all is made
            time.sleep(LAST_LOOK_SECONDS)
            shared.look()
        shared.look()


class Shared:
    """Segments that this process makes together with others, and tells of as they become whole."""

    def __init__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None]) -> None:
        self._folder, self._numbers, self._passed = folder, numbers, passed
        self._told = {record.number for record in folder.records()}
        self._seen, self._next_look = len(self._told), 0.0

    def make(self, here: Here, look: Callable[[], object]) -> None:
        """Make segments in this process until all are taken; `look` is called from time to time."""

        def passed(count: int) -> None:
            self._passed(count)
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + LOOK_SECONDS
                look()
                self.look()

        while (number := self._folder.take(self._numbers, "the command")) is not None:
            self._told.add(number)
            here(number, passed)

    @property
    def is_whole(self) -> bool:
        """Return whether all segments were there at the last look."""
        return self._seen == len(self._folder.segments)

    def look(self) -> None:
        """Look at what others have made."""
        if (count := self._folder.count()) != self._seen:
            self._seen = count
            for record in self._folder.records():
                if record.number not in self._told:
                    self._told.add(record.number)
                    self._passed(record.counts.frames)


def prepare_worker() -> None:
    """Let a worker warn of what it draws alone: of films and face sets the process that started it has warned."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("faceswap").setLevel(logging.ERROR)
    for room in ("compositing", "swap"):
        logging.getLogger(f"faceswap.{room}").setLevel(logging.WARNING)
    logging.getLogger("faceswap.compositing.face_sources").setLevel(logging.ERROR)
