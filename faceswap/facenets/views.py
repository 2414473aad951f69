"""Upright views of faces for the parser, the embedder and the attribute network, and batched inference on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faceswap.core.geometry import compose, frame_to_crop_for, view_of_crop, warp_crop
from faceswap.facenets.loading import check_answer, load_network
from faceswap.utils.devices import multiplies_bf16
from faceswap.utils.images import to_signed_range

CROP_PX = 256  # of the crop a view is part of; any number gives the same view
LARGEST_BATCH = 32


def frame_to_view_for(points: NDArray, coverage: float, resolution_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) similarity from a picture to the central `coverage` of its face's upright crop.

    `points` (68, 2) are pixels of the picture.

    Raises:
        ValueError: They coincide.
    """
    return compose(view_of_crop(CROP_PX, coverage, resolution_px), frame_to_crop_for(points, CROP_PX))


def roll_of(frame_to_view: NDArray) -> float:
    """Return the clockwise roll in degrees that a view has taken out of its face."""
    return float(-np.degrees(np.arctan2(frame_to_view[1, 0], frame_to_view[0, 0])))


class ViewReader:
    """A network that looks at upright views: `coverage` of the crop, `resolution_px` wide.

    `network` replaces the pretrained one called `name`, which is loaded at the first face. `mixed`: in mixed precision
    where the hardware multiplies bf16, for answers that need few digits.
    """

    def __init__(
        self,
        name: str,
        build: Callable[..., nn.Module],
        coverage: float,
        resolution_px: int,
        device: str = "auto",
        network: nn.Module | None = None,
        mixed: bool = False,
    ) -> None:
        self._mixed = mixed
        self._name, self._build, self._asked_device = name, build, device
        self.coverage, self.resolution_px = coverage, resolution_px
        self._network = None if network is None else network.eval()
        self._place: torch.device | str = "cpu"

    def cut(
        self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Crop the views (n, R, R, 3) uint8 of n faces; return them and their frame_to_view (n, 2, 3).

        Args:
            images: The picture (H, W, 3) uint8 of each face.
            points: Its (68, 2) in that picture's pixels.
        """
        if len(images) != len(points):
            raise ValueError(f"one picture for each face is needed, not {len(images)} for {len(points)}")
        matrices = np.empty((len(points), 2, 3))
        views = np.empty((len(points), self.resolution_px, self.resolution_px, 3), np.uint8)
        for index, (image, face) in enumerate(zip(images, points, strict=True)):
            matrices[index] = frame_to_view_for(face, self.coverage, self.resolution_px)
            views[index] = warp_crop(image, matrices[index], self.resolution_px)
        return views, matrices

    def answers(self, views: NDArray[np.uint8], finish: Callable[[Tensor], Tensor] = lambda values: values) -> NDArray:
        """Return what the network, then `finish`, makes of views (n, R, R, 3): float32, the first axis n."""
        if self._network is None:
            self._network, self._place = load_network(self._name, self._build, self._asked_device)
        place = torch.device(self._place)
        precision = torch.autocast(place.type, torch.bfloat16, enabled=self._mixed and multiplies_bf16(place))
        with torch.inference_mode(), precision:
            parts = [
                finish(self._network(to_signed_range(views[start : start + LARGEST_BATCH], self._place)).float()).cpu()
                for start in range(0, max(1, len(views)), LARGEST_BATCH)  # no face still gives the answer its shape
            ]
        answers = torch.cat(parts)
        check_answer(self._name, answers)
        return answers.numpy()
