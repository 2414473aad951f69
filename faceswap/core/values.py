"""Frame, Face, AlignedFace, Decoded: frozen values, validated when created.

Pixel convention everywhere (OpenCV's): the centre of the top-left pixel is (0, 0), so a picture of width W spans
[-0.5, W - 0.5] and resizing by s maps x to (x + 0.5) * s - 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.core.pasted import Pasted
from faceswap.core.stored_picture import StoredPicture
from faceswap.utils.errors import UserError

POINT_COUNT = 68
EMBEDDING_SIZE = 128


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture in display orientation: `image` (H, W, 3) uint8 RGB, `index` from 0, `seconds` shown at.

    `stored`: the same picture in the film's own depth, where a result is to keep it. `pasted`: the faces laid into it,
    where layers of a result are made of them.
    """

    image: NDArray[np.uint8]
    index: int
    seconds: float
    stored: StoredPicture | None = None
    pasted: Sequence[Pasted] = ()

    def __post_init__(self) -> None:
        _check_image("Frame.image", self.image)
        if self.stored is not None and self.stored.shape != self.image.shape[:2]:
            raise ValueError(f"Frame.stored is {self.stored.shape}, its image {self.image.shape[:2]}")
        if self.index < 0:
            raise ValueError(f"Frame.index must be 0 or more, not {self.index}")

    @property
    def width(self) -> int:
        return self.image.shape[1]

    @property
    def height(self) -> int:
        return self.image.shape[0]

    @property
    def nbytes(self) -> int:
        """Return how much memory its pictures take."""
        return self.image.nbytes + (self.stored.nbytes if self.stored is not None else 0)


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a frame: `box` (4,) x0, y0, x1, y1 and `points` (68, 2) in iBUG order, both in frame pixels.

    `score` is the finder's confidence in [0, 1]; `track` joins the same person over neighbouring frames (-1: unknown).
    Finders that can tell more: `embedding` (128,), a unit vector that says who it is; `visible` (68,) in [0, 1], 0 for
    a point that something hides.
    """

    box: NDArray[np.float32]
    points: NDArray[np.float32]
    score: float = 1.0
    track: int = -1
    embedding: NDArray[np.float32] | None = None
    visible: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _as_finite("Face.box", self.box, (4,)))
        object.__setattr__(self, "points", _as_finite("Face.points", self.points, (POINT_COUNT, 2)))
        if self.embedding is not None:
            embedding = _as_finite("Face.embedding", self.embedding, (EMBEDDING_SIZE,))
            object.__setattr__(self, "embedding", embedding)
            if abs(float(np.linalg.norm(embedding)) - 1) > 0.01:
                raise ValueError(f"Face.embedding must be a unit vector, not {np.linalg.norm(embedding):.3g} long")
        if self.visible is not None:
            visible = _as_finite("Face.visible", self.visible, (POINT_COUNT,))
            object.__setattr__(self, "visible", visible)
            if visible.min() < 0 or visible.max() > 1:
                raise ValueError("Face.visible must be in [0, 1]")
        if self.box[2] <= self.box[0] or self.box[3] <= self.box[1]:
            raise ValueError(f"Face.box must be x0, y0, x1, y1 with x0 < x1 and y0 < y1, not {self.box.tolist()}")

    @classmethod
    def from_points(cls, points: NDArray, score: float = 1.0, track: int = -1) -> Face:
        """Return a face whose box is the tight box of its points."""
        points = np.asarray(points, np.float32)
        return cls(np.concatenate([points.min(0), points.max(0)]), points, score, track)


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """An upright square crop: `image` (S, S, 3) uint8 RGB, `points` (68, 2) in crop pixels, `frame_to_crop` (2, 3)."""

    image: NDArray[np.uint8]
    points: NDArray[np.float32]
    frame_to_crop: NDArray[np.float64]

    def __post_init__(self) -> None:
        _check_image("AlignedFace.image", self.image)
        if self.image.shape[0] != self.image.shape[1]:
            raise ValueError(f"AlignedFace.image must be square, not {self.image.shape[1]} x {self.image.shape[0]}")
        object.__setattr__(self, "points", _as_finite("AlignedFace.points", self.points, (POINT_COUNT, 2)))
        matrix = _as_finite("AlignedFace.frame_to_crop", self.frame_to_crop, (2, 3), np.float64)
        object.__setattr__(self, "frame_to_crop", matrix)

    @property
    def size_px(self) -> int:
        return self.image.shape[0]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a model makes of N faces: `images` (N, R, R, 3) float32 RGB and `masks` (N, R, R) float32, both in [0, 1].

    `masks` is None when the model has learned none. Raises UserError for what is no number: NaN would be black faces.
    """

    images: NDArray[np.float32]
    masks: NDArray[np.float32] | None

    def __post_init__(self) -> None:
        shape = self.images.shape
        if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
            raise ValueError(f"Decoded.images must be (N, R, R, 3), not {shape}")
        if self.masks is not None and self.masks.shape != shape[:3]:
            raise ValueError(f"Decoded.masks must be {shape[:3]} as the images are, not {self.masks.shape}")
        if not all(np.isfinite(part).all() for part in (self.images, self.masks) if part is not None):
            raise UserError(
                "the model draws no pictures (numbers that are none): its weights are broken; take another checkpoint= "
                "or train again"
            )

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class DrawnFaces:
    """What several models made of N faces: of each its `images` (R, R, 3) and `masks` (R, R) or None, R its model's."""

    images: Sequence[NDArray[np.float32]]
    masks: Sequence[NDArray[np.float32] | None]

    def __len__(self) -> int:
        return len(self.images)


def _check_image(name: str, image: NDArray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"{name} must be (H, W, 3) uint8 RGB, not {image.shape} {image.dtype}")


def _as_finite(name: str, values: NDArray, shape: tuple[int, ...], dtype: type = np.float32) -> NDArray:
    array: NDArray = np.asarray(values, dtype)
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers")
    return array
