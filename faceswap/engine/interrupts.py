"""Ctrl-C, SIGTERM and SIGHUP (a closed terminal) as a wish that the training loop looks up between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, *([HANG_UP] if HANG_UP else []))


class StopRequest:
    """`with StopRequest() as stop:` ... `if stop:`; a second signal acts as it always does."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self._asked

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers nowhere else
            asked = [n for n in STOP_SIGNALS if n != HANG_UP or signal.getsignal(n) != signal.SIG_IGN]  # nohup
            self._before = {number: signal.signal(number, self._ask) for number in asked}
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
