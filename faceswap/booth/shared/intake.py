"""Writing down who comes: those who come meanwhile are written down together, in one go each time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from faceswap.booth.shared.tables import Visitor
from faceswap.booth.shared.visitors import Arrival
from faceswap.utils.errors import UserError

TOGETHER = 16  # who are written down at a time; the first of a crowd need not wait for the last


class Intake:
    """Takes in who comes, in the order in which they come; one thread writes, so that pages are answered meanwhile.

    Args:
        write_down: Returns each one's row, or why there is none.
    """

    def __init__(self, write_down: Callable[[Sequence[Arrival]], Sequence[Visitor | UserError]]) -> None:
        self._write_down = write_down
        self._hand = ThreadPoolExecutor(1, "intake")
        self._waiting: deque[tuple[Arrival, Future[Visitor]]] = deque()
        self._lock = threading.Lock()

    def take(self, arrival: Arrival) -> Future[Visitor]:
        """Return the row of who comes, or an error, once it is written."""
        told: Future[Visitor] = Future()
        with self._lock:
            self._waiting.append((arrival, told))
        self._hand.submit(self._write)
        return told

    def close(self) -> None:
        """End when everybody is written down."""
        self._hand.shutdown()

    def _write(self) -> None:
        with self._lock:  # as often as somebody comes: the last times nobody is left
            batch = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        if not batch:
            return
        found: Sequence[Visitor | Exception]
        try:
            found = self._write_down([arrival for arrival, _ in batch])
        except Exception as error:  # which each of them is told of
            found = [error] * len(batch)
        for (_, told), one in zip(batch, found, strict=True):
            if not told.set_running_or_notify_cancel():
                continue
            if isinstance(one, Exception):
                told.set_exception(one)
            else:
                told.set_result(one)
