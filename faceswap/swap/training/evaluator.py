"""What the built-in eyes say of the swap on held-out faces: whose face it is, and whether it does what B did."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.embeddings import mean_of
from faceswap.core.geometry import face_size, landmark_error_percent
from faceswap.detect.builtin.networks import Embedder, Reader
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.landmarks import LandmarkReader
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.swap.data.pair_data import FaceViews, PairData

MOST_FACES = 16  # of B that are judged, and of each side that tell who it is
SURE = 0.5  # probability of a face from which on a picture shows one
LEAST_SHARE = 0.5  # of the swaps that must be faces: fewer say nothing of the others

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Eyes:
    """The networks that look: `reader` of landmarks, `embedder` of people."""

    reader: Reader
    embedder: Embedder

    @classmethod
    def load(cls, device: str) -> Eyes:
        """The shipped ones. Raises UserError when they are not there."""
        return cls(LandmarkReader(device), FaceEmbedder(device))

    def read(self, faces: FaceViews) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The points (N, 68, 2) seen in windows around `faces.points`, and whether there is a face (N,)."""
        looks = [self.reader.window_of_points(points) for points in faces.points]
        readings = self.reader.read(list(faces.rgb), looks)
        return np.stack([reading.points for reading in readings]), np.array([r.score >= SURE for r in readings])

    def embed(self, faces: FaceViews) -> NDArray[np.float32]:
        """Unit vectors (N, 128)."""
        return self.embedder.embed(list(faces.rgb), list(faces.points))


class Judge:
    """Compares swaps of the same held-out faces of B, every time alike.

    A and B are the mean embeddings of faces that train, seen in the model's own resolution. `judged`: the faces of B
    whose swaps it wants, some of them left out where the eyes see no face even in B's own picture.
    """

    def __init__(self, data: PairData, eyes: Eyes) -> None:
        self._eyes = eyes
        self._people = np.stack([mean_of(eyes.embed(data.known[side])) for side in "ab"])
        faces = data.held_out["b"].some(MOST_FACES)
        points, seen = eyes.read(faces)
        self.judged, self._points = faces.at(seen), points[seen]
        self._told = False

    def __call__(self, swaps: NDArray[np.uint8]) -> dict[str, float]:
        """The swaps (N, R, R, 3) of `judged`, as drawn, without mask or blending.

        `identity_a`, `identity_b`: mean cosine to A and to B; `nearer_a`: the first minus the second;
        `landmark_error_percent`: distance of the inner points read from the swap to those read from B, both in the same
        window, in % of the face's size; `faces_share`: of the swaps that are faces. Only these are measured, and no
        number but the share is given where they are too few.
        """
        views = self.judged.showing(swaps)
        points, seen = self._eyes.read(views)
        share = float(seen.mean())
        if share < LEAST_SHARE:
            if not self._told:
                log.info("the swap is not judged yet: %d of %d are faces (to its networks)", seen.sum(), len(seen))
            self._told = True
            return {"faces_share": share}
        self._told = False
        to_a, to_b = (self._eyes.embed(views.moved(points).at(seen)) @ self._people.T).mean(0)
        errors = [
            landmark_error_percent(now, before, face_size(before))
            for now, before in zip(points[seen], self._points[seen], strict=True)
        ]
        return {
            "identity_a": float(to_a),
            "identity_b": float(to_b),
            "nearer_a": float(to_a - to_b),
            "landmark_error_percent": float(np.mean(errors)),
            "faces_share": share,
        }


def judge_for(data: PairData, device: str) -> Judge | None:
    """The judge of a pair; None, with one line that says why, where nothing is held out or no eyes are there."""
    if not len(data.held_out["b"]):
        return None  # said where the faces were counted
    try:
        with torch.random.fork_rng([]):  # networks are drawn at random before they are filled: a run must not notice
            judge = Judge(data, Eyes.load(device))
    except UserError as error:
        log.warning("the swap is not judged: %s", error)
        return None
    if not len(judge.judged):
        log.warning("the swap is not judged: the held-out pictures of B show no face; look at them")
        return None
    return judge


def score_of(validation: Mapping[str, float]) -> float | None:
    """The one number by which checkpoints are compared, more is better; None where the swap was not judged.

    How much nearer A than B the swap is, less a tenth of its landmark error in %, plus a twentieth of the PSNR in dB of
    A's own held-out faces. Identity alone is there early, while all is a blur, and so is a blur's landmark error.
    """
    prefix = "validation/swap/"
    if f"{prefix}nearer_a" not in validation:
        return None
    error, psnr_db = validation[f"{prefix}landmark_error_percent"], validation["validation/a/psnr_db"]
    return validation[f"{prefix}nearer_a"] - error / 10 + psnr_db / 20
