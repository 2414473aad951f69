"""Joins the faces of neighbouring frames into tracks: one number for one person until a cut or a long absence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.faces.values import Face, Frame

LEAST_OVERLAP = 0.2
LONGEST_GAP_FRAMES = 10


def overlap(a: Face, b: Face) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    # Boxes are compared as they are stored (see FaceRecord.to_json), so that a resumed run decides as the first did.
    a_box, b_box = np.round(a.box.astype(np.float64), 3), np.round(b.box.astype(np.float64), 3)
    sides = np.minimum(a_box[2:], b_box[2:]) - np.maximum(a_box[:2], b_box[:2])
    if sides.min() <= 0:
        return 0.0
    common = float(sides.prod())
    return common / float((a_box[2:] - a_box[:2]).prod() + (b_box[2:] - b_box[:2]).prod() - common)


@dataclass
class _Open:
    """A track that may still go on: its last face and for how many frames it was not seen."""

    track: int
    last: Face
    missed: int = 0


class Linker:
    """Gives each face the number of its track, frame after frame.

    The faces of a frame are matched to the open tracks greedily, best `affinity` first; a pair below
    `least_affinity` is no match. `affinity` is the boxes' overlap, or any other likeness in [0, 1] (of identities,
    say). A track ends at a cut or after `longest_gap_frames` frames without its face. A face that comes with a track
    keeps it.
    """

    def __init__(
        self,
        affinity: Callable[[Face, Face], float] = overlap,
        least_affinity: float = LEAST_OVERLAP,
        longest_gap_frames: int = LONGEST_GAP_FRAMES,
    ) -> None:
        self._affinity, self._least, self._longest_gap = affinity, least_affinity, longest_gap_frames
        self._open: list[_Open] = []
        self._next = 0

    def step(self, faces: Sequence[Face], cut: bool = False) -> list[int]:
        """The tracks of the next frame's faces; `cut`: this frame begins a new shot."""
        if cut:
            self._open = []
        tracks = [face.track for face in faces]
        for track, index in self._matches(faces):
            tracks[index] = track
        for index, track in enumerate(tracks):
            if track < 0:
                tracks[index] = self._next
            self._next = max(self._next, tracks[index] + 1)
        self._remember(faces, tracks)
        return tracks

    def _matches(self, faces: Sequence[Face]) -> list[tuple[int, int]]:
        """Pairs of open track and face index, each used once, best first."""
        pairs = sorted(
            (-self._affinity(known.last, face), known.missed, known.track, index)
            for index, face in enumerate(faces)
            if face.track < 0
            for known in self._open
        )
        matches: dict[int, int] = {}
        for negative, _, track, index in pairs:
            if -negative >= self._least and track not in matches and index not in matches.values():
                matches[track] = index
        return list(matches.items())

    def _remember(self, faces: Sequence[Face], tracks: Sequence[int]) -> None:
        seen = {track: _Open(track, face) for track, face in zip(tracks, faces, strict=True)}
        for known in self._open:
            if known.track not in seen and known.missed < self._longest_gap:
                seen[known.track] = _Open(known.track, known.last, known.missed + 1)
        self._open = list(seen.values())


@dataclass(frozen=True, eq=False)
class Glance:
    """What is kept of a frame to tell a cut: `brightness` (36, 64) float32 and `colours`, an 8 x 8 x 8 histogram."""

    brightness: NDArray[np.float32]
    colours: NDArray[np.float32]

    @classmethod
    def at(cls, frame: Frame) -> Glance:
        # Every n-th pixel first: a glance need not see all of a large frame.
        step = max(1, min(frame.width // 256, frame.height // 144))
        small = cv2.resize(np.ascontiguousarray(frame.image[::step, ::step]), (64, 36), interpolation=cv2.INTER_AREA)
        colours = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel()
        return cls(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32), colours / colours.sum())


def is_cut(before: Glance, after: Glance) -> bool:
    """Whether a new shot begins: the picture's layout is another one, or its colours are and the layout changed too.

    Layout: 1 - correlation of brightness; on real footage 0.8 to 1 at cuts and below 0.3 within shots. Colours alone
    would take a flash for a cut and miss cuts within a dark film.
    """
    a, b = before.brightness - before.brightness.mean(), after.brightness - after.brightness.mean()
    if np.abs(before.brightness - after.brightness).mean() < 6:  # grey levels: noise on a flat picture
        return False
    strength = float(np.sqrt((a**2).sum() * (b**2).sum()))
    layout = 1 - float((a * b).sum()) / strength if strength > 1e-3 else 1.0
    colours = float(np.abs(before.colours - after.colours).sum()) / 2
    return layout > 0.5 or (colours > 0.35 and layout > 0.15)
