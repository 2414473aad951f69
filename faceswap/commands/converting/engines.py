"""Who makes the segments of a film: processes of this machine, or a Ray cluster."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from faceswap.compositing.segments.order import Unit
from faceswap.config import targets
from faceswap.config.build import is_users
from faceswap.utils.errors import UserError, is_out_of_memory
from faceswap.utils.workers import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from faceswap.compositing.segments.order import Spreading
    from faceswap.compositing.segments.work_folder import WorkFolder
    from faceswap.config.swapping import ConvertRequest

LOOK_SECONDS = 0.5  # between two looks at what the workers have made

log = logging.getLogger(__name__)


def spreading_for(request: ConvertRequest) -> Spreading | None:
    """Return who makes the segments; None: this process, one after the other."""
    if request.engine == "ray":
        from faceswap.commands.converting.ray_cluster import RayCluster

        return RayCluster(request)
    workers = affordable(request.workers)
    return LocalWorkers(request, workers) if workers > 1 else None


def affordable(workers: int) -> int:
    """Return how many workers this machine has cores for; fewer than asked for are told."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers > cores:
        log.warning("workers=%d: this machine has %d core%s, so %d work%s", workers, cores, "s" * (cores > 1), cores,
                    "s" * (cores == 1))  # fmt: skip
    return min(workers, cores)


def dealt(numbers: Sequence[int], workers: int) -> list[list[int]]:
    """Return the segments of each worker: runs of like length, so that each decodes the film once; at most so many."""
    count = min(workers, len(numbers))
    if count < workers:
        log.info("%d segments are to be made: %d of %d workers have work", len(numbers), count, workers)
    edges = [round(len(numbers) * place / count) for place in range(count + 1)]
    return [list(numbers[first:end]) for first, end in pairwise(edges)]


class Errand(NamedTuple):
    """What a worker is told: the settings, the packages that these may name, the work folder and the segments."""

    request: ConvertRequest
    trusted: Sequence[str]
    folder: Path
    numbers: Sequence[int]

    def run(self) -> None:
        """Make the segments. Raises as convert does."""
        from faceswap.commands.converting.conversion import FilmConversion

        targets.trust(self.trusted)
        FilmConversion(self.request, self.folder.parent, unit=Unit(self.folder, self.numbers)).run()


def errands(request: ConvertRequest, folder: WorkFolder, numbers: Sequence[int], workers: int) -> list[Errand]:
    """Return what each worker is told. Raises UserError for settings that cannot be told to another process."""
    own = [field.name for field in dataclasses.fields(request) if is_users(getattr(request, field.name))]
    if own:
        raise UserError(f"{own[0]}= is a class of your own, which workers do not know: leave workers= and engine= out")
    return [Errand(request, targets.trusted(), folder.path, unit) for unit in dealt(numbers, workers)]


class LocalWorkers:
    """Processes of this machine, each with a run of segments."""

    def __init__(self, request: ConvertRequest, workers: int) -> None:
        self._request, self._workers = request, workers

    def __call__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None]) -> None:
        """Have segments made. Raises UserError when a worker failed; what is whole stays."""
        looking = Looking(folder, passed)
        with _ended() as workers:
            for errand in errands(self._request, folder, numbers, self._workers):
                workers.append(_Worker(errand))
            while any([worker.is_at_work() for worker in workers]):
                time.sleep(LOOK_SECONDS)
                looking.look()
        looking.look()


class Looking:
    """Tells of frames as segments become whole."""

    def __init__(self, folder: WorkFolder, passed: Callable[[int], None]) -> None:
        self._folder, self._passed = folder, passed
        self._seen, self._frames = folder.count(), sum(record.counts.frames for record in folder.records())

    def look(self) -> None:
        """Look at what is there."""
        if (count := self._folder.count()) != self._seen:
            self._seen, before = count, self._frames
            self._frames = sum(record.counts.frames for record in self._folder.records())
            self._passed(self._frames - before)


class _Worker:
    """A process that makes a run of segments."""

    def __init__(self, errand: Errand) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with torch's threads would hang
        self._told, telling = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=_work, args=(errand, telling), daemon=True)
        self._process.start()
        telling.close()

    def is_at_work(self) -> bool:
        """Return whether it still works. Raises UserError or RuntimeError when it has failed."""
        if self._process.is_alive():
            return True
        if self._told.poll():
            try:
                kind, text = self._told.recv()
            except EOFError:
                pass
            else:
                raise UserError(text) if kind == "user" else RuntimeError(text)
        if self._process.exitcode:
            raise UserError(
                f"a worker was ended (exit code {self._process.exitcode}); for want of memory perhaps: take fewer "
                "workers=, the same command goes on"
            )
        return False

    def end(self) -> None:
        """End it, if it still is at work."""
        self._process.terminate()
        self._process.join()


@contextmanager
def _ended() -> Iterator[list[_Worker]]:
    workers: list[_Worker] = []
    try:
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _work(errand: Errand, telling: Connection) -> None:
    end_with_parent()
    prepare_worker()
    try:
        errand.run()
    except UserError as error:
        telling.send(("user", str(error)))
    except KeyboardInterrupt:
        pass  # the one that started it was stopped too, and tells
    except Exception as error:
        if is_out_of_memory(error):
            telling.send(("user", "out of memory; take fewer workers= or a smaller batch_size="))
        else:
            telling.send(("bug", f"{type(error).__name__}: {error}"))


def prepare_worker() -> None:
    """Let a worker warn of what it draws alone: of films and face sets the process that started it has warned."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("faceswap").setLevel(logging.ERROR)
    for room in ("compositing", "swap"):
        logging.getLogger(f"faceswap.{room}").setLevel(logging.WARNING)
    logging.getLogger("faceswap.compositing.face_sources").setLevel(logging.ERROR)
