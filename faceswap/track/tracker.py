"""The tracker: joins faces of neighbouring frames, one number per person until a cut or a long absence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.boxes import iou
from faceswap.core.embeddings import as_stored, likeness
from faceswap.core.exact import packed_array, packed_face, unpacked_array, unpacked_face
from faceswap.core.values import EMBEDDING_SIZE, Face

LEAST_OVERLAP = 0.2
LONGEST_GAP_FRAMES = 10
LONGEST_MEMORY_FRAMES = 100  # so long somebody who was recognised may be away within a shot
SAME, DIFFERENT = 0.65, 0.1  # likeness above which two faces are one person's, and below which they are two people's
NEAR_SIDES = 4.0  # a face that comes back without overlap must be so near, in sides of the larger box
_NEW_SHARE = 0.3  # of each new embedding in a track's remembered one


def overlap(a: Face, b: Face) -> float:
    """Return the intersection over union of two faces' boxes, in [0, 1]."""
    return iou(_stored_box(a), _stored_box(b))


def _stored_box(face: Face) -> NDArray[np.float64]:
    """Return the box as it is stored (see FaceRecord.to_json), so that a resumed run decides as the first did."""
    return np.asarray(np.round(face.box.astype(np.float64), 3), np.float64)


@dataclass(frozen=True, eq=False)
class _OpenTrack:
    """A track that may still go on: its last face, for how many frames it was not seen, who it is if that is known."""

    track: int
    last: Face
    missed: int = 0
    who: NDArray[np.float32] | None = None

    def seen_as(self, face: Face) -> _OpenTrack:
        who = self.who
        if face.embedding is not None:
            new = as_stored(face.embedding)
            who = new if who is None else (1 - _NEW_SHARE) * who + _NEW_SHARE * new
        return _OpenTrack(self.track, face, 0, who)


class Tracker:
    """Gives each face the number of its track, frame after frame.

    The faces of a frame are matched to the open tracks greedily, best first: by `affinity`, the boxes' overlap or any
    other likeness of places in [0, 1], plus the likeness of embeddings where both are known. A pair below
    `least_affinity` is no match, unless its embeddings say that it is the same person, near by. After a gap, embeddings
    that differ part what overlaps. A track ends at a cut or after `longest_gap_frames` frames without its face, that of
    a person whose embedding is known after `longest_memory_frames`. A face that comes with a track keeps it.
    """

    def __init__(
        self,
        affinity: Callable[[Face, Face], float] = overlap,
        least_affinity: float = LEAST_OVERLAP,
        longest_gap_frames: int = LONGEST_GAP_FRAMES,
        longest_memory_frames: int = LONGEST_MEMORY_FRAMES,
    ) -> None:
        self._affinity, self._least, self._longest_gap = affinity, least_affinity, longest_gap_frames
        self._longest_memory = longest_memory_frames
        self._open: list[_OpenTrack] = []
        self._next = 0

    @property
    def next_track(self) -> int:
        """The number that a new track would get."""
        return self._next

    def start_source(self) -> None:
        """Start another source: end all tracks, and never use a number again."""
        self._open = []

    def state(self) -> dict[str, Any]:
        """Return where the tracks are, as plain values for JSON."""
        return {
            "next": self._next,
            "open": [
                {
                    "track": known.track,
                    "last": packed_face(replace(known.last, embedding=None, visible=None)),
                    "missed": known.missed,
                    "who": None if known.who is None else packed_array(known.who),
                }
                for known in self._open
            ],
        }

    def restore(self, state: Any) -> None:
        """Go on from a `state`. Raises ValueError, KeyError or TypeError for anything else."""
        self._next = int(state["next"])
        self._open = [
            _OpenTrack(
                int(known["track"]),
                unpacked_face(known["last"]),
                int(known["missed"]),
                None if known["who"] is None else unpacked_array(known["who"], (EMBEDDING_SIZE,)),
            )
            for known in state["open"]
        ]

    def step(self, faces: Sequence[Face], cut: bool = False) -> list[int]:
        """Return the tracks of the next frame's faces.

        Args:
            cut: This frame begins a new shot.
        """
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
        """Return pairs of open track and face index, each used once, best first."""
        pairs = sorted(
            (-value, known.missed, known.track, index)
            for index, face in enumerate(faces)
            if face.track < 0
            for known in self._open
            if (value := self._value(known, face)) is not None
        )
        matches: dict[int, int] = {}
        for _, _, track, index in pairs:
            if track not in matches and index not in matches.values():
                matches[track] = index
        return list(matches.items())

    def _value(self, known: _OpenTrack, face: Face) -> float | None:
        """Return how well a face continues a track; None when it does not."""
        place = self._affinity(known.last, face)
        alike = None if known.who is None or face.embedding is None else likeness(known.who, as_stored(face.embedding))
        if alike is None:
            return place if place >= self._least and known.missed <= self._longest_gap else None
        if known.missed and alike < DIFFERENT:
            return None
        if place >= self._least and known.missed <= self._longest_gap:
            return place + alike
        return place + alike if alike >= SAME and _is_near(known.last, face) else None

    def _remember(self, faces: Sequence[Face], tracks: Sequence[int]) -> None:
        before = {known.track: known for known in self._open}
        seen = {
            track: before.get(track, _OpenTrack(track, face)).seen_as(face)
            for track, face in zip(tracks, faces, strict=True)
        }
        for known in self._open:
            longest = self._longest_gap if known.who is None else max(self._longest_gap, self._longest_memory)
            if known.track not in seen and known.missed < longest:
                seen[known.track] = replace(known, missed=known.missed + 1)
        self._open = list(seen.values())


def _is_near(a: Face, b: Face) -> bool:
    a_box, b_box = _stored_box(a), _stored_box(b)
    side = max((a_box[2:] - a_box[:2]).max(), (b_box[2:] - b_box[:2]).max())
    return bool(np.abs(a_box[:2] + a_box[2:] - b_box[:2] - b_box[2:]).max() / 2 <= NEAR_SIDES * side)
