"""Pipeline stages in threads of their own, connected by bounded queues."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.1


class Stage(Generic[T]):
    """`with Stage(items, depth) as stage: for item in stage` draws from `items` ahead of the consumer, in a thread.

    At most `depth` items wait, so memory stays bounded. An exception of `items` is raised in the consumer, after the
    items before it. Leaving the block ends the thread and closes a generator behind it, whatever the reason. Stages
    nest: the iterable of one may run over the stage before it.
    """

    def __init__(self, items: Iterable[T], depth: int, name: str = "stage") -> None:
        self._items = items
        self._queue: queue.Queue[tuple[str, object]] = queue.Queue(max(1, depth))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Stage[T]:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                kind, value = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                # A stage that was stopped from outside says nothing more.
                if self._stop.is_set():
                    return
                continue
            if kind == "item":
                yield value  # type: ignore[misc]
            elif kind == "error":
                raise value  # type: ignore[misc]
            else:
                return

    def _run(self) -> None:
        last: tuple[str, object] = ("end", None)
        try:
            for item in self._items:
                if not self._put(("item", item)):
                    break
                del item  # or the thread would hold one frame more while it waits for the next
        except BaseException as error:  # handed to the consumer, which raises it
            last = ("error", error)
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
            self._put(last)

    def _put(self, message: tuple[str, object]) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(message, timeout=POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False
