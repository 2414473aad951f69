"""Drawn faces made sharp, on their way from the model to the frame."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.embeddings import likeness, mean_of
from faceswap.core.geometry import compose, transform_points, view_of_crop
from faceswap.core.values import AlignedFace, Decoded
from faceswap.engine.accelerator import Accelerator
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.facenets.loading import check_answer
from faceswap.swap.detail.network import DetailNet, places_of
from faceswap.swap.detail.references import References, SteadyChoice
from faceswap.swap.detail.warping import warped_onto

SIZE_PX = 256
COUNT = 3  # references of a face
AT_ONCE = 4  # faces of a batch that a CPU takes together: more leave its caches (measured: 67 to 58 CPU-ms a face)
STRANGER = 0.3  # cosine of what is drawn to the references; measured: their own 0.8 to 0.94, others' up to 0.14
SMOOTH = np.array([-1, 4, 10, 4, -1], np.float32) / 16  # passes nothing that changes from each pixel to the next
STEADY = 0.75  # share of a track's offset between drawn and filmed points that stays each frame

log = logging.getLogger(__name__)


class Refiner:
    """Makes batches of drawn faces sharp, SIZE_PX to a side.

    Light, colours and coarse shape stay as they were drawn. With `references` detail comes from the person's own
    pictures; where their points lie is read in what was drawn, since a drawn face has its own proportions.
    """

    def __init__(
        self, network: DetailNet, accelerator: Accelerator, references: References | None = None,
        strength: float = 1.0, reader: LandmarkPredictor | None = None, embedder: FaceEmbedder | None = None,
    ) -> None:  # fmt: skip
        self._network, self._accelerator = accelerator.place(network).eval(), accelerator
        self._references, self._strength = references, strength
        self._places = places_of(SIZE_PX).to(accelerator.device)
        self._offsets: dict[int, tuple[int, NDArray[np.float32]]] = {}
        self._lent_from, self._is_stranger_told = references, False
        if references is not None:
            self._choice = SteadyChoice(references, COUNT)
            self._reader = reader or LandmarkPredictor(str(accelerator.device))
            self._known: FaceEmbedder = embedder or FaceEmbedder(str(accelerator.device))
            self._embedder: FaceEmbedder | None = self._known

    def forget(self) -> None:
        """Begin anew: what follows is another part of the film, whose first faces are looked at again."""
        self._offsets.clear()
        if self._lent_from is not None:
            self._references, self._embedder = self._lent_from, self._known
            self._choice = SteadyChoice(self._lent_from, COUNT)

    def refine(
        self, views: Sequence[AlignedFace], decoded: Decoded, tracks: Sequence[int], frames: Sequence[int]
    ) -> tuple[list[AlignedFace], Decoded]:
        """Return the views of faces and what was drawn in them, both with SIZE_PX pixels to a side.

        `tracks`, `frames`: of each face its track (-1: none) and the number of its frame, ascending along a track.
        """
        larger = [_larger(view) for view in views]
        size = (SIZE_PX, SIZE_PX)
        drawn = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for image in decoded.images])
        drawn = drawn.clip(0, 1)
        references, trust = self._lent(larger, drawn, tracks, frames)
        images = self._sharp(drawn, references, trust)
        masks = decoded.masks
        if masks is not None:
            masks = np.stack([cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR) for mask in masks])
        return larger, Decoded(images, masks)

    def _lent(
        self, views: Sequence[AlignedFace], drawn: NDArray[Any], tracks: Sequence[int], frames: Sequence[int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return references on the drawn faces' points (N, K, S, S, 3), and how far each is trusted (N, K)."""
        nothing = np.empty((len(views), 0, SIZE_PX, SIZE_PX, 3), np.uint8), np.empty((len(views), 0), np.float32)
        if self._references is None:
            return nothing
        pictures = list((drawn * 255).astype(np.uint8))
        windows = [self._reader.window_of_points(view.points) for view in views]
        read = [prediction.points for prediction in self._reader.read(pictures, windows)]
        if not self._are_theirs(pictures, read):
            self._references = None
            return nothing
        lent, trusted = [], []
        for view, seen, track, frame in zip(views, read, tracks, frames, strict=True):
            points = view.points + self._steady(track, frame, seen - view.points)
            chosen, trust = self._choice.next(track, frame, points)
            known = self._references
            lent.append(
                warped_onto([known.pictures[i] for i in chosen], [known.points[i] for i in chosen], points, SIZE_PX)
            )
            trusted.append(trust)
        return np.stack(lent), np.asarray(trusted, np.float32)

    def _steady(self, track: int, frame: int, offset: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a track's offset without what trembles: of one person on another it hardly changes."""
        if track < 0:
            return offset
        last, past = self._offsets.get(track, (-9, offset))
        if frame - last <= 2:
            offset = STEADY * past + (1 - STEADY) * offset
        self._offsets[track] = frame, offset
        for ended in [known for known, (index, _) in self._offsets.items() if index < frame - 2]:
            del self._offsets[ended]
        return offset

    def _are_theirs(self, pictures: Sequence[NDArray[np.uint8]], points: Sequence[NDArray[Any]]) -> bool:
        """Return whether the references are of who is drawn; looked at once, at the first faces."""
        if self._embedder is None or self._references is None:
            return True
        alike = likeness(mean_of(self._embedder.embed(pictures, points)), self._references.person)
        self._embedder = None
        if alike < STRANGER and not self._is_stranger_told:
            self._is_stranger_told = True
            log.warning(
                "detail=reference goes without references: they look like somebody else than is drawn (cosine %.2f)",
                alike,
            )
        return alike >= STRANGER

    def _sharp(
        self, drawn: NDArray[Any], references: NDArray[np.uint8], trust: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        device = self._accelerator.device
        if not self._accelerator.on_gpu and len(drawn) > AT_ONCE:
            parts = (slice(first, first + AT_ONCE) for first in range(0, len(drawn), AT_ONCE))
            return np.concatenate([self._sharp(drawn[part], references[part], trust[part]) for part in parts])
        images = _nchw(torch.from_numpy(drawn).to(device))
        lent = torch.from_numpy(references).to(device).movedim(-1, -3).float().div_(255)
        with torch.inference_mode(), self._accelerator.autocast():
            sharp = self._network(images, lent, torch.from_numpy(trust).to(device), self._places).float()
            check_answer("detail", sharp)
            added = (sharp - images).permute(0, 2, 3, 1).contiguous().cpu().numpy()
        added = np.stack([without_checkerboard(one) for one in added])
        return np.asarray(drawn + np.float32(self._strength) * added, np.float32).clip(0, 1)


def without_checkerboard(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture (S, S, C) without the grid that rearranged pixels leave in it (Odena et al. 2016).

    It lies at the finest wave that a picture holds, where hardly any detail is: on skin it shows as a weave.
    """
    return np.asarray(cv2.sepFilter2D(picture, -1, SMOOTH, SMOOTH, borderType=cv2.BORDER_REPLICATE), np.float32)


def _larger(view: AlignedFace) -> AlignedFace:
    """Return the same view with SIZE_PX pixels to a side."""
    to_larger = view_of_crop(view.size_px, 1.0, SIZE_PX)
    image = np.asarray(cv2.resize(view.image, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    return AlignedFace(image, transform_points(to_larger, view.points), compose(to_larger, view.frame_to_crop))


def _nchw(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2)
