"""What the detail network is trained to do: batches, losses, and scores on people that training never sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import choose_accelerator
from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.swap.detail.network import CELL, FLOOR, DetailNet, blur, places_of, relative_detail
from faceswap.swap.losses.perceptual import Likeness
from faceswap.swap.losses.reconstruction import weighted_mean
from tools.train_detail.films import pair_numbers
from tools.train_detail.samples import COVERAGE, REFERENCES, SIZE_PX, Sample, Samples
from tools.truth.sharpness import Octaves, texture_distance

BATCH, WINDOW_PX = 8, 144  # at first parts of views, a multiple of 8: what is learned is local, and places are told
WHOLE_BATCH = 3  # then views as they are: whose face it is shows in all of it
LIKENESS = Likeness(identity=0.15, perceptual=1.0)  # of whole views
CLOSE_LAYERS = 3  # of the embedder's, on every pixel
OUTSIDE = 0.25  # what a pixel beyond the face counts
L1, SMOOTH_L1, BORROWED, FEATURES, ENERGY = 0.35, 0.65, 0.5, 2.0, 0.5
RELUCTANCE = 0.03  # what it costs to take none: where it makes no difference a reference is to be taken
SMOOTH_PX = 5
POOL_PX = (8, 24)  # within which detail may lie anywhere
SCORED_MOMENTS = (1, 4, 6)


class DetailTask:
    """Examples of `folder`, which may still grow: what is there is listed anew from time to time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.samples = Samples(folder, pair_numbers(folder, held_out=False))
        self.held_out = Samples(folder, pair_numbers(folder, held_out=True))
        self.whole = False
        self._likeness = LIKENESS.build(COVERAGE, choose_accelerator("cpu"))
        network, _ = load_network("embedder", embedder.EmbedderNet, "cpu")
        self._layers = torch.nn.ModuleList(list(network.trunk)[:CLOSE_LAYERS]).requires_grad_(False)
        self._places = places_of(SIZE_PX)

    def look_again(self) -> None:
        """Take in what was rendered since."""
        self.samples.numbers = Samples(self.folder, pair_numbers(self.folder, held_out=False)).numbers
        self.held_out.numbers = Samples(self.folder, pair_numbers(self.folder, held_out=True)).numbers

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return BATCH windows of examples, or WHOLE_BATCH examples."""
        count, side = (WHOLE_BATCH, SIZE_PX) if self.whole else (BATCH, WINDOW_PX)
        rows: dict[str, list[Tensor]] = {
            name: [] for name in ("drawn", "answer", "references", "trust", "mask", "places")
        }
        for _ in range(count):
            sample = tensors(self.samples.draw(rng))
            y, x = (8 * int(rng.integers((SIZE_PX - side) // 8 + 1)) for _ in range(2))
            window = (..., slice(y, y + side), slice(x, x + side))
            for name in ("drawn", "answer", "references", "mask"):
                rows[name].append(sample[name][window])
            rows["trust"].append(sample["trust"])
            rows["places"].append(self._places[window])
        return {name: torch.stack(values) for name, values in rows.items()}

    def losses(self, network: DetailNet, batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor, Tensor, Tensor]:
        """Return what a step costs, and what an adversary is to be shown.

        Returns:
            The weighted parts by name; the sharp faces; what they should be; the face's masks.
        """
        drawn, places = batch["drawn"], batch["places"]
        images, borrowed, shares = network.parts(drawn, batch["references"], batch["trust"], places)
        with torch.autocast("cpu", enabled=False):
            low = blur(drawn)
            wanted = relative_detail(batch["answer"], blur(batch["answer"]))
            targets = low + (low + FLOOR) * wanted  # the light and colours of what was drawn, the answer's detail
            weights = OUTSIDE + (1 - OUTSIDE) * batch["mask"]
            got = (images.float() - low) / (low + FLOOR)
            # what is borrowed counts in full, whatever its share: it is to lie right before it is to be taken
            shares = functional.interpolate(shares, scale_factor=CELL, mode="bilinear", align_corners=False)
            lent = borrowed.float() / shares.clamp_min(1e-3)
            is_lent = (batch["trust"].sum(1) > 0).float()[:, None, None, None]
            parts = {
                "l1": L1 * weighted_mean((got - wanted).abs(), weights),
                "smooth_l1": SMOOTH_L1 * weighted_mean(_smooth(got - wanted).abs(), weights),
                "borrowed": BORROWED * weighted_mean((lent - wanted).abs(), weights * is_lent),
                "reluctance": RELUCTANCE * weighted_mean(1 - shares, batch["mask"] * is_lent),
                "energy": ENERGY * _energy(got, wanted, weights),
                "perceptual": FEATURES * self._feature_distance(images.float(), targets, weights),
            }
            if images.shape[-1] == SIZE_PX and self._likeness is not None:
                told = self._likeness(images.float(), targets.clamp(0, 1), batch["mask"])
                parts |= {f"whole_{name}": part for name, part in told.items()}
        return parts, images.float(), targets, batch["mask"]

    def _feature_distance(self, images: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Return the squared distance of the features' directions, at two scales.

        Windows are cut at a random place: strides would else see a pattern of their own period as brightness, and be
        served with stripes.
        """
        y, x = (int(value) for value in torch.randint(0, 4, (2,)))
        images, targets, weights = (part[..., y:, x:] for part in (images, targets.clamp(0, 1), weights))
        distances = []
        for scale in (1, 2):
            shown, aims = (functional.avg_pool2d(part, scale) * 2 - 1 for part in (images, targets))
            for layer in self._layers[: CLOSE_LAYERS + 1 - scale]:
                shown = layer(shown)
                with torch.no_grad():
                    aims = layer(aims)
                one, other = (functional.normalize(seen.float(), dim=1, eps=1e-2) for seen in (shown, aims))
                height, width = one.shape[-2:]
                apart = (one - other).square().sum(1, keepdim=True)
                distances.append(weighted_mean(apart, functional.adaptive_avg_pool2d(weights, (height, width))))
        return torch.stack(distances).mean()

    @torch.no_grad()
    def score(self, network: DetailNet) -> dict[str, float]:
        """Return how sharp swaps between people held out are, with references, without, and as they were drawn.

        Detail by octave against the answer's and texture distance, as `tools.truth.sharpness`, in pixels of the view.
        """
        scores: dict[str, float] = {}
        numbers = self.held_out.numbers[:8]
        for name, count in (("reference", REFERENCES), ("restore", 0), ("drawn", -1)):
            octaves, distances = Octaves(), []
            for number in numbers:
                for place, moment in enumerate(SCORED_MOMENTS):
                    sample = self.held_out.chosen(number, moment, place, max(0, count))
                    shown = sample.drawn if count < 0 else sharpened(network, sample)
                    points = np.argwhere(sample.mask[40:216, 40:216] > 127)[:, ::-1] + 40
                    low, high = (
                        np.percentile(points, 12, axis=0).astype(int),
                        np.percentile(points, 88, axis=0).astype(int),
                    )
                    box = slice(low[1], high[1]), slice(low[0], high[0])
                    octaves.add(shown, sample.answer, box)
                    distances.append(texture_distance(shown, sample.answer, box))
            scores |= {f"{name}_octave_{i}": round(float(v), 3) for i, v in enumerate(octaves.ratios, 1)}
            scores[f"{name}_texture"] = round(float(np.mean(distances)), 4)
        return scores

    def sheet(self, network: DetailNet) -> NDArray[np.uint8]:
        """Return rows of people held out: drawn, with references, without, the answer, the nearest reference."""
        rows = []
        for place, number in enumerate(self.held_out.numbers[:5]):
            sample, bare = (
                self.held_out.chosen(number, SCORED_MOMENTS[place % 3], place, count) for count in (REFERENCES, 0)
            )
            shown = [
                sample.drawn,
                sharpened(network, sample),
                sharpened(network, bare),
                sample.answer,
                sample.references[0],
            ]
            rows.append(np.hstack(shown))
        return np.vstack(rows)


def _smooth(errors: Tensor) -> Tensor:
    """Return errors without the finest octave: detail that lies a pixel off is hardly punished for it."""
    return functional.avg_pool2d(errors, SMOOTH_PX, 1, SMOOTH_PX // 2, count_include_pad=False)


def _energy(got: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Return how differently strong fine detail is, wherever exactly it lies: of two octaves, pooled over POOL_PX."""
    parts = []
    one, other = got.mean(1, keepdim=True), wanted.mean(1, keepdim=True)
    for pool in POOL_PX:
        bands = []
        for picture in (one, other):
            smooth = functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
            bands.append(functional.avg_pool2d((picture - smooth).square(), pool, pool // 2).add(1e-6).sqrt())
        parts.append(weighted_mean((bands[0] - bands[1]).abs(), functional.avg_pool2d(weights, pool, pool // 2)))
        one, other = (functional.avg_pool2d(picture, 2) for picture in (one, other))
        weights = functional.avg_pool2d(weights, 2)
    return torch.stack(parts).mean()


def tensors(sample: Sample) -> dict[str, Tensor]:
    """Return a sample as the network takes it, without the axis of a batch."""
    pictures = {name: torch.from_numpy(getattr(sample, name)) for name in ("drawn", "answer", "references")}
    result = {name: value.movedim(-1, -3).float() / 255 for name, value in pictures.items()}
    return result | {"trust": torch.from_numpy(sample.trust), "mask": torch.from_numpy(sample.mask)[None].float() / 255}


def sharpened(network: DetailNet, sample: Sample) -> NDArray[np.uint8]:
    """Return (S, S, 3) uint8: what the network makes of a sample."""
    row = tensors(sample)
    most = int(sample.trust.sum())
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        images = network(
            row["drawn"][None], row["references"][None, :most], row["trust"][None, :most], places_of(SIZE_PX)
        )
    return (images[0].float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
