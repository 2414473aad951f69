"""The finder of the package face-alignment (Bulat and Tzimiropoulos 2017): its detectors, its 68-point networks.

The networks are the package's; what surrounds them is written anew, because the package takes face after face, rounds
landmarks to whole pixels and unpickles some weights without care. Here crops of several frames go through the network
together, detection sees reduced frames, landmarks the full ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import warp_crop
from faceswap.core.values import POINT_COUNT, Face, Frame
from faceswap.detect.config import FaceAlignmentConfig
from faceswap.detect.downloads import default_folder
from faceswap.detect.face_alignment_networks import DETECTORS, NETWORKS, FaceAlignmentNetworks, check_parts
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

# The network's view of a face, as it was trained: a square window of 200 / reference_scale times the box's mean side,
# centred 0.12 heights above the box's centre, seen at 256 px; heatmaps of 64 px (the package's constants).
CROP_PX = 256
HEATMAP_PX = 64
_WINDOW = 200.0
_UPWARDS = 0.12

PRECISIONS = ("auto", "fp32", "bf16")


class FaceAlignmentFinder:
    """Detects on frames reduced to `detect_side_px` (longer side), then finds 68 points at full resolution.

    `detector`: sfd (accurate), blazeface, blazeface_back (fast, large faces), yunet, scrfd (needs onnxruntime),
    retinaface (needs torchvision). `network`: 2d follows the visible contour, 3d the hidden jaw too. `minimum_score`
    in (0, 1). `flip` averages with the mirrored face: twice the time. `precision`: fp32, bf16, or auto (bf16 where the
    hardware multiplies it). `device`: auto, cpu, cuda or cuda:N. `weights_folder`: see `weights.default_folder`.
    """

    def __init__(
        self,
        detector: str = FaceAlignmentConfig.detector,
        network: str = FaceAlignmentConfig.network,
        device: str = FaceAlignmentConfig.device,
        weights_folder: str | None = FaceAlignmentConfig.weights_folder,
        batch_size: int = FaceAlignmentConfig.batch_size,
        detect_side_px: int = FaceAlignmentConfig.detect_side_px,
        minimum_score: float = FaceAlignmentConfig.minimum_score,
        flip: bool = FaceAlignmentConfig.flip,
        precision: str = FaceAlignmentConfig.precision,
    ) -> None:
        for name, value, accepted in (
            ("detector", detector, DETECTORS),
            ("network", network, NETWORKS),
            ("precision", precision, PRECISIONS),
        ):
            if value not in accepted:
                raise UserError(f"finder.{name}={value}: must be one of {', '.join(accepted)}")
        if batch_size < 1 or detect_side_px < 64 or not 0 < minimum_score < 1:
            raise UserError("finder: batch_size must be 1 or more, detect_side_px 64 or more, minimum_score in (0, 1)")
        self.batch_size = batch_size
        self._detector_name, self._network_name = detector, network
        self._side, self._score, self._flip = detect_side_px, minimum_score, flip
        self._device, self._precision = device, precision
        self._folder = Path(weights_folder) if weights_folder else default_folder()
        self._nets: FaceAlignmentNetworks | None = None

    @property
    def description(self) -> str:
        """Detector, network and what changes their results."""
        flip = " flip" if self._flip else ""
        return f"face-alignment {self._detector_name} at {self._side} px > {self._score:g}, {self._network_name}{flip}"

    def prepare(self, source: SourceInfo) -> None:
        """Make sure that the weights are there (the networks are loaded with the first frame)."""
        check_parts(self._detector_name, self._network_name, self._folder)

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """Return the faces of each frame, highest score first."""
        if self._nets is None:
            self._nets = FaceAlignmentNetworks(
                self._detector_name, self._network_name, self._folder, self._score, self._device, self._precision
            )
        boxes = self._detect(self._nets, frames)
        places = [
            (index, box, _Window.around(box, self._nets.reference_scale))
            for index, found in enumerate(boxes)
            for box in found
        ]
        crops = [warp_crop(frames[index].image, window.frame_to_crop, CROP_PX) for index, _, window in places]
        faces: list[list[Face]] = [[] for _ in frames]
        for (index, box, window), points in zip(places, self._heatmap_points(self._nets, crops), strict=True):
            faces[index].append(Face(box[:4], window.to_frame(points), float(np.clip(box[4], 0, 1))))
        return faces

    def _detect(self, nets: FaceAlignmentNetworks, frames: Sequence[Frame]) -> list[NDArray[np.float32]]:
        """Return boxes (N, 5) x0, y0, x1, y1, score of each frame, in its own pixels."""
        groups: dict[tuple[int, ...], list[tuple[int, NDArray[np.uint8]]]] = defaultdict(list)
        for index, frame in enumerate(frames):
            small = _reduced(frame.image, self._side, nets.square)
            groups[small.shape].append((index, small))
        boxes = [np.zeros((0, 5), np.float32)] * len(frames)
        for group in groups.values():
            for (index, small), found in zip(group, nets.detect([image for _, image in group]), strict=True):
                scale = max(frames[index].width, frames[index].height) / max(small.shape)
                boxes[index] = _inside(found, scale, frames[index])
        return boxes

    def _heatmap_points(self, nets: FaceAlignmentNetworks, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the points (N, 68, 2) of crops (256, 256, 3), in heatmap pixels."""
        points = [np.zeros((0, POINT_COUNT, 2), np.float32)]
        for start in range(0, len(crops), self.batch_size):
            points.append(peaks(nets.heatmaps(np.stack(crops[start : start + self.batch_size]), self._flip)))
        return np.concatenate(points)


@dataclass(frozen=True)
class _Window:
    """The square of the frame that the network sees: its left and top edge and its side in frame pixels.

    The package cuts the window one crop pixel short at the left and the top and rounds both its corners and its points
    down to whole pixels; the network was trained that way. Here the same is done without the rounding, each place
    taken half a pixel lower instead, so that points agree with the package's on average.
    """

    left: float
    top: float
    side: float

    @classmethod
    def around(cls, box: NDArray[np.float32], reference_scale: float) -> _Window:
        x0, y0, x1, y1 = (float(edge) for edge in box[:4])
        side = _WINDOW * (x1 - x0 + y1 - y0) / reference_scale
        centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2 - _UPWARDS * (y1 - y0)
        return cls(centre_x - side / 2, centre_y - side / 2, side)

    @property
    def frame_to_crop(self) -> NDArray[np.float64]:
        crop_pixel = self.side / CROP_PX
        scale = CROP_PX / (self.side - crop_pixel)
        x, y = self.left + crop_pixel - 1, self.top + crop_pixel - 1
        return np.array([[scale, 0, -scale * x - 0.5], [0, scale, -scale * y - 0.5]], np.float64)

    def to_frame(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return heatmap points (68, 2) in frame pixels."""
        scaled = (points.astype(np.float64) + 0.5) * (self.side / HEATMAP_PX)
        return (scaled + (self.left - 0.5, self.top - 0.5)).astype(np.float32)


def peaks(heatmaps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the places (N, P, 2), x and y, of the maxima of (N, P, H, W) heatmaps, between the grid points.

    A parabola through the logarithms of the maximum and its neighbours, exact for a Gaussian (Zhang et al. 2020,
    "Distribution-aware coordinate representation").
    """
    count, points, height, width = heatmaps.shape
    flat = heatmaps.reshape(-1, height, width)
    y, x = np.divmod(flat.reshape(len(flat), -1).argmax(1), width)
    rows = np.arange(len(flat))
    inner_x, inner_y = np.clip(x, 1, width - 2), np.clip(y, 1, height - 2)

    def offset(before: NDArray, centre: NDArray, after: NDArray) -> NDArray:
        left, middle, right = (np.log(np.maximum(values, 1e-6)) for values in (before, centre, after))
        curvature = left - 2 * middle + right
        bent = curvature < -1e-6
        shift = np.where(bent, 0.5 * (left - right) / np.where(bent, curvature, 1), 0)
        return np.clip(shift, -0.5, 0.5)

    centre = flat[rows, y, x]
    move_x = offset(flat[rows, y, inner_x - 1], centre, flat[rows, y, inner_x + 1])
    move_y = offset(flat[rows, inner_y - 1, x], centre, flat[rows, inner_y + 1, x])
    move_x, move_y = np.where(inner_x == x, move_x, 0), np.where(inner_y == y, move_y, 0)
    return np.stack([x + move_x, y + move_y], -1).reshape(count, points, 2).astype(np.float32)


def _reduced(image: NDArray[np.uint8], side_px: int, square: bool) -> NDArray[np.uint8]:
    """Return the picture with its longer side at most `side_px`; with `square` padded to the right or below."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    small = image
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if square:
        side = max(small.shape[:2])
        small = np.pad(small, ((0, side - small.shape[0]), (0, side - small.shape[1]), (0, 0)))
    return small


def _inside(boxes: NDArray[np.float32], scale: float, frame: Frame) -> NDArray[np.float32]:
    """Return boxes scaled to the frame's pixels, without those that are empty, lie outside or are far too large."""
    scaled = boxes.copy()
    scaled[:, :4] = (boxes[:, :4] + 0.5) * scale - 0.5
    x0, y0, x1, y1 = scaled[:, :4].T
    kept = np.isfinite(scaled).all(1) & (x1 - x0 > 1) & (y1 - y0 > 1)
    kept &= (x1 > 0) & (y1 > 0) & (x0 < frame.width - 1) & (y0 < frame.height - 1)
    kept &= np.maximum(x1 - x0, y1 - y0) < 4 * max(frame.width, frame.height)
    return scaled[kept][np.argsort(-scaled[kept][:, 4], kind="stable")]
