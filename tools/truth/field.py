"""The terms in which papers on face swapping compare: pose, expression, retrieval of the identity, Frechet distance.

Each is computed with this project's own networks, so the numbers place settings of this program beside each other and
others beside it that are scored by it, not against figures printed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.embeddings import mean_of
from faceswap.core.geometry import head_pose, similarity, transform_points
from faceswap.core.landmarks import INNER
from faceswap.facenets import parser
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.loading import load_network
from faceswap.facenets.views import ViewReader
from faceswap.media.pictures.images import read_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of
from faceswap.utils.images import to_signed_range
from tools.train_eyes.data import Faces

LEAST_PEOPLE = 200  # of a gallery, beside A and B


class ParserFeatures(ViewReader):
    """What the built-in parser makes of a face before it decides what each pixel is: (n, 160), means over its view.

    Trained to tell skin from lips from hair on rendered people; no swap model, loss or discriminator is made with it.
    `tag`: the first digits of the shipped file's checksum. Raises UserError when it is not shipped.
    """

    def __init__(self, device: str = "auto") -> None:
        super().__init__("parser", parser.ParserNet, parser.COVERAGE, parser.RESOLUTION_PX, device)
        self.tag = entry_of("parser").tag
        self._net, self._place = load_network("parser", parser.ParserNet, device)

    def features(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return `images`: the picture (H, W, 3) uint8 RGB of each face.

        Args:
            points: Its (68, 2).
        """
        views, _ = self.cut(images, points)
        with torch.inference_mode():
            seen = self._net.stem(to_signed_range(views, self._place))
            for stage in self._net.down:
                seen = stage(seen)
        return seen.float().mean((2, 3)).cpu().numpy()


def pose_error_degrees(read: NDArray, truth: NDArray) -> float:
    """Return length of the difference of (yaw, pitch, roll) that two readings (68, 2) tell of."""
    one, other = (np.array([pose.yaw, pose.pitch, pose.roll]) for pose in (head_pose(read), head_pose(truth)))
    return float(np.linalg.norm(one - other))


def expression_error_percent(read: NDArray, truth: NDArray, size_px: float) -> float:
    """Return mean distance of the inner 51 points in % of the face's size.

    After the best turn, shift and scale of one reading onto the other: what the pose, and where the face lies, do not
    explain.
    """
    onto = transform_points(similarity(read[INNER], truth[INNER]), read[INNER])
    return float(100 * np.linalg.norm(onto - truth[INNER], axis=1).mean() / size_px)


def retrieval_share(faces: NDArray, a: NDArray, b: NDArray, strangers: NDArray) -> float:
    """Return the share of faces (F, 128) nearest to A (128,) among A, B and strangers (N, 128), all unit vectors."""
    nearest = np.argmax(faces @ np.vstack([a[None], b[None], strangers]).T, axis=1)
    return float(np.mean(nearest == 0))


def gallery(folder: Path, embedder: FaceEmbedder) -> NDArray[np.float32]:
    """Return (N, 128) of the people in a set of `python -m tools.people dataset`: the mean of each one's pictures.

    Raises:
        UserError: For fewer than LEAST_PEOPLE, and for a picture that cannot be read.
    """
    faces = Faces(folder)
    people = np.unique(faces.person)
    if len(people) < LEAST_PEOPLE:
        raise UserError(f"{folder} shows {len(people)} people: a gallery needs at least {LEAST_PEOPLE}")
    vectors = []
    for person in people:
        chosen = np.flatnonzero(faces.person == person)[:4]
        pictures = [read_image(folder / faces.rows[i]["file"]) for i in chosen]
        vectors.append(mean_of(embedder.embed(pictures, [faces.points[i] for i in chosen])))
    return np.stack(vectors)
