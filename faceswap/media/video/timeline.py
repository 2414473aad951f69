"""Monotonic timestamps from 0, past wraps and impossible jumps of a stream's own times."""

from __future__ import annotations

from faceswap.utils.limits import STILL_SECONDS

WRAP_SECONDS = 2**33 / 90_000  # MPEG streams count 33 bits of 1/90,000 s: after 26.5 hours they begin at 0 again
_BACKWARD_SECONDS = 0.25  # further back than jitter: another recording was put behind


class Timeline:
    """Turns the times of one stream, in order, into seconds after `origin_seconds` that never jump without reason.

    A wrapped count goes on as if it were longer. A jump by more than STILL_SECONDS, or back by more than a
    quarter of a second (a damaged time, recordings put behind each other), is taken out: the stream goes on one step
    after its last time. `jumps` counts these. `near_seconds`: where the stream is read from when that is not its
    beginning.
    """

    def __init__(self, origin_seconds: float = 0.0, near_seconds: float | None = None) -> None:
        self._offset = -origin_seconds
        self._last = near_seconds or 0.0
        bound = STILL_SECONDS if near_seconds is None else float("inf")
        self._back, self._ahead = bound, bound
        self.jumps = 0

    def seconds(self, claimed: float | None, step_seconds: float) -> float:
        """Return the time of the next picture or packet; `step_seconds` is how long the one before lasts.

        `claimed` is what the stream says, None when it says nothing: then it follows the one before.
        """
        if claimed is None:
            claimed = self._last - self._offset + step_seconds
        seconds = claimed + self._offset
        wraps = round((self._last - seconds) / WRAP_SECONDS)
        seconds += wraps * WRAP_SECONDS
        jumped = not -self._back <= seconds - self._last <= self._ahead
        if jumped:
            seconds = self._last + step_seconds
            self.jumps += 1
        if jumped or wraps:
            self._offset = seconds - claimed
        self._last = seconds
        self._back, self._ahead = _BACKWARD_SECONDS, STILL_SECONDS
        return seconds
