"""The parser task: upright views with errors of the alignment, things before the face, weather of cameras."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faceswap.core.geometry import transform_points
from faceswap.facenets.parser import COVERAGE, NAMES, RESOLUTION_PX, ParserNet
from faceswap.facenets.windows import window
from faceswap.utils.images import to_signed_range
from tools.people.labels import Label
from tools.train_eyes.augment import cut_outs, photometric
from tools.train_eyes.backdrop import Backdrop, warp_with_border
from tools.train_eyes.clutter import background
from tools.train_eyes.data import Faces
from tools.train_eyes.occluders import Painter
from tools.train_eyes.views import jittered_view

BROW_DENSITY = 0.35  # share of hairs around, above which a place belongs to a brow
WEATHER = 0.2, 1.0  # of `photometric`, by lot
NOT_LABELLED = 255  # beyond the rendered picture
# small classes count more, but mildly, or their edges grow
WEIGHTS = {"brows": 1.8, "eyes": 1.8, "lips": 1.5, "mouth": 2.0, "ears": 1.5, "beard": 1.5, "occluder": 1.5}


class ParserTask:
    """`covered`: share of views with something pasted before the face.

    `faceless`: share that show none, as the views of what a finder takes for a face do.
    """

    name = "parser"
    echoes = 1  # a step costs ten times what its examples do

    def __init__(
        self,
        faces: Faces,
        learning_rate: float = 3e-3,
        batch_size: int = 12,
        covered: float = 0.5,
        faceless: float = 0.15,
        dice: float = 0.6,
    ) -> None:
        self.faces, self.learning_rate, self.batch_size = faces, learning_rate, batch_size
        self.covered, self.faceless, self.dice = covered, faceless, dice
        self.backdrop = Backdrop(faces)
        self.painter = Painter(lambda rng: np.asarray(faces.images[int(rng.choice(faces.training))]))
        self.weights = torch.tensor([WEIGHTS.get(name, 1.0) for name in NAMES])

    def network(self) -> ParserNet:
        return ParserNet()

    # ---- examples

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return images (N, 3, 256, 256) in [-1, 1] and labels (N, 256, 256), NOT_LABELLED beyond the picture."""
        chosen = rng.choice(self.faces.training, self.batch_size, replace=False)
        views, labels = zip(*(self.example(int(index), rng) for index in chosen), strict=True)
        # pasted things have labels instead of cut_outs; edges are learned where the weather is mild
        weathered = [photometric(v[None], rng, rng.uniform(*WEATHER), (cut_outs,))[0] for v in views]
        return {"images": to_signed_range(np.stack(weathered)), "labels": torch.from_numpy(np.stack(labels))}

    def example(self, index: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return a view (256, 256, 3) and its labels (256, 256), before any weather."""
        image, points = self.faces.images[index], self.faces.points[index]
        labels = tidied(self.faces.labels[index])
        matrix = jittered_view(points, COVERAGE, RESOLUTION_PX, rng)
        faceless = rng.random() < self.faceless
        if faceless and rng.random() < 0.6:
            view, cut = self._empty(rng), np.zeros((RESOLUTION_PX, RESOLUTION_PX), np.uint8)
            return self._finished(view, cut, transform_points(matrix, points), rng)
        if faceless:
            matrix = _view_of_anything(points, len(image), rng)
        if rng.random() < 0.4:
            view = self.backdrop.warp(image, labels, matrix, RESOLUTION_PX, rng)
        else:
            view = warp_with_border(image, matrix, RESOLUTION_PX, rng)
        return self._finished(view, warp_labels(labels, matrix), transform_points(matrix, points), rng)

    def _empty(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return a view (256, 256, 3) of nothing: noise, or things that fool a finder."""
        if rng.random() < 0.4:
            return self.backdrop.noise(RESOLUTION_PX, rng)
        return background(RESOLUTION_PX, self.faces, self.faces.training, rng)

    def _finished(
        self, view: NDArray[np.uint8], cut: NDArray[np.uint8], points: NDArray, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return with something painted before the points (68, 2), perhaps, and mirrored, perhaps."""
        if rng.random() < self.covered:
            view, cut = self.painter.paint(view, cut, points, rng)
        if rng.random() < 0.5:
            view, cut = view[:, ::-1], cut[:, ::-1]
        return np.ascontiguousarray(view), np.ascontiguousarray(cut)

    # ---- learning

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return weighted cross-entropy + soft Dice (Milletari et al. 2016) over the classes that the batch shows."""
        device = batch["images"].device
        logits = network.cells(batch["images"])  # type: ignore[operator]
        labels = batch["labels"].unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).transpose(2, 3).flatten().long()
        known = labels != NOT_LABELLED
        labels = labels.where(known, 0)
        logs = logits.float().flatten(0, 4).t().contiguous().log_softmax(0)  # over rows: five times faster
        of_truth = logs.gather(0, labels[None])[0]
        weights = self.weights.to(device)[labels] * known
        entropy = -(of_truth * weights).sum() / weights.sum()
        # sums of one-hot pictures without making them: they would be as large as the logits, several times
        both = torch.zeros(len(NAMES), device=device).index_add(0, labels, of_truth.exp() * known)
        pixels = torch.bincount(labels[known], minlength=len(NAMES))
        said = logs.exp() @ known.float()
        dice = (1 - (2 * both + 1) / (said + pixels + 1))[pixels > 0].mean()
        return entropy + self.dice * dice, {"entropy": entropy.item(), "dice": dice.item()}

    def score(self, network: nn.Module, count: int = 600) -> dict[str, float]:
        """Return IoU in % over validation people.

        Its mean over classes, plain and with things pasted before the faces.
        """
        rng = np.random.default_rng(0)
        chosen = rng.choice(self.faces.validation, min(count, len(self.faces.validation)), replace=False)
        plain = np.zeros((len(NAMES), len(NAMES)), np.int64)
        covered = np.zeros_like(plain)
        device = next(network.parameters()).device
        for index in chosen:
            labels, points = tidied(self.faces.labels[index]), self.faces.points[index]
            matrix = jittered_view(points, COVERAGE, RESOLUTION_PX, rng, mild=True)
            view = cv2.warpAffine(np.asarray(self.faces.images[index]), matrix, (RESOLUTION_PX, RESOLUTION_PX))
            cut = warp_labels(labels, matrix)
            hidden = self.painter.paint(view, cut, transform_points(matrix, points), rng)
            with torch.inference_mode():
                answer = network(to_signed_range(np.stack([view, hidden[0]]), device)).argmax(1).cpu().numpy()
            for table, truth, said in ((plain, cut, answer[0]), (covered, hidden[1], answer[1])):
                table += _confusion(truth, said)
        return {
            "mIoU_%": round(float(_iou(plain).mean()), 2),
            "mIoU_covered_%": round(float(_iou(covered).mean()), 2),
            "painted_occluder_IoU_%": round(float(_iou(covered)[Label.OCCLUDER]), 2),
            **{f"IoU_{name}_%": round(float(value), 1) for name, value in zip(NAMES, _iou(plain), strict=True)},
        }


def tidied(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return Labels with hair as areas, as people mark it: rendered hair is single strands with skin between them.

    Brows are closed; beards and hairlines take the class that most pixels around have.
    """
    labels = np.array(labels)
    reach = max(3, len(labels) // 32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    brows = cv2.morphologyEx((labels == Label.BROWS).astype(np.float32), cv2.MORPH_CLOSE, kernel)
    brows = cv2.GaussianBlur(brows, (0, 0), reach / 4) > BROW_DENSITY
    labels[brows & (labels == Label.SKIN)] = Label.BROWS
    labels[~brows & (labels == Label.BROWS)] = Label.SKIN
    skin = _mostly(labels == Label.SKIN)
    for kind in (Label.HAIR, Label.BEARD):
        strands = labels == kind
        labels[_mostly(strands) & (labels == Label.SKIN)] = kind
        labels[strands & skin] = Label.SKIN
    return labels


def _mostly(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where most of the 5x5 pixels around are in the mask."""
    return cv2.medianBlur(mask.astype(np.uint8), 5) > 0


def _view_of_anything(points: NDArray, side_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a view of any place in a picture `side_px` wide, about as large as its face's would be."""
    side = float(np.ptp(points, axis=0).max()) * rng.uniform(0.5, 2.0)
    return window(rng.uniform(0, side_px, 2), side, rng.normal(0, 20), RESOLUTION_PX)


def warp_labels(labels: NDArray[np.uint8], matrix: NDArray) -> NDArray[np.uint8]:
    """Return the labels of a view: what most of each pixel shows; NOT_LABELLED beyond the picture."""
    size = (RESOLUTION_PX, RESOLUTION_PX)
    kinds = np.unique(labels)
    shares = [cv2.warpAffine(np.where(labels == kind, np.uint8(255), np.uint8(0)), matrix, size) for kind in kinds]
    beyond = cv2.warpAffine(np.full(labels.shape, 255, np.uint8), matrix, size) < 128
    cut = kinds[np.argmax(shares, axis=0)]
    cut[beyond] = NOT_LABELLED
    return cut


def _confusion(truth: NDArray[np.uint8], said: NDArray) -> NDArray[np.int64]:
    known = truth != NOT_LABELLED
    pairs = truth[known].astype(np.int64) * len(NAMES) + said[known]
    return np.bincount(pairs, minlength=len(NAMES) ** 2).reshape(len(NAMES), len(NAMES))


def _iou(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return intersection over union in % of each class, from pixel counts (truth, said)."""
    both = table.diagonal()
    return 100 * both / np.maximum(table.sum(0) + table.sum(1) - both, 1)
