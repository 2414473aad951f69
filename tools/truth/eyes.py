"""What the built-in eyes see in a frame: where the landmarks lie and whose face it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness, mean_of
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.utils.files.pretrained import entry_of

NETWORKS = ("landmarks", "embedder")


@dataclass(frozen=True, eq=False)
class Sight:
    """`points` (68, 2) in frame pixels as they were read, `embedding` (128,) a unit vector."""

    points: NDArray[np.float32]
    embedding: NDArray[np.float32]


class Eyes:
    """Reads and recognises faces as the built-in finder does; `reader` and `embedder` replace the shipped networks.

    `weights`: the first digits of the shipped files' checksums. Raises UserError when one is not shipped.
    """

    def __init__(
        self, device: str = "auto", reader: LandmarkPredictor | None = None, embedder: FaceEmbedder | None = None
    ) -> None:
        given = dict(zip(NETWORKS, (reader, embedder), strict=True))
        self.weights = {name: entry_of(name).tag for name, network in given.items() if network is None}
        self._reader, self.embedder = reader or LandmarkPredictor(device), embedder or FaceEmbedder(device)

    def look(self, images: Sequence[NDArray[np.uint8]], points: NDArray) -> list[Sight]:
        """Return what pictures (H, W, 3) uint8 RGB show where `points` (68, 2) say that the face is.

        All in the same window.

        The window is that of a second look, so a reader's habits are the same in each picture and cancel out in
        differences. Each face is recognised by the points that were read, as it is in a film without landmarks.
        """
        window = self._reader.window_of_points(points)
        read = [prediction.points for prediction in self._reader.read(images, [window] * len(images))]
        return [Sight(*seen) for seen in zip(read, self.embedder.embed(images, read), strict=True)]


def identity_scores(swap: NDArray, truth: NDArray, original: NDArray) -> dict[str, float]:
    """Return whose face the swap is, from the embeddings (F, 128) of the same F frames of the three clips.

    A is the mean of `truth` and B the mean of `original`, not those of their training clips: at the same moments, light
    and skin they differ in nothing but the face. `identity` is the mean cosine to A minus that to B, in [-2, 2];
    `identity_of_truth` is what the truth itself gets, about the best a swap can; `nearer_a_share`: of frames above 0.
    """
    a, b = mean_of(truth), mean_of(original)
    of_swap, of_truth = ([likeness(face, a) - likeness(face, b) for face in clip] for clip in (swap, truth))
    return {
        "identity": float(np.mean(of_swap)),
        "identity_of_truth": float(np.mean(of_truth)),
        "nearer_a_share": float(np.mean(np.array(of_swap) > 0)),
    }
