"""What the built-in networks measure of the swap on held-out faces: whose face it is, and whether it follows B."""

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
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.swap.data.pair_data import FaceViews, PairData

MOST_FACES = 16  # of B that are evaluated, and of each side that tell who it is
SURE = 0.5  # probability of a face from which on a picture shows one
LEAST_SHARE = 0.5  # of the swaps that must be faces: fewer say nothing of the others

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class EvaluationNetworks:
    """The networks that measure: `reader` of landmarks, `embedder` of people."""

    reader: Reader
    embedder: Embedder

    @classmethod
    def load(cls, device: str) -> EvaluationNetworks:
        """Return the shipped ones. Raises UserError when they are not there."""
        return cls(LandmarkPredictor(device), FaceEmbedder(device))

    def read(self, faces: FaceViews) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the points (N, 68, 2) read in windows around `faces.points`, and whether there is a face (N,)."""
        looks = [self.reader.window_of_points(points) for points in faces.points]
        predictions = self.reader.read(list(faces.rgb), looks)
        return np.stack([prediction.points for prediction in predictions]), np.array(
            [r.score >= SURE for r in predictions]
        )

    def embed(self, faces: FaceViews) -> NDArray[np.float32]:
        """Return unit vectors (N, 128)."""
        return self.embedder.embed(list(faces.rgb), list(faces.points))


class SwapEvaluator:
    """Compare swaps of the same held-out faces of B, every time alike.

    A and B are the mean embeddings of faces that train, in the model's own resolution.

    Attributes:
        faces: The faces of B whose swaps are evaluated; those in which the networks find no face are left out.
    """

    def __init__(self, data: PairData, networks: EvaluationNetworks) -> None:
        self._networks = networks
        self._people = np.stack([mean_of(networks.embed(data.known[side])) for side in "ab"])
        faces = data.held_out["b"].some(MOST_FACES)
        points, seen = networks.read(faces)
        self.faces, self._points = faces.at(seen), points[seen]
        self._warned = False

    def __call__(self, swaps: NDArray[np.uint8]) -> dict[str, float]:
        """Measure the swaps of `faces`.

        Args:
            swaps: (N, R, R, 3) uint8 RGB as drawn, without mask or blending.

        Returns:
            `identity_a`, `identity_b`: mean cosine to A and to B; `nearer_a`: the first minus the second;
            `landmark_error_percent`: distance of the inner points read from the swap to those read from B, both in the
            same window, in % of the face's size; `faces_share`: share of the swaps that are faces. Only these are
            measured, and no number but the share is given where they are too few.
        """
        views = self.faces.showing(swaps)
        points, seen = self._networks.read(views)
        share = float(seen.mean())
        if share < LEAST_SHARE:
            if not self._warned:
                log.info("the swap is not evaluated yet: %d of %d are faces (to its networks)", seen.sum(), len(seen))
            self._warned = True
            return {"faces_share": share}
        self._warned = False
        to_a, to_b = (self._networks.embed(views.moved(points).at(seen)) @ self._people.T).mean(0)
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


def evaluator_for(data: PairData, device: str) -> SwapEvaluator | None:
    """Return the evaluator of a pair; None, with one line that says why, where it cannot measure anything."""
    if not len(data.held_out["b"]):
        return None  # said where the faces were counted
    try:
        with torch.random.fork_rng([]):  # networks are drawn at random before they are filled: a run must not notice
            evaluator = SwapEvaluator(data, EvaluationNetworks.load(device))
    except UserError as error:
        log.warning("the swap is not evaluated: %s", error)
        return None
    if not len(evaluator.faces):
        log.warning("the swap is not evaluated: the held-out pictures of B show no face; look at them")
        return None
    return evaluator


def score_of(validation: Mapping[str, float]) -> float | None:
    """Return the number by which checkpoints are compared, more is better; None where the swap was not evaluated.

    How much nearer A than B the swap is, less a tenth of its landmark error in %, plus a twentieth of the PSNR in dB of
    A's own held-out faces. Identity alone is there early, while all is a blur, and so is a blur's landmark error.
    """
    prefix = "validation/swap/"
    if f"{prefix}nearer_a" not in validation:
        return None
    error, psnr_db = validation[f"{prefix}landmark_error_percent"], validation["validation/a/psnr_db"]
    return validation[f"{prefix}nearer_a"] - error / 10 + psnr_db / 20
