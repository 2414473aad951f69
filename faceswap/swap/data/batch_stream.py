"""Batches prepared ahead of their use, by a thread or by processes of their own."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context

import cv2

from faceswap.engine.interrupts import STOP_SIGNALS
from faceswap.swap.data.batches import BatchMaker, FaceBatch, RawBatch
from faceswap.utils.errors import UserError
from faceswap.utils.workers import end_with_parent


class WorkersDied(UserError):
    """A process that prepares batches has ended; what is trained is whole."""


class BatchStream:
    """Batches from number `start` on, prepared ahead of their use.

    `workers` 0: by one thread of this process; n: by n processes. Use as a context manager.
    """

    def __init__(self, maker: BatchMaker, start: int, workers: int) -> None:
        self._maker = maker
        self._next = start
        self._waiting: deque[Future[dict[str, FaceBatch | RawBatch]]] = deque()
        self._ahead = max(2, 2 * workers)
        self._strangers = set(active_children())
        self._pool = _pool(workers)

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[dict[str, FaceBatch | RawBatch]]:
        return self

    def __next__(self) -> dict[str, FaceBatch | RawBatch]:
        try:
            while len(self._waiting) <= self._ahead:
                with _signals_held():
                    self._waiting.append(self._pool.submit(self._maker.make, self._next))
                self._next += 1
            return self._waiting.popleft().result()
        except BrokenProcessPool as error:
            # The pool asks its other processes to end by SIGTERM, which they ignore, and then waits for them; one may
            # itself wait for a lock that the dead one held.
            for process in set(active_children()) - self._strangers:
                process.kill()
            raise WorkersDied(
                "a process that prepares batches died (out of memory?); the same command goes on from the last "
                "checkpoint, workers=0 does without such processes"
            ) from error


def worker_count(asked: int | None, on_gpu: bool, sharing: int = 1) -> int:
    """How many processes prepare batches, where `sharing` trainings share the machine.

    A CPU that trains needs its cores itself: one thread keeps up with it.
    """
    if asked is not None:
        return asked
    return max(1, min(8, (os.cpu_count() or 1) // sharing - 1)) if on_gpu else 0


def _pool(workers: int) -> Executor:
    if workers == 0:
        return ThreadPoolExecutor(1, thread_name_prefix="batches")
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Processes started inside never see STOP_SIGNALS: they inherit the mask. Here all act when it ends."""
    if sys.platform == "win32":  # no masks there; _start_worker ignores the signals a moment later
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    cv2.setNumThreads(1)
    for number in STOP_SIGNALS:  # they can reach the whole group; the trainer ends its workers
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()
