"""python -m tools.train_style.encoder OUT CROPS: trains an encoder on for its generator, on pairs with known answers.

CROPS is what tools.train_style.cut_pairs wrote. The generator stays as it is. What the encoder says of a face before
and after a move must make the drawing change as the picture does, however few pixels that are (closed eyes, a smile),
by one and the same step in every face; and of the generator's own faces it must tell their styles.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import choose_accelerator
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.data.paired_crops import PairBatch, PairedCrops, open_paired_crops
from faceswap.stylegan.directions.paired import axes_of_w, pooled_error
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.training.equivariance import Moves
from faceswap.stylegan.weights.files import load_encoder, load_generator, save_encoder
from faceswap.swap.losses.perceptual import Likeness
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.utils.progress import Progress

PAIRS = 8  # of a step
MOVES_RATE = 30.0  # of the directions, against the encoder's
FEATURES = 1.0  # weight of the embedder's view of what is seen: without it faces come out smooth and less alike
OFFSETS, DRIFT = 1.0, 0.02  # see training/warm_up.py
STYLES = 0.1  # weight of the generator's own faces: mean square, in spreads of W
CHANGES = 0.3  # weight of what changes, against what is seen
KEPT = 0.99  # of the average, a step
SIZES = 512  # pairs by which the usual size of a factor's change is measured


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--encoder", type=Path, help="default: the shipped one")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=1e9, help="ends after these, whatever steps are left")
    parser.add_argument("--rate", type=float, default=4e-4)
    options = parser.parse_args()
    generator, encoder = load_generator(options.generator), load_encoder(options.encoder)
    pairs = open_paired_crops(options.crops, generator.resolution)
    trained, told = trained_on(generator, encoder, pairs, options.steps, options.minutes, options.rate)
    save_encoder(trained, options.out, {"from": "python -m tools.train_style.encoder", **told})
    print(options.out)


def trained_on(
    generator: Generator, encoder: Encoder, pairs: PairedCrops, steps: int, minutes: float, rate: float
) -> tuple[Encoder, dict[str, float]]:
    """Return the encoder's average over the last steps, and how long it learned; the rate falls over `minutes`."""
    generator.eval().requires_grad_(False)
    encoder.train().requires_grad_(True).mapping.requires_grad_(False)
    average = copy.deepcopy(encoder)
    step = _Step(generator, encoder, pairs)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in encoder.parameters() if p.requires_grad]},
        {"params": list(step.moves.parameters()), "lr": rate * MOVES_RATE},
    ]
    optimizer = torch.optim.Adam(groups, rate, betas=(0.9, 0.99))
    rates = [group["lr"] for group in optimizer.param_groups]
    began, number = time.monotonic(), 0
    with Progress(steps, "train the encoder", "step") as progress:
        while number < steps and (passed := (time.monotonic() - began) / 60) < minutes:
            left = 1 - max(number / steps, passed / minutes)
            for group, full in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = full * min(1.0, 2 * left)
            parts = step.losses(number)
            optimizer.zero_grad()
            torch.stack(list(parts.values())).sum().backward()
            optimizer.step()
            number += 1
            with torch.no_grad():
                kept = min(KEPT, 1 - 1 / number)
                torch._foreach_lerp_(list(average.parameters()), list(encoder.parameters()), 1 - kept)
                for mean, now in zip(average.buffers(), encoder.buffers(), strict=True):
                    mean.copy_(now)
            progress.note(" ".join(f"{name} {float(value.detach()):.3f}" for name, value in parts.items()))
            progress.advance()
    return average.eval().requires_grad_(False), {"steps": number, "minutes": round((time.monotonic() - began) / 60, 1)}


class _Step:
    """The losses of a step, and the directions that are learned beside the encoder."""

    def __init__(self, generator: Generator, encoder: Encoder, pairs: PairedCrops) -> None:
        self._generator, self._encoder, self._pairs = generator, encoder, pairs
        self.moves = Moves(len(pairs.names), generator.rows, generator.w_size)  # in spreads of W
        self._axes, self._spreads = axes_of_w(generator)
        self._accelerator = choose_accelerator("cpu")
        self._features = Likeness(perceptual=FEATURES).build(STYLE_COVERAGE, self._accelerator)
        self._pixels = ReconstructionLoss(2.0, 0, 1.0, dssim_window_px=7, mask=0, background_weight=1)
        self._sizes = self._usual_sizes()

    def losses(self, number: int) -> dict[str, Tensor]:
        """Return the weighted parts of step `number` by name."""
        batch = self._batch(number, PAIRS)
        own = self._generator.mapping(torch.randn(PAIRS, self._generator.z_size))
        with self._accelerator.autocast():
            with torch.no_grad():
                faces = self._generator.synthesis(self._generator.spread(own), noise="none").float()
            features = self._encoder.features(torch.cat([batch.seen, faces]))
            codes, _ = self._encoder.codes(features)
            offsets = self._encoder.offsets(features)
        rows = self._generator.spread(self._encoder.mapping(codes)) + offsets
        seen, own_rows = rows[: 2 * PAIRS], rows[2 * PAIRS :]
        moved = seen[:PAIRS] + (self.moves(batch.steps) * self._spreads) @ self._axes.T
        with self._accelerator.autocast():
            drawn = self._generator.synthesis(torch.cat([seen, moved]), noise="none")
        before, after, again = drawn.float().chunk(3)
        true = batch.targets[PAIRS:] - batch.targets[:PAIRS]
        weight = CHANGES / ((batch.steps != 0).float() @ self._sizes)
        told = (own_rows - own[:, None]) @ self._axes / self._spreads
        pictures = (torch.cat([before, after]) + 1) / 2, (batch.targets + 1) / 2
        everywhere = torch.ones_like(pictures[1][:, :1])
        seen_again = self._pixels(pictures[0], None, pictures[1], everywhere)
        if self._features:
            seen_again |= self._features(*pictures, everywhere)
        return {
            "seen": torch.stack(list(seen_again.values())).sum(),
            "changes": (pooled_error(after - before - true) * weight).mean(),
            "moved": (pooled_error(again - before - true) * weight).mean(),
            "styles": STYLES * functional.smooth_l1_loss(told, torch.zeros_like(told)),
            "offsets": OFFSETS * offsets.square().mean(),
            "drift": DRIFT * codes.mean(0).square().sum(),
        }

    def _batch(self, number: int, size: int) -> PairBatch:
        return self._pairs.batch(number, size, 0, torch.device("cpu"))

    def _usual_sizes(self) -> Tensor:
        """Return (K,) the mean square of the changes that each factor makes."""
        batch = self._batch(1_000_000, SIZES)
        sizes = (batch.targets[SIZES:] - batch.targets[:SIZES]).square().mean((1, 2, 3))
        moved = (batch.steps != 0).float()
        return (moved * sizes[:, None]).sum(0) / moved.sum(0).clamp(min=1) + 1e-6


if __name__ == "__main__":
    main()
