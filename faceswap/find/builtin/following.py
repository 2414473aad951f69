"""Follows faces through a shot: each from its last points, with the detector's help when in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap.faces.values import Face, Frame
from faceswap.find.builtin.boxes import are_close, area, box_of, common_share, same_place
from faceswap.find.builtin.parts import Networks

if TYPE_CHECKING:
    from faceswap.find.builtin.landmarks import Reading

DOUBLE_DISTANCE = 0.2  # mean distance of two readings' points, in sides of the face, below which they are one face
PATIENCE = 3  # searches in a row that may miss a face
PROMISING = 0.6  # share of the least score that a new face must reach at its first look to get a second one
SURE_SPREAD = 0.018  # expected error of a real face's points at most; beyond it a reading is less and less certain
FALLEN = 0.7  # a certainty below this share of the face's usual one is a reason to look again
LARGEST_GROWTH, LARGEST_SHIFT = 1.3, 0.5  # of a face's side from one frame to the next: more is a reason too
EMBED_EVERY, EMBED_EVERY_CLOSE = 25, 3  # frames after which a face is recognised anew, alone and beside another
CHECK_EVERY, SURE = 25, 0.8  # frames after which a face is checked anew; one less certain than SURE: every time


@dataclass(frozen=True, eq=False)
class Seen:
    """A face in the last frame: `reading`, its usual certainty, how many searches missed it, frames since embedded.

    `faceness` in [0, 1]: what the last check said of it; `since_checked`: frames since then.
    """

    reading: Reading
    usual: float
    missed: int = 0
    since_embedded: int = EMBED_EVERY
    faceness: float = 1.0
    since_checked: int = CHECK_EVERY

    @property
    def box(self) -> NDArray[np.float32]:
        return box_of(self.reading.points)

    @property
    def certainty(self) -> float:
        return certainty(self.reading) * self.faceness


class Follower:
    """The faces of the shot that is being looked at.

    `looks`: how often a newly detected face is read, each time in a window around the points before; one that is
    followed is read once, in a window around its last points. A new face must reach `least` in the geometric mean of
    the detector's score and the reading's `certainty`: neither knows all that is no face. Then, new or followed, it
    must reach it in `certainty` times what the check says: the detector's weak faces are read well, what is no face is
    not for long.
    """

    def __init__(self, networks: Networks, looks: int, least: float) -> None:
        self._networks, self._looks, self._least = networks, looks, least
        self._seen: list[Seen] = []

    def forget(self) -> None:
        """A new shot begins: nobody is followed any more."""
        self._seen = []

    def step(
        self, frame: Frame, detections: NDArray | None, detect: Callable[[], NDArray], frames_passed: int = 1
    ) -> list[Face]:
        """The faces of the next frame; `detections` (n, 6) if it was searched, else `detect` is called in doubt."""
        followed, doubted = self._read_on(frame)
        if detections is None and any(doubted):
            detections = detect()
        if detections is not None:
            followed = self._confirmed(frame, followed, doubted, detections)
        whole = without_doubles([seen for seen in followed if self._goes_on(seen, frame)])
        kept = self._checked(frame, whole, frames_passed)
        embeddings, self._seen = self._recognised(frame, kept, frames_passed)
        return [_face(seen, who) for seen, who in zip(kept, embeddings, strict=True)]

    def single(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[list[Face]]:
        """The faces of pictures that have nothing to do with each other, all read together."""
        owners = [frame for frame, boxes in zip(frames, detections, strict=True) for _ in boxes]
        readings = self._read_anew(owners, [box for boxes in detections for box in boxes])
        faces: list[list[Face]] = []
        for frame in frames:
            here = [
                Seen(reading, certainty(reading))
                for owner, reading in zip(owners, readings, strict=True)
                if owner is frame and reading is not None
            ]
            kept = self._checked(frame, without_doubles(here), 1)
            embeddings, _ = self._recognised(frame, kept, 1)
            faces.append([_face(seen, who) for seen, who in zip(kept, embeddings, strict=True)])
        return faces

    def _read_on(self, frame: Frame) -> tuple[list[Seen], list[bool]]:
        """The followed faces in the next frame, and for each whether something is wrong with it."""
        reader = self._networks.reader
        if not self._seen:
            return [], []
        windows = [reader.window_of_points(seen.reading.points) for seen in self._seen]
        readings = reader.read([frame.image] * len(windows), windows)
        followed = [replace(seen, reading=now) for seen, now in zip(self._seen, readings, strict=True)]
        doubted = [
            not self._goes_on(now, frame) or _is_jump(before, now.reading)
            for before, now in zip(self._seen, followed, strict=True)
        ]
        return followed, doubted

    def _confirmed(self, frame: Frame, followed: list[Seen], doubted: list[bool], detections: NDArray) -> list[Seen]:
        """The followed faces that hold against a search of the frame, and those that it found anew."""
        partners = _pairs([seen.box for seen in followed], detections)
        kept, anew = list[Seen](), list[tuple[Seen | None, NDArray]]()
        for index, seen in enumerate(followed):
            if index not in partners:
                if seen.missed + 1 < PATIENCE:  # the detector may miss a face that is still read well
                    kept.append(replace(seen, missed=seen.missed + 1))
            elif doubted[index]:
                anew.append((seen, detections[partners[index]]))
            else:
                kept.append(replace(seen, missed=0))
        taken = set(partners.values())
        for row, found in enumerate(detections):
            if row not in taken and not any(same_place(seen.box, found) for seen in followed):
                anew.append((None, found))
        readings = self._read_anew([frame] * len(anew), [found for _, found in anew])
        for (before, _), reading in zip(anew, readings, strict=True):
            known = before.reading if before is not None and self._goes_on(before, frame) else None
            if known is not None and (reading is None or certainty(known) >= certainty(reading)):
                reading = known  # the better of the two looks
            if reading is not None:
                kept.append(Seen(reading, certainty(reading)))
        return kept

    def _read_anew(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[Reading | None]:
        """What detections (n, 6) show, each in its frame; None where that is no face."""
        if not frames:
            return []
        reader, images = self._networks.reader, [frame.image for frame in frames]
        windows = [reader.window_of_box(row[:4], float(row[5])) for row in detections]
        readings: list[Reading | None] = list(reader.read(images, windows))

        def are_worth(share: float) -> list[tuple[int, Reading]]:
            return [
                (i, reading)
                for i, reading in enumerate(readings)
                if reading is not None and is_whole(reading.points, frames[i])
                and np.sqrt(float(detections[i][4]) * certainty(reading)) >= share * self._least
            ]  # fmt: skip

        for _ in range(self._looks - 1):
            if promising := are_worth(PROMISING):
                windows = [reader.window_of_points(reading.points) for _, reading in promising]
                again = reader.read([images[i] for i, _ in promising], windows)
                for (i, _), reading in zip(promising, again, strict=True):
                    readings[i] = reading
        faces = dict(are_worth(1.0))
        return [faces.get(i) for i in range(len(readings))]

    def _goes_on(self, seen: Seen, frame: Frame) -> bool:
        """Whether a followed face is still one."""
        return is_whole(seen.reading.points, frame) and seen.certainty >= self._least

    def _checked(self, frame: Frame, faces: list[Seen], frames_passed: int) -> list[Seen]:
        """Those that hold against a second opinion; a face that is sure of itself is asked for one now and then."""
        check = self._networks.check
        if check is None:
            return faces
        checked = [replace(seen, since_checked=seen.since_checked + frames_passed) for seen in faces]
        due = [i for i, seen in enumerate(checked) if seen.since_checked >= CHECK_EVERY or seen.certainty < SURE]
        if due:
            said = check.faceness([frame.image] * len(due), [faces[i].reading.points for i in due])
            for i, faceness in zip(due, said, strict=True):
                checked[i] = replace(faces[i], faceness=float(faceness), since_checked=0)
        return [seen for seen in checked if seen.certainty >= self._least]

    def _recognised(
        self, frame: Frame, kept: list[Seen], frames_passed: int
    ) -> tuple[list[NDArray[np.float32] | None], list[Seen]]:
        """Embeddings of the faces whose turn it is (None for the others), and the faces to follow."""
        waited = [
            EMBED_EVERY_CLOSE if any(other is not seen and are_close(seen.box, other.box) for other in kept)
            else EMBED_EVERY for seen in kept
        ]  # fmt: skip
        embeddings: list[NDArray[np.float32] | None] = [None] * len(kept)
        if self._networks.embedder is not None:
            chosen = [i for i, seen in enumerate(kept) if seen.since_embedded >= waited[i]]
            if chosen:
                points = [kept[i].reading.points for i in chosen]
                for i, vector in zip(chosen, self._networks.embedder.embed([frame.image] * len(chosen), points),
                                     strict=True):  # fmt: skip
                    embeddings[i] = vector
        following = [
            replace(
                seen,
                usual=0.8 * seen.usual + 0.2 * certainty(seen.reading),
                since_embedded=(0 if who is not None else seen.since_embedded) + frames_passed,
            )
            for seen, who in zip(kept, embeddings, strict=True)
        ]
        return embeddings, following


def certainty(reading: Reading) -> float:
    """How sure a reading is, in [0, 1]: what is no face is often called one, but its points are then known badly."""
    return float(np.clip(reading.score * min(1.0, SURE_SPREAD / max(reading.spread, 1e-6)) ** 2, 0, 1))


def without_doubles(faces: Sequence[Seen]) -> list[Seen]:
    """One of those that lie point on point: the one that detections confirm, then the surer one."""
    kept: list[Seen] = []
    for seen in sorted(faces, key=lambda seen: (seen.missed, -certainty(seen.reading))):
        side = float(np.sqrt(max(area(seen.box), 1e-6)))
        if all(
            np.linalg.norm(seen.reading.points - other.reading.points, axis=1).mean() > DOUBLE_DISTANCE * side
            for other in kept
        ):
            kept.append(seen)
    return [seen for seen in faces if any(seen is other for other in kept)]  # in the order they came


def _pairs(boxes: Sequence[NDArray], detections: NDArray) -> dict[int, int]:
    """Which detection belongs to which box, each used once, the closest first."""
    ranked = sorted(
        (-common_share(box, found), i, j)
        for i, box in enumerate(boxes)
        for j, found in enumerate(detections)
        if same_place(box, found)
    )
    pairs: dict[int, int] = {}
    for _, i, j in ranked:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def is_whole(points: NDArray, frame: Frame) -> bool:
    """Whether points (68, 2) are no scrap and have their middle in the picture."""
    if not np.isfinite(points).all() or np.ptp(points, axis=0).min() <= 2 or np.abs(points).max() > 1e5:
        return False
    x, y = points.mean(0)
    return bool(-0.5 <= x <= frame.width - 0.5 and -0.5 <= y <= frame.height - 0.5)


def _is_jump(before: Seen, now: Reading) -> bool:
    """Whether a face changed more from one frame to the next than faces do."""
    old, new = before.box, box_of(now.points)
    old_side, new_side = np.sqrt(area(old)), np.sqrt(area(new))
    shift = np.abs(old[:2] + old[2:] - new[:2] - new[2:]).max() / 2
    grown = max(old_side, new_side) > LARGEST_GROWTH * min(old_side, new_side)
    return bool(grown or shift > LARGEST_SHIFT * old_side or certainty(now) < FALLEN * before.usual)


def _face(seen: Seen, embedding: NDArray[np.float32] | None) -> Face:
    visible = np.clip(seen.reading.visible, 0, 1)
    return Face(seen.box, seen.reading.points, seen.certainty, embedding=embedding, visible=visible)
