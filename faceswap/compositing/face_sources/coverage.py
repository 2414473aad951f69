"""Frames of a film that a face set covers, and the finder for the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.core.face_set import FaceSet
    from faceswap.detect.protocol import Finder

BUILTIN = "builtin "  # how the record of the built-in finder begins
_SETTINGS = re.compile(r", every (\d{1,6}), (\d{1,6}) px, > (\d?\.\d{1,9}), looks (\d{1,6})$")


@dataclass(frozen=True)
class Coverage:
    """The frames that an extraction looked at: every `every`-th from `start` to before `stop` (None: the end)."""

    start: int = 0
    stop: int | None = None
    every: int = 1

    @classmethod
    def of(cls, report: dict[str, Any]) -> Coverage:
        """Return what the report of a face set tells; one that tells nothing was made of all frames."""
        start, stop = report.get("start", 0), report.get("stop")
        start = start if type(start) is int else 0
        return cls(start, stop if type(stop) is int else None, report.get("every", 1))

    def has(self, frame: int) -> bool:
        """Return whether the frame was looked at."""
        return self.is_between(frame) and (frame - self.start) % self.every == 0

    def is_between(self, frame: int) -> bool:
        """Return whether the frame lies from the first one looked at to before the last's following one."""
        return frame >= self.start and (self.stop is None or frame < self.stop)

    def reaches_over(self, start: int, stop: int | None, frame_count: int | None) -> bool:
        """Return whether no frame from `start` to `stop` lies outside of what was extracted (every= aside)."""
        end = min((number for number in (stop, frame_count) if number is not None), default=None)
        if start < self.start:
            return end is not None and end <= start
        return self.stop is None or (end is not None and end <= self.stop)

    def __str__(self) -> str:
        every = f", every {self.every}th" if self.every > 1 else ""
        return f"frames {self.start} to {'the end' if self.stop is None else self.stop - 1}{every}"


def check_complete(face_set: FaceSet) -> None:
    """Raise UserError for a set whose extraction was stopped: nobody knows yet which faces the rest holds."""
    if face_set.report.get("completed", True) is not True:
        source = face_set.source or "..."
        raise UserError(
            f"the extraction of the face set {face_set.name} was stopped before its end; give that command again "
            f"(python -m faceswap.extract video={source} ...), or find the faces anew with finder=builtin"
        )


def finder_of(face_set: FaceSet) -> Finder:
    """Return the finder that a face set was made with, for the frames that it lacks.

    Raises:
        UserError: It is not the built-in one, or the set does not tell; both ways out are named.
    """
    from faceswap.detect.builtin.detector import BuiltinFinder

    made_with = face_set.report.get("finder", "")
    if not isinstance(made_with, str) or not made_with.startswith(BUILTIN):
        raise UserError(
            f"the face set {face_set.name} was made of {Coverage.of(face_set.report)}; to find the faces of the other "
            f"frames, say faces={face_set.name} and finder= with the finder it was made with; or extract all frames "
            "(restart=true), or convert only those (start=, stop=)"
        )
    told = _SETTINGS.search(made_with)
    if told is None:
        return BuiltinFinder()
    every, side_px, score, looks = (float(number) for number in told.groups())
    # A report may come from anybody: what would search for hours is cut to what a user would ask for.
    return BuiltinFinder(
        detect_every=int(np.clip(every, 1, 100)),
        detect_side_px=int(np.clip(side_px, 64, 4096)),
        minimum_score=float(np.clip(score, 0.01, 0.99)),
        refinements=int(np.clip(looks, 1, 8)),
    )


def unknown_people(face_set: FaceSet) -> UserError:
    """Return the error for frames without extraction when only some of the people are to be swapped."""
    return UserError(
        f"the face set {face_set.name} was made of {Coverage.of(face_set.report)}, and only some people of it are to "
        "be swapped (tracks=, curate keep=, extract keep=): who is who in the other frames is not known. Extract all "
        "frames (restart=true) and choose again, or convert only those (start=, stop=)"
    )


def ranges(frames: Iterable[int]) -> list[str]:
    """Return rising frame numbers as texts of their runs: [3, 4, 5, 9] gives ["3-5", "9"]."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return [str(first) if first == last else f"{first}-{last}" for first, last in runs]


def shortened(texts: Sequence[str], most: int = 5) -> str:
    """Return the first texts in one line, and how many more there are."""
    more = f" and {len(texts) - most} more places" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
