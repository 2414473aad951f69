"""The built-in finder: faces detected every few frames, followed in between, and embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face, Frame
from faceswap.detect.builtin.config import BuiltinFinderConfig
from faceswap.detect.builtin.following import FaceFollower
from faceswap.detect.builtin.networks import FaceNetworks
from faceswap.track.shots import FrameSignature, is_cut
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of, listed
from faceswap.utils.limits import BATCH_FRAMES, DETECT_SIDE_PX, DETECTION_REFINEMENTS, check_number

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

PARTS = ("detector", "landmarks")
EMBEDDER, CHECK = "embedder", "parser"  # a folder of weights still in training may lack these


@dataclass(frozen=True)
class _Step:
    """How a frame follows the one before: whether a shot begins, it is searched by plan, and frames between + 1."""

    begins_shot: bool
    is_searched: bool
    frames_passed: int


class BuiltinFinder:
    """Looks for faces in every `detect_every`-th frame, reduced to `detect_side_px`; follows them in the others.

    A frame is searched too when a shot begins, a face is lost or its reading is in doubt; pictures of a folder are
    searched each. `minimum_score` in (0, 1): less certain faces are left out. `refinements`: readings of a newly found
    face, each in a better window than the one before. `recognise`: faces come with an embedding now and then, so that
    people who cross keep their tracks; `embedder_weights`: a file of facenet-pytorch's to recognise them with.
    `device`: auto, cpu, cuda or cuda:N.
    """

    def __init__(
        self,
        detect_every: int = BuiltinFinderConfig.detect_every,
        detect_side_px: int = BuiltinFinderConfig.detect_side_px,
        minimum_score: float = BuiltinFinderConfig.minimum_score,
        refinements: int = BuiltinFinderConfig.refinements,
        recognise: bool = BuiltinFinderConfig.recognise,
        embedder_weights: str | None = BuiltinFinderConfig.embedder_weights,
        device: str = BuiltinFinderConfig.device,
        batch_size: int = BuiltinFinderConfig.batch_size,
        _networks: FaceNetworks | None = None,
    ) -> None:
        for name, value, least, most in (
            ("detect_every", detect_every, 1, BATCH_FRAMES),
            ("refinements", refinements, 1, DETECTION_REFINEMENTS),
            ("batch_size", batch_size, 1, BATCH_FRAMES),
            ("detect_side_px", detect_side_px, 64, DETECT_SIDE_PX),
        ):
            check_number(f"finder.{name}", value, least, most)
        if not 0 < minimum_score < 1:
            raise UserError(f"finder.minimum_score={minimum_score}: must lie between 0 and 1")
        self.batch_size = batch_size
        self._every, self._side, self._score, self._refinements = (
            detect_every,
            detect_side_px,
            minimum_score,
            refinements,
        )
        self._recognise, self._device, self._networks = recognise, device, _networks
        self._embedder_weights = embedder_weights
        self._weights = "given networks"
        self._unrelated = False
        self.forget()

    @property
    def description(self) -> str:
        """The weights' checksums (known after `prepare`) and what changes the results."""
        # "looks" is the word that face sets have stored.
        settings = f"every {self._every}, {self._side} px, > {self._score:g}, looks {self._refinements}"
        return f"builtin {self._weights}, {settings}"

    def prepare(self, source: SourceInfo) -> None:
        """Make sure that the weights are listed (they are loaded with the first frame), and forget earlier frames."""
        self._unrelated = source.kind == "images"
        self.forget()
        if self._networks is None:
            names = [*PARTS, *([CHECK] if CHECK in listed() else [])]
            names += [EMBEDDER] if self._recognises() and not self._embedder_weights else []
            self._weights = " ".join(f"{name} {entry_of(name).tag}" for name in names)
            if self._recognise and self._embedder_weights:
                self._weights += f" embedder {Path(self._embedder_weights).name}"

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """Return the faces of each frame; frames come in order, and one that goes back in time begins anew."""
        follower = self._follower or self._begin()
        if self._unrelated:
            return follower.single(frames, self._detect(frames))
        steps = [self._step_to(frame) for frame in frames]
        found = iter(self._detect([frame for frame, step in zip(frames, steps, strict=True) if step.is_searched]))
        faces = []
        for frame, step in zip(frames, steps, strict=True):
            if step.begins_shot:
                follower.forget()
            detections = next(found) if step.is_searched else None
            faces.append(follower.step(frame, detections, partial(self._detect_one, frame), step.frames_passed))
        return faces

    def forget(self) -> None:
        """Begin anew: what follows has nothing to do with the frames so far."""
        self._follower: FaceFollower | None = None
        self._signature: FrameSignature | None = None
        self._last = -1  # index of the last frame that was looked at
        self._searched = -1  # and of the last one that was searched by plan

    def state(self) -> dict[str, Any]:
        """Return the state after the frames given so far, as plain values."""
        followed = self._follower.state() if self._follower and not self._unrelated else []
        return {"last": self._last, "searched": self._searched, "followed": followed}

    def restore(self, state: Any, last: Frame | None) -> None:
        """Go on following from a `state` after the frame `last`. Raises ValueError, KeyError or TypeError."""
        if self._unrelated:
            return
        self._begin().restore(state["followed"])
        self._last, self._searched = int(state["last"]), int(state["searched"])
        self._signature = None if last is None else FrameSignature.of(last)

    def _begin(self) -> FaceFollower:
        if self._networks is None:
            self._networks = load_networks(
                self._device, self._side, self._score, self._recognises(), self._embedder_weights
            )
        self._follower = FaceFollower(self._networks, self._refinements, self._score)
        return self._follower

    def _recognises(self) -> bool:
        # without it tracks go by overlap alone
        return self._recognise and (bool(self._embedder_weights) or EMBEDDER in listed())

    def _step_to(self, frame: Frame) -> _Step:
        before, self._signature = self._signature, FrameSignature.of(frame)
        passed, self._last = frame.index - self._last, frame.index
        begins = before is None or passed <= 0 or is_cut(before, self._signature)
        searched = begins or frame.index - self._searched >= self._every
        self._searched = frame.index if searched else self._searched
        return _Step(begins, searched, max(1, passed))

    def _detect_one(self, frame: Frame) -> NDArray[np.float32]:
        return self._detect([frame])[0]

    def _detect(self, frames: Sequence[Frame]) -> list[NDArray[np.float32]]:
        if not frames or self._networks is None:
            return []
        return list(self._networks.detector.detect([frame.image for frame in frames]))


def load_networks(
    device: str, detect_side_px: int, minimum_score: float, recognise: bool, embedder_weights: str | None = None
) -> FaceNetworks:
    """Return the shipped networks, but for the embedder of other weights.

    Raises:
        UserError: For a file missing or damaged.
    """
    from faceswap.detect.builtin.face_check import FaceCheck
    from faceswap.facenets.detector import FaceDetector
    from faceswap.facenets.embedder import embedder_of
    from faceswap.facenets.landmarks import LandmarkPredictor

    detector = FaceDetector(device, side_px=detect_side_px, minimum_score=minimum_score**2)
    embedder = embedder_of(embedder_weights, device) if recognise else None
    check = FaceCheck(device) if CHECK in listed() else None
    return FaceNetworks(detector, LandmarkPredictor(device), embedder, check)
