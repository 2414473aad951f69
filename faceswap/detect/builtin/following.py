"""Following of faces through a shot from their last landmarks, re-detected when in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.boxes import are_close, same_place
from faceswap.core.values import Face, Frame
from faceswap.detect.builtin.networks import FaceNetworks
from faceswap.detect.builtin.tracked_face import (
    CHECK_EVERY,
    EMBED_EVERY,
    EMBED_EVERY_CLOSE,
    SURE,
    TrackedFace,
    as_face,
    certainty,
    is_jump,
    is_whole,
    partners_among,
    without_doubles,
)

if TYPE_CHECKING:
    from faceswap.facenets.landmarks import LandmarkPrediction

PATIENCE = 3  # searches in a row that may miss a face
PROMISING = 0.6  # share of the least score that a new face must reach in its first window to get a second one


class FaceFollower:
    """The faces of the current shot.

    `refinements`: how often a newly detected face is read, each time in a window around the points before; one that is
    followed is read once, in a window around its last points. A new face must reach `least` in the geometric mean of
    the detector's score and the reading's `certainty`: neither knows all that is no face. Then, new or followed, it
    must reach it in `certainty` times what the check says: the detector's weak faces are read well, what is no face is
    not for long.
    """

    def __init__(self, networks: FaceNetworks, refinements: int, least: float) -> None:
        self._networks, self._refinements, self._least = networks, refinements, least
        self._seen: list[TrackedFace] = []

    def forget(self) -> None:
        """Forget all followed faces: a new shot begins."""
        self._seen = []

    def state(self) -> list[dict[str, Any]]:
        """Return who is followed, as plain values."""
        return [seen.to_plain() for seen in self._seen]

    def restore(self, state: Any) -> None:
        """Follow those of a `state`. Raises ValueError, KeyError or TypeError for anything else."""
        self._seen = [TrackedFace.from_plain(seen) for seen in state]

    def step(
        self, frame: Frame, detections: NDArray | None, detect: Callable[[], NDArray], frames_passed: int = 1
    ) -> list[Face]:
        """Return the faces of the next frame; `detections` (n, 6) if it was searched.

        Else `detect` is called in doubt.
        """
        followed, doubted = self._read_on(frame)
        if detections is None and any(doubted):
            detections = detect()
        if detections is not None:
            followed = self._confirmed(frame, followed, doubted, detections)
        whole = without_doubles([seen for seen in followed if self._goes_on(seen, frame)])
        kept = self._checked(frame, whole, frames_passed)
        embeddings, self._seen = self._recognised(frame, kept, frames_passed)
        return [as_face(seen, who) for seen, who in zip(kept, embeddings, strict=True)]

    def single(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[list[Face]]:
        """Return the faces of pictures that have nothing to do with each other, all read together."""
        owners = [frame for frame, boxes in zip(frames, detections, strict=True) for _ in boxes]
        predictions = self._read_anew(owners, [box for boxes in detections for box in boxes])
        faces: list[list[Face]] = []
        for frame in frames:
            here = [
                TrackedFace(prediction, certainty(prediction))
                for owner, prediction in zip(owners, predictions, strict=True)
                if owner is frame and prediction is not None
            ]
            kept = self._checked(frame, without_doubles(here), 1)
            embeddings, _ = self._recognised(frame, kept, 1)
            faces.append([as_face(seen, who) for seen, who in zip(kept, embeddings, strict=True)])
        return faces

    def _read_on(self, frame: Frame) -> tuple[list[TrackedFace], list[bool]]:
        """Return the followed faces in the next frame, and for each whether something is wrong with it."""
        reader = self._networks.reader
        if not self._seen:
            return [], []
        windows = [reader.window_of_points(seen.prediction.points) for seen in self._seen]
        predictions = reader.read([frame.image] * len(windows), windows)
        followed = [replace(seen, prediction=now) for seen, now in zip(self._seen, predictions, strict=True)]
        doubted = [
            not self._goes_on(now, frame) or is_jump(before, now.prediction)
            for before, now in zip(self._seen, followed, strict=True)
        ]
        return followed, doubted

    def _confirmed(
        self, frame: Frame, followed: list[TrackedFace], doubted: list[bool], detections: NDArray
    ) -> list[TrackedFace]:
        """Return the followed faces that hold against a search of the frame, and those that it found anew."""
        partners = partners_among([seen.box for seen in followed], detections)
        kept, anew = list[TrackedFace](), list[tuple[TrackedFace | None, NDArray]]()
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
        predictions = self._read_anew([frame] * len(anew), [found for _, found in anew])
        for (before, _), prediction in zip(anew, predictions, strict=True):
            known = before.prediction if before is not None and self._goes_on(before, frame) else None
            if known is not None and (prediction is None or certainty(known) >= certainty(prediction)):
                prediction = known  # the better of the two predictions
            if prediction is not None:
                kept.append(TrackedFace(prediction, certainty(prediction)))
        return kept

    def _read_anew(self, frames: Sequence[Frame], detections: Sequence[NDArray]) -> list[LandmarkPrediction | None]:
        """Return what detections (n, 6) show, each in its frame; None where that is no face."""
        if not frames:
            return []
        reader, images = self._networks.reader, [frame.image for frame in frames]
        windows = [reader.window_of_box(row[:4], float(row[5])) for row in detections]
        predictions: list[LandmarkPrediction | None] = list(reader.read(images, windows))

        def are_worth(share: float) -> list[tuple[int, LandmarkPrediction]]:
            return [
                (i, prediction)
                for i, prediction in enumerate(predictions)
                if prediction is not None
                and is_whole(prediction.points, frames[i])
                and np.sqrt(float(detections[i][4]) * certainty(prediction)) >= share * self._least
            ]

        for _ in range(self._refinements - 1):
            if promising := are_worth(PROMISING):
                windows = [reader.window_of_points(prediction.points) for _, prediction in promising]
                again = reader.read([images[i] for i, _ in promising], windows)
                for (i, _), prediction in zip(promising, again, strict=True):
                    predictions[i] = prediction
        faces = dict(are_worth(1.0))
        return [faces.get(i) for i in range(len(predictions))]

    def _goes_on(self, seen: TrackedFace, frame: Frame) -> bool:
        """Return whether a followed face is still one."""
        return is_whole(seen.prediction.points, frame) and seen.certainty >= self._least

    def _checked(self, frame: Frame, faces: list[TrackedFace], frames_passed: int) -> list[TrackedFace]:
        """Return those that hold against a second opinion.

        A face that is sure of itself is asked for one now and then.
        """
        check = self._networks.check
        if check is None:
            return faces
        checked = [replace(seen, since_checked=seen.since_checked + frames_passed) for seen in faces]
        due = [i for i, seen in enumerate(checked) if seen.since_checked >= CHECK_EVERY or seen.certainty < SURE]
        if due:
            said = check.faceness([frame.image] * len(due), [faces[i].prediction.points for i in due])
            for i, faceness in zip(due, said, strict=True):
                checked[i] = replace(faces[i], faceness=float(faceness), since_checked=0)
        return [seen for seen in checked if seen.certainty >= self._least]

    def _recognised(
        self, frame: Frame, kept: list[TrackedFace], frames_passed: int
    ) -> tuple[list[NDArray[np.float32] | None], list[TrackedFace]]:
        """Return embeddings of the faces whose turn it is (None for the others), and the faces to follow."""
        waited = [
            EMBED_EVERY_CLOSE
            if any(other is not seen and are_close(seen.box, other.box) for other in kept)
            else EMBED_EVERY
            for seen in kept
        ]
        embeddings: list[NDArray[np.float32] | None] = [None] * len(kept)
        if self._networks.embedder is not None:
            chosen = [i for i, seen in enumerate(kept) if seen.since_embedded >= waited[i]]
            if chosen:
                points = [kept[i].prediction.points for i in chosen]
                for i, vector in zip(
                    chosen, self._networks.embedder.embed([frame.image] * len(chosen), points), strict=True
                ):
                    embeddings[i] = vector
        following = [
            replace(
                seen,
                usual=0.8 * seen.usual + 0.2 * certainty(seen.prediction),
                since_embedded=(0 if who is not None else seen.since_embedded) + frames_passed,
            )
            for seen, who in zip(kept, embeddings, strict=True)
        ]
        return embeddings, following
