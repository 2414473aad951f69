"""Errands that are run by processes of this machine."""

from __future__ import annotations

import dataclasses
import importlib
import logging
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from faceswap.config.build import is_users
from faceswap.utils.errors import UserError, is_out_of_memory
from faceswap.utils.workers import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LOOK_SECONDS = 0.5  # between two looks at what the workers have made

log = logging.getLogger(__name__)


class Errand(Protocol):
    """What a worker of any machine can do; it is sent there."""

    def run(self) -> None:
        """Do it. Raises UserError for what the user can mend."""
        ...


def check_can_be_sent(request: Any) -> None:
    """Raise UserError for settings that cannot be told to another process: classes of the user's own."""
    own = [field.name for field in dataclasses.fields(request) if is_users(getattr(request, field.name))]
    if own:
        raise UserError(f"{own[0]}= is a class of your own, which workers do not know: leave workers= and engine= out")


def affordable(workers: int) -> int:
    """Return how many workers this machine has cores for; fewer than asked for are told."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers > cores:
        log.warning("workers=%d: this machine has %d core%s, so %d work%s", workers, cores, "s" * (cores > 1), cores,
                    "s" * (cores == 1))  # fmt: skip
    return min(workers, cores)


class ErrandProcess:
    """A process that runs an errand; without one it stands by, with the modules that are `needed` imported."""

    def __init__(self, errand: Errand | None = None, needed: Sequence[str] = ()) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with torch's threads would hang
        self._told, telling = spawn.Pipe(duplex=False)
        taking, self._giving = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=_work, args=(needed, taking, telling), daemon=True)
        self._process.start()
        telling.close()
        taking.close()
        if errand is not None:
            self.give(errand)

    def give(self, errand: Errand) -> None:
        """Let it run an errand, its only one."""
        with suppress(BrokenPipeError):  # it has ended: `is_at_work` tells
            self._giving.send(errand)
        self._giving.close()

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
def ended_processes() -> Iterator[list[ErrandProcess]]:
    """Yield a list of workers, which are ended when the block is left."""
    workers: list[ErrandProcess] = []
    try:
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _work(needed: Sequence[str], taking: Connection, telling: Connection) -> None:
    end_with_parent()
    try:
        for name in needed:
            importlib.import_module(name)
        taking.recv().run()
    except EOFError:
        pass  # there is nothing to do
    except UserError as error:
        telling.send(("user", str(error)))
    except KeyboardInterrupt:
        pass  # the one that started it was stopped too, and tells
    except Exception as error:
        if is_out_of_memory(error):
            telling.send(("user", "out of memory; take fewer workers= or a smaller batch_size="))
        else:
            telling.send(("bug", f"{type(error).__name__}: {error}"))
