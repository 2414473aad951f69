"""The trade-off between reconstruction and editability over `fidelity`, measured and plotted."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import draw_labels
from faceswap.stylegan.inversion.pipeline import Inverter, labelled_row, made_with_ai
from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.images import from_signed_range
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from faceswap.stylegan.data.portraits import AlignedPortrait

KNOBS = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
MOVES, MOVE_SIGMAS = 6, 2.0  # the widest axes of W, and how far along each
SAMPLES, FIRST_SEED = 16, 2_000_000
WIDTH, HEIGHT, MARGIN, LABEL_PX = 640, 420, 56, 28
INK, GRID = (235, 235, 235), (70, 70, 70)

log = logging.getLogger(__name__)


def write_tradeoff(inverter: Inverter, portrait: AlignedPortrait, folder: Path) -> Path:
    """Invert the portrait at every knob; writes NAME.tradeoff.png and .json and return the picture's path."""
    if inverter.encoder is None:
        raise UserError("tradeoff=true needs an encoder, which tells what an edit did: name one with encoder=")
    ruler = Editability(inverter)
    points: list[dict[str, Any]] = []
    pictures = {"photo": portrait.aligned.image}
    with Progress(len(KNOBS), "trade-off", "knob") as bar:
        for knob in KNOBS:
            inversion = inverter.invert([portrait], fidelity=knob)
            with torch.no_grad():
                pictures[f"{knob:g}"] = from_signed_range(inversion.draw(inverter.generator))[0]
            editability = ruler(partial(inversion.draw, inverter.generator), inversion.rows)
            loss = float(inversion.loss[0])
            points.append(
                {
                    "fidelity": knob,
                    "loss": round(loss, 5),
                    "editability": round(editability, 4),
                    **{name: round(float(value[0]), 5) for name, value in inversion.parts.items()},
                }
            )
            bar.advance()
    path = folder / f"{portrait.name}.tradeoff.png"
    write_json(path.with_suffix(".json"), {"own_samples": round(ruler.usual, 4), "points": points})
    row = labelled_row(pictures, tile_px=128)
    about = made_with_ai(generator_hash(inverter.generator), "faces in this picture were drawn")
    write_image(path, _stacked(plot(points, ruler.usual), row), metadata=about)
    return path


class Editability:
    """Whether a move in the styles does to a picture what it does to the generator's own faces.

    Codes are moved along the widest axes of W; the encoder says what changed in the picture. The measure is the cosine
    between that change and the mean change of own samples, the mean over axes: 1 when the edit does the same,
    0 when it does something else. `usual`: that of samples themselves.
    """

    def __init__(self, inverter: Inverter) -> None:
        assert inverter.encoder is not None
        self._white: Whitening = inverter.whitening
        self._encoder = inverter.encoder
        generator = inverter.generator
        w = generator.mapping(draw_z(range(FIRST_SEED, FIRST_SEED + SAMPLES), generator.z_size).to(inverter.device))
        rows = generator.spread(w)
        changes = self._changes(generator.synthesis, rows)
        self._wanted = changes.mean(1)
        self.usual = self._agreement(changes)

    @torch.no_grad()
    def __call__(self, draw: Callable[[Tensor], Tensor], rows: Tensor) -> float:
        """Return the measure for codes (N, rows, w_size) that `draw` makes pictures of."""
        return self._agreement(self._changes(draw, rows))

    @torch.no_grad()
    def _changes(self, draw: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        """Return what the encoder sees change, (MOVES, N, w_size) in sigmas."""
        before = self._seen(draw(rows))
        sigmas = self._white.sigmas(rows)
        changes = []
        for axis in range(MOVES):
            moved = sigmas.clone()
            # towards the average: outwards a face that lies far out already would be pushed out of all reason
            moved[..., axis] -= MOVE_SIGMAS * sigmas[..., axis].mean(1, keepdim=True).sign()
            sign = sigmas[..., axis].mean(1).sign()
            changes.append(-sign[:, None] * (self._seen(draw(self._white.w(moved))) - before))
        return torch.stack(changes)

    def _seen(self, images: Tensor) -> Tensor:
        return self._white.sigmas(self._encoder(images.clamp(-1, 1))).mean(1)

    def _agreement(self, changes: Tensor) -> float:
        return float(functional.cosine_similarity(changes, self._wanted[:, None], dim=2).mean())


def plot(points: list[dict[str, Any]], usual: float) -> NDArray[np.uint8]:
    """Return the curve: loss to the right, editability upwards, each point with its knob.

    A line where own samples are.
    """
    picture = np.full((HEIGHT, WIDTH, 3), 32, np.uint8)
    right = max(point["loss"] for point in points) * 1.1 + 1e-9
    low = min(0.0, min(point["editability"] for point in points))

    def place(loss: float, editability: float) -> tuple[int, int]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * loss / right
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (editability - low) / (1 - low)
        return round(x), round(y)

    cv2.rectangle(picture, place(0, low), place(right, 1), GRID, 1)
    cv2.line(picture, place(0, usual), place(right, usual), (90, 150, 90), 1, cv2.LINE_AA)
    curve = np.array([place(point["loss"], point["editability"]) for point in points], np.int32)
    cv2.polylines(picture, [curve], False, (230, 160, 60), 2, cv2.LINE_AA)
    for x, y in curve.tolist():
        cv2.circle(picture, (x, y), 4, INK, -1, cv2.LINE_AA)
    labels, boxes = list[str](), list[tuple[int, int, int, int]]()
    for point, (x, y) in zip(points, curve.tolist(), strict=True):
        if all(abs(x - 20 - left) > LABEL_PX or abs(y - 24 - top) > LABEL_PX for left, top, *_ in boxes):
            labels.append(f"{point['fidelity']:g}")  # one that would lie on another is left out
            boxes.append((x - 20, y - 24, 40, 16))
    x, y = place(0, usual)
    labels += [
        "loss of the reconstruction",
        "editability",
        "0",
        f"{right:.2f}",
        "1",
        "own samples",
        "fidelity= at the points",
    ]
    boxes += [
        (WIDTH // 2 - 120, HEIGHT - 30, 240, 20),
        (4, 14, 110, 20),
        (MARGIN - 10, HEIGHT - MARGIN + 4, 20, 16),
        (WIDTH - MARGIN - 30, HEIGHT - MARGIN + 4, 60, 16),
        (MARGIN - 22, MARGIN - 8, 16, 16),
        (WIDTH - MARGIN - 110, y - 18, 100, 16),
        (WIDTH // 2 - 100, 14, 200, 18),
    ]
    return draw_labels(picture, labels, boxes)


def _stacked(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return two pictures below each other on dark gray."""
    width = max(upper.shape[1], lower.shape[1])
    sides = [(width - picture.shape[1]) // 2 for picture in (upper, lower)]
    return np.concatenate(
        [
            cv2.copyMakeBorder(
                picture, 0, 0, left, width - picture.shape[1] - left, cv2.BORDER_CONSTANT, value=(32, 32, 32)
            )
            for picture, left in zip((upper, lower), sides, strict=True)
        ]
    ).astype(np.uint8)
