"""The landmark task: windows as a detector, a last frame or a first look would place them, and windows on no face."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.geometry import invert, transform_points, warp_crop
from faceswap.core.landmarks import FLIP_68, INNER
from faceswap.core.values import POINT_COUNT
from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.facenets.windows import MARGIN, window, window_of_points
from faceswap.utils.images import to_signed_range
from tools.train_eyes.augment import photometric
from tools.train_eyes.backdrop import Backdrop, warp_with_border
from tools.train_eyes.data import Faces

MISTAKEN = 0.6  # share of the windows without a face that a detector took for one
OTHER_SCENES = 0.35  # share of faces that stand before another background
FEWEST_SEEN = 0.35  # share of inner points: a face hidden further is neither required nor denied


class LandmarkTask:
    """`first_looks`: share of windows jittered as a detector's; `no_face`: share of windows that show no face."""

    name = "landmarks"
    echoes = 3

    def __init__(
        self,
        faces: Faces,
        learning_rate: float = 2e-3,
        batch_size: int = 64,
        first_looks: float = 0.55,
        no_face: float = 0.2,
    ) -> None:
        self.faces, self.learning_rate, self.batch_size = faces, learning_rate, batch_size
        self.first_looks, self.no_face = first_looks, no_face
        self.net_settings: dict = {}
        self.resolution_px = LandmarkNet(**self.net_settings).resolution_px
        self.backdrop = Backdrop(faces)

    def network(self) -> LandmarkNet:
        return LandmarkNet(**self.net_settings)

    # ---- examples

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return images (N, 3, R, R); points (N, P, 2) in half windows.

        Visible (N, 68); face (N,) 1, 0 or -1 (no opinion).
        """
        chosen = rng.choice(self.faces.training, self.batch_size, replace=False)
        rows = [self._example(int(index), rng) for index in chosen]
        crops, points, extra_known, visible, face = (np.stack(column) for column in zip(*rows, strict=True))
        return {
            "images": to_signed_range(photometric(crops, rng)),
            "points": torch.from_numpy(points.astype(np.float32)),
            "extra_known": torch.from_numpy(extra_known),
            "visible": torch.from_numpy(visible.astype(np.float32)),
            "face": torch.from_numpy(face.astype(np.float32)),
        }

    def _example(
        self, index: int, rng: np.random.Generator
    ) -> tuple[NDArray, NDArray, np.float32, NDArray, np.float32]:
        points, dense = self.faces.points[index], self.faces.dense[index]
        count = POINT_COUNT + self.network_extra
        is_face = rng.random() >= self.no_face
        if not is_face and len(self.faces.mistakes) and rng.random() < MISTAKEN:
            return self._mistake(rng)
        first = rng.random() < self.first_looks
        frame_to_window = self._jittered(points, rng, first) if is_face else self._elsewhere(points, rng)
        size = self.resolution_px
        image, labels = self.faces.images[index], self.faces.labels[index]
        if is_face and rng.random() < OTHER_SCENES:
            crop = self.backdrop.warp(image, labels, frame_to_window, size, rng)
        else:
            crop = warp_with_border(image, frame_to_window, size, rng)
        places = transform_points(frame_to_window, dense[:count])
        visible = self.faces.visible[index].copy()
        mirrored = rng.random() < 0.5
        if mirrored:
            crop = crop[:, ::-1]
            places[:, 0] = size - 1 - places[:, 0]
            places[:POINT_COUNT] = places[:POINT_COUNT][FLIP_68]
            visible = visible[FLIP_68]
        hidden = visible[INNER].mean() < FEWEST_SEEN
        face = -1.0 if is_face and hidden else float(is_face)
        known = np.float32(is_face and not mirrored)
        return crop, (places + 0.5) / (size / 2) - 1, known, visible, np.float32(face)

    def _mistake(self, rng: np.random.Generator) -> tuple[NDArray, NDArray, np.float32, NDArray, np.float32]:
        """Return a window that a detector took for a face, about as it would be looked at."""
        bank = self.faces.mistakes
        crop = np.asarray(bank[int(rng.integers(len(bank)))])
        turn, side = rng.normal(0, 8), len(crop) * np.exp(rng.normal(-0.05, 0.12))
        middle = (len(crop) - 1) / 2 + rng.normal(0, 0.05, 2) * len(crop)
        crop = warp_with_border(crop, window(middle, side, turn, self.resolution_px), self.resolution_px, rng)
        nowhere = np.zeros((POINT_COUNT + self.network_extra, 2), np.float32)
        crop = crop[:, ::-1] if rng.random() < 0.5 else crop
        return crop, nowhere, np.float32(0), np.zeros(POINT_COUNT), np.float32(0)

    @property
    def network_extra(self) -> int:
        """How many of the dense points the network learns besides the 68."""
        return int(self.net_settings.get("extra_points", 92))

    def _jittered(self, points: NDArray, rng: np.random.Generator, first: bool) -> NDArray[np.float64]:
        """Return a window as an imprecise detector (`first`) or earlier points would place it."""
        size = self.resolution_px
        exact = invert(window_of_points(points, size))
        centre = exact @ np.array([(size - 1) / 2, (size - 1) / 2, 1])
        side = np.hypot(exact[0, 0], exact[1, 0]) * size
        roll = np.degrees(np.arctan2(exact[1, 0], exact[0, 0]))
        scale, shift, turn = (0.14, 0.07, 12.0) if first else (0.05, 0.025, 4.0)
        if first and rng.random() < 0.1:
            turn = 30.0
        centre = centre + np.clip(rng.normal(0, shift, 2), -2.2 * shift, 2.2 * shift) * side
        side = side * np.exp(np.clip(rng.normal(0, scale), -2.2 * scale, 2.2 * scale))
        return window(centre, side, roll + np.clip(rng.normal(0, turn), -2.2 * turn, 2.2 * turn), size)

    def _elsewhere(self, points: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a window that does not show a face, or far too much or too little of one."""
        low, high = points.min(0), points.max(0)
        face_px = float((high - low).max())
        centre = (low + high) / 2
        kind = rng.random()
        if kind < 0.6:  # beside it
            angle = rng.uniform(0, 2 * np.pi)
            side = MARGIN * face_px * rng.uniform(0.35, 1.1)
            away = (0.45 * face_px + 0.4 * side) * rng.uniform(1.0, 1.6)
            centre = centre + away * np.array([np.cos(angle), np.sin(angle)])
        elif kind < 0.85:  # a part of it
            side = face_px * rng.uniform(0.15, 0.4)
            centre = centre + rng.uniform(-0.4, 0.4, 2) * face_px
        else:  # lost in the picture
            side = face_px * rng.uniform(3.2, 6)
            centre = centre + rng.uniform(-0.3, 0.3, 2) * side
        return window(centre, side, rng.uniform(-180, 180), self.resolution_px)

    # ---- learning

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return Laplace likelihood of the points + visibility + face."""
        points, spread, visible, face = network(batch["images"])
        positive = (batch["face"] != 0).float()
        distance = (points - batch["points"]).norm(dim=2)
        likelihood = 2 * spread + distance / spread.exp()
        weight = torch.cat([torch.ones_like(visible), batch["extra_known"][:, None].expand(-1, self.network_extra)], 1)
        weight = weight * positive[:, None]
        weight[:, POINT_COUNT:] *= 0.5
        place_loss = (likelihood * weight).sum() / weight.sum()
        seen = functional.binary_cross_entropy_with_logits(visible, batch["visible"], reduction="none").mean(1)
        seen_loss = (seen * positive).sum() / positive.sum()
        sure = (batch["face"] >= 0).float()
        face_loss = functional.binary_cross_entropy_with_logits(face, batch["face"].clamp_min(0), reduction="none")
        face_loss = (face_loss * sure).sum() / sure.sum()
        inner = (distance[:, INNER].mean(1) * positive).sum() / positive.sum()
        parts = {"inner_%": 100 * MARGIN / 2 * inner.item(), "visible": seen_loss.item(), "face": face_loss.item()}
        return place_loss + 0.5 * seen_loss + 0.5 * face_loss, parts

    def score(self, network: nn.Module, count: int = 600) -> dict[str, float]:
        """Return errors of the inner points after one and two looks, in % of sqrt(w h) of the points' box."""
        rng = np.random.default_rng(0)
        chosen = rng.choice(self.faces.validation, min(count, len(self.faces.validation)), replace=False)
        first: list[float] = []
        second: list[float] = []
        sure = refused = 0
        for index in chosen:
            points, image = self.faces.points[index], self.faces.images[index]
            if self.faces.visible[index][INNER].mean() < FEWEST_SEEN:
                continue
            found, face = self._look(network, image, self._jittered(points, rng, True))
            again, _ = self._look(network, image, window_of_points(found, self.resolution_px))
            scale = np.sqrt(np.prod(np.ptp(points, axis=0)))
            for found_points, errors in ((found, first), (again, second)):
                errors.append(100 * np.linalg.norm(found_points - points, axis=1)[INNER].mean() / scale)
            sure += face > 0.5
            refused += self._look(network, image, self._elsewhere(points, rng))[1] <= 0.5
        return {
            "first_look_%": round(float(np.median(first)), 3),
            "second_look_%": round(float(np.median(second)), 3),
            "second_look_p95_%": round(float(np.percentile(second, 95)), 3),
            "faces_accepted": round(sure / len(first), 4),
            "others_refused": round(refused / len(first), 4),
        }

    def _look(self, network: nn.Module, image: NDArray, frame_to_window: NDArray) -> tuple[NDArray, float]:
        crop = warp_crop(np.asarray(image), frame_to_window, self.resolution_px)
        with torch.inference_mode():
            points, _, _, face = network(to_signed_range(crop[None]))
        places = (points[0, :POINT_COUNT].numpy() + 1) * (self.resolution_px / 2) - 0.5
        return transform_points(invert(frame_to_window), places), float(face.sigmoid()[0])
