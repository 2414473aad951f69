"""Face detection in pictures of any size with the built-in network: boxes, scores, roll.

picture -> reduced, framed by a plain border -> maps -> peaks -> boxes in the picture's own pixels
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.boxes import box_area, box_areas, intersections
from faceswap.facenets.detector_net import DetectorNet, split
from faceswap.facenets.loading import check_answer, load_network
from faceswap.utils.errors import UserError
from faceswap.utils.images import to_signed_range
from faceswap.utils.limits import FACES_A_FRAME

BORDER_GREY = 127  # what surrounds a picture: 0 once it is network input, like the network's own padding
BORDER_SHARE = 0.12  # of the reduced picture's sides, all round, so that a cut face's centre lies inside the maps
SIDE_STEP = 32  # sides that the network takes are multiples of this
SMALLEST_SIDE_PX = 320  # pictures are not reduced below this ...
LARGEST_REDUCTION = 0.6  # ... nor more than so, where side_px allows it: faces of 20 px stay in sight
ENLARGED_BELOW_PX, LARGEST_ENLARGEMENT = 200, 2.0
SECOND_CANVAS_ABOVE_PX, SECOND_CANVAS_SIDE_PX = 240, 160  # the network learned faces up to about 160 px
LARGEST_BATCH_PIXELS = 8 * 640 * 640
OVERLAP = 0.4  # intersection over union above which two boxes are one face
INSIDE = 0.75  # a box with so much of it inside a surer one is part of that face


class FaceDetector:
    """`detect` finds faces upright or turned, from about 12 px of the reduced picture to the whole of it.

    Pictures are reduced to at most `side_px` (longer side). `minimum_score` in (0, 1). `device`: auto, cpu, cuda...
    `network` replaces the shipped one (for training and tests).
    """

    def __init__(
        self, device: str = "auto", side_px: int = 640, minimum_score: float = 0.4, network: nn.Module | None = None
    ) -> None:
        if side_px < 64 or not 0 < minimum_score < 1:
            raise UserError(f"detector: side_px={side_px} must be 64 or more, minimum_score={minimum_score} in (0, 1)")
        self.side_px, self.minimum_score = side_px, minimum_score
        self._network: nn.Module
        if network is None:
            self._network, self._device = load_network("detector", DetectorNet, device)
        else:
            self._network, self._device = network.eval(), next(network.parameters()).device

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return x0, y0, x1, y1, score, roll_degrees (n, 6) of the faces of each (H, W, 3) uint8 RGB, surest first.

        The box is the tight box of the 68 landmarks in the picture's pixels and may reach beyond the picture;
        roll + = clockwise, as `geometry.head_pose`. Raises UserError for a network that gives no numbers.
        """
        found: list[list[NDArray[np.float32]]] = [[] for _ in images]
        groups: dict[tuple[int, int], list[tuple[int, Canvas]]] = defaultdict(list)
        for index, image in enumerate(images):
            for canvas in detector_canvases(image.shape[:2], self.side_px):
                groups[canvas.size].append((index, canvas))
        for (width, height), group in groups.items():
            step = max(1, LARGEST_BATCH_PIXELS // (width * height))
            for start in range(0, len(group), step):
                part = group[start : start + step]
                pictures = np.stack([canvas.draw(images[index]) for index, canvas in part])
                with torch.inference_mode():
                    outputs = self._network(to_signed_range(pictures, self._device))
                    check_answer("detector", outputs)
                    faces = peaks(outputs, self.minimum_score)
                for (index, canvas), rows in zip(part, faces, strict=True):
                    found[index].append(canvas.to_image(rows))
        return [distinct(_inside(np.concatenate(rows), image)) for rows, image in zip(found, images, strict=True)]


@dataclass(frozen=True)
class Canvas:
    """Where a picture of `image_size` lies on the network's input: reduced to `inner`, its corner at `offset`.

    All are (width, height) or (x, y) in whole pixels.
    """

    image_size: tuple[int, int]
    inner: tuple[int, int]
    offset: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def around(cls, image_size: tuple[int, int], scale: float) -> Canvas:
        """Return the picture scaled by about `scale` in the middle of the smallest canvas with the border that fits."""
        inner_w, inner_h = (max(1, round(side * scale)) for side in image_size)
        width, height = (
            -(-round(side * (1 + 2 * BORDER_SHARE)) // SIDE_STEP) * SIDE_STEP for side in (inner_w, inner_h)
        )
        return cls(image_size, (inner_w, inner_h), ((width - inner_w) // 2, (height - inner_h) // 2), (width, height))

    def draw(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the network's input picture (height, width, 3) of an image of `image_size`."""
        small = image
        if self.inner != self.image_size:
            shrinks = self.inner[0] <= self.image_size[0] and self.inner[1] <= self.image_size[1]
            method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            small = cv2.resize(image, self.inner, interpolation=method)
        canvas = np.full((self.size[1], self.size[0], 3), BORDER_GREY, np.uint8)
        x, y = self.offset
        canvas[y : y + self.inner[1], x : x + self.inner[0]] = small
        return canvas

    def to_image(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return faces (n, 6) of the canvas in the image's pixels."""
        moved = rows.copy()
        for axis in (0, 1):
            scale = self.image_size[axis] / self.inner[axis]
            moved[:, axis:4:2] = (rows[:, axis:4:2] - self.offset[axis] + 0.5) * scale - 0.5
        return moved


def detector_canvases(shape: tuple[int, ...], side_px: int) -> list[Canvas]:
    """Return the canvases of a picture of `shape` (height, width): one, for a large one a second, reduced further."""
    size = int(shape[1]), int(shape[0])
    longer = max(size)
    if longer < ENLARGED_BELOW_PX:
        return [Canvas.around(size, min(LARGEST_ENLARGEMENT, ENLARGED_BELOW_PX / longer))]
    scale = min(1.0, side_px / longer, max(LARGEST_REDUCTION, SMALLEST_SIDE_PX / longer))
    canvases = [Canvas.around(size, scale)]
    if scale * longer > SECOND_CANVAS_ABOVE_PX:
        canvases.append(Canvas.around(size, SECOND_CANVAS_SIDE_PX / longer))
    return canvases


def peaks(outputs: Tensor, minimum_score: float) -> list[NDArray[np.float32]]:
    """Return for each picture x0, y0, x1, y1, score, roll_degrees (n, 6) at the maxima of outputs (N, 7, h, w)."""
    logits, boxes, rolls = split(outputs)
    scores = logits.sigmoid()
    is_peak = functional.max_pool2d(scores[:, None], 3, 1, 1)[:, 0] == scores
    number, row, column = torch.nonzero(is_peak & (scores >= minimum_score), as_tuple=True)
    angles = torch.rad2deg(torch.atan2(rolls[number, 1, row, column], rolls[number, 0, row, column]))
    table = torch.cat([boxes[number, :, row, column], scores[number, row, column, None], angles[:, None]], 1)
    rows, numbers = table.cpu().numpy().astype(np.float32), number.cpu().numpy()
    return [rows[numbers == index] for index in range(len(outputs))]


def distinct(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return faces (n, 6) without those that a surer one covers, surest first."""
    faces = faces[np.argsort(-faces[:, 4], kind="stable")]
    kept: list[NDArray[np.float32]] = []
    for face in faces:
        if len(kept) == FACES_A_FRAME:
            break
        if not kept or not _covered(face, np.array(kept)):
            kept.append(face)
    return np.array(kept, np.float32).reshape(-1, 6)


def _covered(face: NDArray, others: NDArray) -> bool:
    common = intersections(face[None], others)[0]
    area, areas = box_area(face), box_areas(others)
    return bool(((common > OVERLAP * (area + areas - common)) | (common > INSIDE * np.minimum(area, areas))).any())


def _inside(faces: NDArray[np.float32], image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return faces whose centre lies in the picture or just outside, and that have an area."""
    height, width = image.shape[:2]
    x, y = (faces[:, 0] + faces[:, 2]) / 2, (faces[:, 1] + faces[:, 3]) / 2
    margin_x, margin_y = BORDER_SHARE * width, BORDER_SHARE * height
    kept = np.isfinite(faces).all(1) & (faces[:, 2] - faces[:, 0] > 1) & (faces[:, 3] - faces[:, 1] > 1)
    kept &= (x > -margin_x) & (x < width + margin_x) & (y > -margin_y) & (y < height + margin_y)
    # a face must show at least a part of itself
    kept &= (faces[:, 2] > 0) & (faces[:, 3] > 0) & (faces[:, 0] < width - 1) & (faces[:, 1] < height - 1)
    return faces[kept]
