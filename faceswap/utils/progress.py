"""The progress bar of all commands, on stderr: rate and time left."""

from __future__ import annotations

import os
import sys

from tqdm import tqdm

from faceswap.utils.streams import steady
from faceswap.utils.terminal import printable

INTERVAL_VARIABLE = "FACESWAP_PROGRESS_SECONDS"  # between two lines where there is no terminal; set by who reads them


class Progress:
    """`with Progress(total, "extract") as bar: bar.advance()`; a plain line now and then without a terminal."""

    def __init__(
        self, total: int | None, label: str, unit: str = "frame", initial: int = 0, shown: bool = True
    ) -> None:
        # Without a terminal (a log file) a bar redrawn ten times a second is noise: one line every ten seconds.
        stream = steady(sys.stderr)
        interval_seconds = 0.1 if stream.isatty() else float(os.environ.get(INTERVAL_VARIABLE, "10"))
        self._bar = tqdm(
            total=total,
            desc=printable(label),
            unit=f" {unit}s",
            initial=initial,
            file=stream,
            mininterval=interval_seconds,
            dynamic_ncols=True,
            smoothing=0.1,
            leave=True,
            disable=not shown,
        )

    def advance(self, count: int = 1) -> None:
        """Count `count` more units as done."""
        self._bar.update(count)

    def note(self, text: str) -> None:
        """Show a short text behind the bar (the losses, say)."""
        self._bar.set_postfix_str(printable(text), refresh=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
