"""Training of the built-in detector on scenes made up as it goes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.boxes import pairwise_iou
from faceswap.facenets.detector import distinct, peaks
from faceswap.facenets.detector_net import STRIDE, DetectorNet, split
from faceswap.utils.images import to_signed_range
from tools.train_eyes.augment import photometric
from tools.train_eyes.data import Faces
from tools.train_eyes.scenes import Scene, SceneMaker

SIZE_BANDS = ((9, 16), (16, 32), (32, 96), (96, 400))  # pixels of the longer side
LEARNED_BOXES = 0.4  # cells whose heat is higher learn the box too
PENALTY_POWER, FOCUS = 4.0, 2.0  # beta and alpha of CornerNet's focal loss (Law and Deng 2018, eq. 1)


class DetectorTask:
    """Focal loss on the map of centres, GIoU (Rezatofighi et al. 2019) on boxes, the cosine of the error in roll."""

    name = "detector"
    echoes = 3

    def __init__(
        self,
        faces: Faces,
        side_px: int = 192,
        batch_size: int = 16,
        learning_rate: float = 2e-3,
        validation_scenes: int = 300,
    ) -> None:
        self.side_px, self.batch_size, self.learning_rate = side_px, batch_size, learning_rate
        self.validation_scenes = validation_scenes
        self._training = SceneMaker(faces, faces.training, side_px)
        self._validation = SceneMaker(faces, faces.validation, side_px)

    def network(self) -> nn.Module:
        return DetectorNet()

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return images (B, 3, S, S), and targets at stride 8: see `targets_of`."""
        scenes = [self._training.make(rng) for _ in range(self.batch_size)]
        return as_batch(scenes, rng)

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the sum of the three losses, each a mean over faces."""
        logits, boxes, rolls = split(network(batch["images"]))
        heat = focal(logits, batch["heat"], batch["counts"])
        number, row, column = torch.nonzero(batch["share"] > 0, as_tuple=True)
        share = batch["share"][number, row, column]
        total = share.sum().clamp(min=1)
        overlap = giou(boxes[number, :, row, column], batch["boxes"][number, :, row, column])
        box = ((1 - overlap) * share).sum() / total
        leaning = functional.cosine_similarity(rolls[number, :, row, column], batch["rolls"][number, :, row, column])
        roll = ((1 - leaning) * share).sum() / total
        return heat + 2 * box + roll, {"heat": heat.item(), "box": box.item(), "roll": roll.item()}

    def score(self, network: nn.Module) -> dict[str, float]:
        """Return on scenes of people never trained on.

        Recall at IoU 0.5 by size, false faces a scene, error of the roll.
        """
        rng = np.random.default_rng(99)
        tally = Tally()
        device = next(network.parameters()).device
        for _ in range(-(-self.validation_scenes // self.batch_size)):
            scenes = [self._validation.make(rng) for _ in range(self.batch_size)]
            images = pictures_of(scenes, rng)
            with torch.inference_mode():
                rows = peaks(network(to_signed_range(images, device)), 0.4)
            for scene, found in zip(scenes, rows, strict=True):
                tally.add(scene, distinct(found))
        return tally.scores()


def as_batch(scenes: list[Scene], rng: np.random.Generator) -> dict[str, Tensor]:
    """Return scenes through all that cameras do, with their targets."""
    images = to_signed_range(pictures_of(scenes, rng)).contiguous(memory_format=torch.channels_last)
    targets = [targets_of(scene) for scene in scenes]
    arrays = {name: np.stack([target[name] for target in targets]) for name in targets[0]}
    return {"images": images, **{name: torch.from_numpy(array) for name, array in arrays.items()}}


def pictures_of(scenes: list[Scene], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return (N, S, S, 3): the scenes' pictures with a camera's faults, each within its border."""
    worn = photometric(np.stack([scene.image for scene in scenes]), rng, strength=0.65)
    return np.stack([scene.framed(image) for scene, image in zip(scenes, worn, strict=True)])


def targets_of(scene: Scene) -> dict[str, NDArray[np.float32]]:
    """Return what the maps (h, w) of the network should show.

    `heat` is 1 at faces' centres, falling off around them, and -1 where nothing is learned; `share` (h, w) is how much
    a cell learns `boxes` (4, h, w) in pixels and `rolls` (2, h, w), cosine and sine; `counts` () of faces.
    """
    cells = len(scene.image) // STRIDE
    middle = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE - 0.5
    heat, unknown = np.zeros((cells, cells), np.float32), np.zeros((cells, cells), bool)
    boxes, rolls = np.zeros((4, cells, cells), np.float32), np.zeros((2, cells, cells), np.float32)
    rolls[0] = 1
    order = np.argsort(-(scene.boxes[:, 2:] - scene.boxes[:, :2]).prod(1))
    for index in order:  # small faces last: they keep their cells
        box = scene.boxes[index]
        centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        if scene.ignored[index]:
            reach = 0.35 * size + STRIDE / 2
            unknown |= (np.abs(middle - centre[0]) < reach[0]) & (np.abs(middle - centre[1]) < reach[1])[:, None]
            continue
        spread = np.maximum(0.07 * size, 0.45 * STRIDE)
        peak = middle[np.clip(np.round((centre + 0.5) / STRIDE - 0.5).astype(int), 0, cells - 1)]
        x, y = ((middle - peak[axis]) / spread[axis] for axis in (0, 1))
        here = np.exp(-0.5 * (x[None] ** 2 + y[:, None] ** 2))
        inside = (middle > box[0]) & (middle < box[2]) & ((middle > box[1]) & (middle < box[3]))[:, None]
        chosen = (here > heat) & (here > LEARNED_BOXES) & (inside | (here == 1))
        boxes[:, chosen] = box[:, None]
        angle = np.radians(scene.rolls[index])
        rolls[0, chosen], rolls[1, chosen] = np.cos(angle), np.sin(angle)
        heat = np.maximum(heat, here)
    share = np.where((heat > LEARNED_BOXES) & (boxes[2] != boxes[0]), heat, 0).astype(np.float32)
    count = np.float32((heat == 1).sum())
    heat = np.where(unknown & (heat < 1), -1, heat).astype(np.float32)
    return {"heat": heat, "share": share, "boxes": boxes, "rolls": rolls, "counts": np.array(count, np.float32)}


def focal(logits: Tensor, heat: Tensor, counts: Tensor) -> Tensor:
    """Return the focal loss of heatmaps (Law and Deng 2018, eq. 1), cells of heat -1 left out.

    A mean over all faces.
    """
    probability = logits.sigmoid()
    at_peak = (heat == 1).float()
    known = (heat >= 0).float()
    positive = functional.logsigmoid(logits) * (1 - probability) ** FOCUS * at_peak
    negative = functional.logsigmoid(-logits) * probability**FOCUS * (1 - heat.clamp(0, 1)) ** PENALTY_POWER
    return -(positive + negative * known * (1 - at_peak)).sum() / counts.sum().clamp(min=1)


def giou(boxes: Tensor, wanted: Tensor) -> Tensor:
    """Return generalised intersection over union (n,) of boxes (n, 4), in (-1, 1]."""
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    area_wanted = (wanted[:, 2:] - wanted[:, :2]).prod(1)
    common = (
        (torch.minimum(boxes[:, 2:], wanted[:, 2:]) - torch.maximum(boxes[:, :2], wanted[:, :2])).clamp(min=0).prod(1)
    )
    hull = (torch.maximum(boxes[:, 2:], wanted[:, 2:]) - torch.minimum(boxes[:, :2], wanted[:, :2])).prod(1)
    union = area + area_wanted - common
    return common / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


class Tally:
    """Counts what was found of what was to be found."""

    def __init__(self) -> None:
        self._found = dict.fromkeys(SIZE_BANDS, 0)
        self._wanted = dict.fromkeys(SIZE_BANDS, 0)
        self._false = self._scenes = 0
        self._leaning: list[float] = []

    def add(self, scene: Scene, found: NDArray[np.float32]) -> None:
        """Faces found (n, 6), surest first, against a scene's; an ignored face may be found or not."""
        self._scenes += 1
        free = np.ones(len(found), bool)
        for index in np.argsort(scene.ignored, kind="stable"):
            box = scene.boxes[index]
            overlap = pairwise_iou(box[None], found)[0] * free
            best = int(overlap.argmax()) if len(found) else -1
            ignored = bool(scene.ignored[index])
            hit = best >= 0 and overlap[best] >= (0.2 if ignored else 0.5)
            if hit:
                free[best] = False
            if not ignored:
                size = float((box[2:] - box[:2]).max())
                band = next(((low, high) for low, high in SIZE_BANDS if low <= size < high), SIZE_BANDS[0])
                self._wanted[band] += 1
                self._found[band] += int(hit)
                if hit:
                    error = abs(found[best, 5] - scene.rolls[index]) % 360
                    self._leaning.append(min(error, 360 - error))
        self._false += int(free.sum())

    def scores(self) -> dict[str, float]:
        recalls = {
            f"recall_{low}_{high}px": round(self._found[low, high] / max(1, self._wanted[low, high]), 4)
            for low, high in SIZE_BANDS
        }
        roll = round(float(np.median(self._leaning)), 2) if self._leaning else 180.0
        return {**recalls, "false_a_scene": round(self._false / max(1, self._scenes), 4), "median_roll_error": roll}
