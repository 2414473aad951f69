"""Follows faces through a shot: each from its last points, with the detector's help when in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from faceswap.faces.values import Face, Frame
from faceswap.find.builtin.boxes import are_close, area, box_of, common_share, same_place

if TYPE_CHECKING:
    from faceswap.find.builtin.landmarks import Reading

DOUBLE_DISTANCE = 0.2  # mean distance of two readings' points, in sides of the face, below which they are one face
PATIENCE = 3  # searches in a row that may miss a face
STILL = 0.6  # share of the least certainty of a new face that one that is followed must keep
SURE_SPREAD = 0.04  # the expected error of points above which a reading is the less certain the larger it is
FALLEN = 0.7  # a certainty below this share of the face's usual one is a reason to look again
LARGEST_GROWTH, LARGEST_SHIFT = 1.3, 0.5  # of a face's side from one frame to the next: more is a reason too
EMBED_EVERY, EMBED_EVERY_CLOSE = 25, 3  # frames after which a face is recognised anew, alone and beside another


class Reader(Protocol):
    """What reads landmarks: see `landmarks.LandmarkReader`."""

    def window_of_box(self, box: NDArray, roll_degrees: float) -> NDArray[np.float64]: ...

    def window_of_points(self, points: NDArray) -> NDArray[np.float64]: ...

    def read(self, images: Sequence[NDArray[np.uint8]], looks: Sequence[NDArray[np.float64]]) -> Sequence[Reading]: ...


class Detector(Protocol):
    """What finds faces: see `detector.FaceDetector`."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]: ...


class Embedder(Protocol):
    """What recognises faces: see `embedder.FaceEmbedder`."""

    def embed(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class Networks:
    """What the finder looks with; without an embedder nobody is recognised."""

    detector: Detector
    reader: Reader
    embedder: Embedder | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """A face in the last frame: `reading`, its usual certainty, how many searches missed it, frames since embedded."""

    reading: Reading
    usual: float
    missed: int = 0
    since_embedded: int = EMBED_EVERY

    @property
    def box(self) -> NDArray[np.float32]:
        return box_of(self.reading.points)


class Follower:
    """The faces of the shot that is being looked at.

    `looks`: how often a newly detected face is read, each time in a window around the points before; one that is
    followed is read once, in a window around its last points. New faces read with a `certainty` below `least` are left
    out, followed ones below a share of it: one that was sure and turns away is still a face.
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
        kept = without_doubles([seen for seen in followed if self._is_face(seen.reading, frame, STILL)])
        embeddings, self._seen = self._recognised(frame, kept, frames_passed)
        return [_face(seen.reading, who) for seen, who in zip(kept, embeddings, strict=True)]

    def single(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[list[Face]]:
        """The faces of pictures that have nothing to do with each other, all read together."""
        owners = [frame for frame, boxes in zip(frames, detections, strict=True) for _ in boxes]
        readings = self._read_anew(owners, [box for boxes in detections for box in boxes])
        faces: list[list[Face]] = []
        for frame in frames:
            here = [
                Seen(reading, certainty(reading))
                for owner, reading in zip(owners, readings, strict=True)
                if owner is frame and self._is_face(reading, frame, 1.0)
            ]
            embeddings, _ = self._recognised(frame, kept := without_doubles(here), 1)
            faces.append([_face(seen.reading, who) for seen, who in zip(kept, embeddings, strict=True)])
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
            not self._is_face(now.reading, frame, STILL) or _is_jump(before, now.reading)
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
            followed_on = before is not None and self._is_face(before.reading, frame, STILL)
            if before is not None and followed_on and certainty(before.reading) >= certainty(reading):
                reading = before.reading  # the better of the two looks
            if self._is_face(reading, frame, 1.0 if before is None else STILL):
                kept.append(Seen(reading, certainty(reading)))
        return kept

    def _read_anew(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[Reading]:
        reader, images = self._networks.reader, [frame.image for frame in frames]
        if not images:
            return []
        readings = list(reader.read(images, [reader.window_of_box(row[:4], float(row[5])) for row in detections]))
        for _ in range(self._looks - 1):
            sound = [i for i, reading in enumerate(readings) if _is_sound(reading.points)]
            windows = [reader.window_of_points(readings[i].points) for i in sound]
            if windows:
                for i, reading in zip(sound, reader.read([images[i] for i in sound], windows), strict=True):
                    readings[i] = reading
        return readings

    def _is_face(self, reading: Reading, frame: Frame, share: float) -> bool:
        """Whether a reading has so large a share of the least certainty, is no scrap, and is about in the picture."""
        if not _is_sound(reading.points) or certainty(reading) < share * self._least:
            return False
        x, y = reading.points.mean(0)
        return bool(-0.5 <= x <= frame.width - 0.5 and -0.5 <= y <= frame.height - 0.5)

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
    return float(np.clip(reading.score * min(1.0, SURE_SPREAD / max(reading.spread, 1e-6)), 0, 1))


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


def _is_sound(points: NDArray) -> bool:
    return bool(np.isfinite(points).all() and np.ptp(points, axis=0).min() > 2 and np.abs(points).max() < 1e5)


def _is_jump(before: Seen, now: Reading) -> bool:
    """Whether a face changed more from one frame to the next than faces do."""
    old, new = before.box, box_of(now.points)
    old_side, new_side = np.sqrt(area(old)), np.sqrt(area(new))
    shift = np.abs(old[:2] + old[2:] - new[:2] - new[2:]).max() / 2
    grown = max(old_side, new_side) > LARGEST_GROWTH * min(old_side, new_side)
    return bool(grown or shift > LARGEST_SHIFT * old_side or certainty(now) < FALLEN * before.usual)


def _face(reading: Reading, embedding: NDArray[np.float32] | None) -> Face:
    visible = np.clip(reading.visible, 0, 1)
    return Face(box_of(reading.points), reading.points, certainty(reading), embedding=embedding, visible=visible)
