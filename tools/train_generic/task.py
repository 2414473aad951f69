"""What pretraining learns: the picture of B in a moment, drawn as A, must be the picture of A in that moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.facenets.embedder import FaceEmbedder
from faceswap.swap.data.regions import regions_in_view
from faceswap.swap.data.warp import Warp, sample_cv2, still
from faceswap.swap.losses.reconstruction import ReconstructionLoss, weighted_mean
from faceswap.utils.images import from_unit_range, to_unit_range
from faceswap.utils.numbers import evenly_spread
from tools.train_eyes.augment import cut_outs, grey, low_light, low_resolution, photometric, shadow_edge
from tools.train_generic.moments import Moments
from tools.train_generic.network import GenericNet

LATE = 2 / 3  # share of a training after which codes are pulled hard
WEATHER = 0.3  # of `photometric`, on what goes in alone: real footage is noisy, what comes out should not be
_LEFT_OUT = (cut_outs, grey, low_light, low_resolution, shadow_edge)


@dataclass(frozen=True, eq=False)
class SwapTask:
    """`batch_size` pictures a step, each moment twice.

    `pull`: weight of how much the codes of one moment differ (see `Agreement`), `late_pull`: from LATE on; pulled hard
    from the start, a code holds nothing but the pose. `plain`: everybody is drawn as themselves, nothing else is asked
    (for comparison).
    """

    moments: Moments
    batch_size: int = 16
    pull: float = 0.01
    late_pull: float = 0.1
    plain: bool = False
    loss: ReconstructionLoss = ReconstructionLoss(eyes=3.0, mouth=3.0)  # small, and most of what a moment is
    warp: Warp = Warp()

    def batch(self, network: GenericNet, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return inputs, targets (N, 3, R, R), masks (N, 1, R, R), regions (N, 2, R, R), the targets' people (N, 320).

        Rows i and i + N/2 show the same moment; who is seen and who is to be drawn are drawn by lot.
        """
        casts = self.moments.training
        played = casts[rng.choice(len(casts), self.batch_size // 2, replace=len(casts) < self.batch_size // 2)]
        order = rng.permuted(np.tile(np.arange(played.shape[1]), (len(played), 1)), axis=1)
        rows = np.arange(len(played))
        seen = np.concatenate([played[rows, order[:, 0]], played[rows, order[:, 1]]])
        drawn = np.concatenate([played[rows, rng.integers(played.shape[1], size=len(played))] for _ in range(2)])
        if self.plain:
            drawn = seen
        size = network.resolution
        grids = self._warps(rng, len(seen), network.coverage)
        crops = self.moments.crops
        views = [sample_cv2(crops[i][..., :3], grid[:1], size)[0] for i, grid in zip(seen, grids, strict=True)]
        inputs = photometric(np.stack(views), rng, WEATHER, _LEFT_OUT)
        targets = np.stack([sample_cv2(crops[i], grid[1:], size)[0] for i, grid in zip(drawn, grids, strict=True)])
        people = np.stack([self.person(i, rng) for i in drawn])
        regions = [regions_in_view(self.moments.points[i], g[1], size) for i, g in zip(drawn, grids, strict=True)]
        more = {"people": torch.from_numpy(people), "regions": _float(np.stack(regions))}
        return self._tensors(inputs, targets, drawn) | more

    def _warps(self, rng: np.random.Generator, count: int, coverage: float) -> NDArray[np.float32]:
        """Return grids (N, 2, 5, 5, 2), input and target.

        Both views of a moment are turned, moved and mirrored alike, or their codes could not agree; each is jittered
        for itself.
        """
        field = self.warp.draw(rng, count, coverage)
        target = np.tile(field.target[: count // 2], (2, 1, 1, 1))
        return np.stack([target + (field.input - field.target), target], 1)

    def person(self, index: int, rng: np.random.Generator | None = None) -> NDArray[np.float32]:
        """Return (320,) of the person in picture `index`, read in other pictures of theirs.

        All, or some drawn by lot.
        """
        others = self.moments.pictures_of[int(self.moments.faces.person[index])]
        others = others[others != index] if len(others) > 1 else others
        if rng is not None:
            others = rng.choice(others, int(rng.integers(1, len(others) + 1)), replace=False)
        return self.moments.people[others].mean(0)

    def views(self, network: GenericNet, seen: NDArray[np.int64], drawn: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of chosen pictures as they are: nothing moves, no weather."""
        size, grid = network.resolution, still(network.coverage)[None]
        inputs = np.stack([sample_cv2(self.moments.crops[i][..., :3], grid, size)[0] for i in seen])
        targets = np.stack([sample_cv2(self.moments.crops[i], grid, size)[0] for i in drawn])
        people = np.stack([self.person(int(i)) for i in drawn])
        return self._tensors(inputs, targets, drawn) | {"people": torch.from_numpy(people)}

    def _tensors(
        self, inputs: NDArray[np.uint8], targets: NDArray[np.uint8], drawn: NDArray[np.int64]
    ) -> dict[str, Tensor]:
        gains = torch.from_numpy(self.moments.gains[drawn])[:, :, None, None]
        pictures = _float(targets)
        return {"inputs": _float(inputs), "targets": (pictures[:, :3] * gains).clamp(0, 1), "masks": pictures[:, 3:]}

    def losses(self, network: GenericNet, batch: dict[str, Tensor], share: float = 0.0) -> dict[str, Tensor]:
        """Return the weighted parts by name, scalars; their sum is the loss. `share` of the training that is over."""
        codes, images, masks = network(batch["inputs"], batch["people"])
        with torch.autocast(images.device.type, enabled=False):
            parts = self.loss(images.float(), masks, batch["targets"], batch["masks"], batch["regions"])
            pull = self.pull if share < LATE else self.late_pull
            if pull and not self.plain:
                parts["pull"] = pull * network.agreement(codes.float())
        return parts


@torch.no_grad()
def score(task: SwapTask, network: GenericNet, pictures: int = 256) -> dict[str, float]:
    """Return on people held out: dB inside the face of the swap and of the own face, and whose face the swap is.

    `swap_db`: B drawn as A against A in that moment; `b_db`: what B as it is gets; `own_db`: A drawn from A.
    `likeness_a`, `likeness_b`: cosine of the swap to A and B in that moment, by the built-in embedder.
    """
    casts = task.moments.held_out
    casts = casts[evenly_spread(len(casts), pictures)]
    sums: dict[str, list[float]] = {}
    embedder = FaceEmbedder("cpu")
    for start in range(0, len(casts), 32):
        b, a = casts[start : start + 32, 0], casts[start : start + 32, 1]
        swap, own, as_b = (task.views(network, *both) for both in ((b, a), (a, a), (b, b)))
        drawn = {name: network(x["inputs"], x["people"])[1] for name, x in (("swap", swap), ("own", own))}
        masks, targets = swap["masks"], swap["targets"]
        for name, images in (("swap_db", drawn["swap"]), ("own_db", drawn["own"]), ("b_db", as_b["targets"])):
            errors = [
                weighted_mean((i - t)[None].square(), m[None]) for i, t, m in zip(images, targets, masks, strict=True)
            ]
            sums.setdefault(name, []).extend((-10 * torch.log10(torch.stack(errors) + 1e-10)).tolist())
        points = [_points_in_view(task.moments, network, int(i)) for i in a]
        vectors = [
            torch.from_numpy(embedder.embed(_pixels(images), points))
            for images in (drawn["swap"], targets, as_b["targets"])
        ]
        for name, other in (("likeness_a", vectors[1]), ("likeness_b", vectors[2])):
            sums.setdefault(name, []).extend(functional.cosine_similarity(vectors[0], other).tolist())
    return {name: round(float(np.mean(values)), 4) for name, values in sums.items()}


def _points_in_view(moments: Moments, network: GenericNet, index: int) -> NDArray[np.float32]:
    """Return the points (68, 2) of a picture's face where a view shows them, px."""
    return ((moments.points[index] - 0.5) / network.coverage + 0.5) * network.resolution - 0.5


def _float(pictures: NDArray[np.uint8]) -> Tensor:
    """Return (N, H, W, C) uint8 -> (N, C, H, W) float32 in [0, 1], channels last in memory."""
    return to_unit_range(pictures)


def _pixels(images: Tensor) -> list[NDArray[np.uint8]]:
    return list(from_unit_range(images))
