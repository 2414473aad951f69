"""Goes on from shipped generic weights with a decoder that draws twice the pixels, and losses that ask for detail.

    python -m tools.train_generic.sharpening DATA OUT      by the clock; goes on where it was stopped

The encoder and the layer that makes the code rest, so what was erased from the code stays erased. The decoder begins
with every pixel drawn four times over, and learns by pixels, structure in two windows, the embedder's features and a
small discriminator (PatchGAN) that learns beside it. That one is exported too: a run's own begins with it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from faceswap.engine.accelerator import choose_accelerator
from faceswap.swap.data.cache import crop_px_for
from faceswap.swap.initialisation.generic import GenericWeights
from faceswap.swap.losses.adversarial import AdversarialLoss, Discriminator
from faceswap.swap.losses.perceptual import Likeness, LikenessLoss
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from tools.command import run
from tools.train_generic.moments import Moments
from tools.train_generic.network import GenericNet
from tools.train_generic.task import SwapTask
from tools.train_generic.training import pretrain

OUTPUT_SCALE = 2
LOSS = ReconstructionLoss(eyes=3.0, mouth=3.0, dssim_second_px=23)
LIKENESS = Likeness(perceptual=0.5)
DISCRIMINATOR = Discriminator(gan_weight=0.1, feature_matching=0.5, channels=16, learning_rate=1e-3, init="scratch")


@dataclass(frozen=True, eq=False)
class SharpTask(SwapTask):
    """`likeness`, `adversary`: what asks for detail, on the pictures drawn of people in moments of others."""

    likeness: LikenessLoss | None = None
    adversary: AdversarialLoss | None = None

    def losses(self, network: GenericNet, batch: dict[str, Tensor], share: float = 0.0) -> dict[str, Tensor]:
        """Return as the task's, without the pull (the code rests), and with what asks for detail."""
        _, images, masks = network(batch["inputs"], batch["people"])
        targets, true_masks = batch["targets"], batch["masks"]
        with torch.autocast(images.device.type, enabled=False):
            parts = self.loss(images.float(), masks, targets, true_masks, batch["regions"])
        if self.likeness is not None:
            parts |= self.likeness(images, targets, true_masks)
        if self.adversary is not None:
            parts |= self.adversary(images, targets, true_masks, DISCRIMINATOR.start_step)
        return parts


def sharper(weights: GenericWeights, name: str) -> GenericNet:
    """Return the shipped weights as a network that draws OUTPUT_SCALE times the pixels a side; the code rests."""
    settings = dict(weights.settings) | {"output_scale": OUTPUT_SCALE}
    network = GenericNet(name, settings)
    tensors = weights.drawing_as(MODELS[name](**settings)).tensors
    given = {key: value.float() for key, value in tensors.items()}
    network.load_state_dict(given | {f"agreement.{k}": v for k, v in network.agreement.state_dict().items()})
    for part in (network.encoder, network.inter[0], network.agreement):
        part.requires_grad_(False)
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; the last line on stdout is the file that was made. Returns the exit code (2: the user can mend it)."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_generic.sharpening", description=__doc__.split("\n")[0]
    )
    parser.add_argument("data", type=Path, help="a set written by python -m tools.people dataset ... --together 4")
    parser.add_argument("out", type=Path, help="folder for checkpoints and weights")
    parser.add_argument("--model", choices=("lite",), default="lite")
    parser.add_argument("--minutes", type=float, default=60.0, help="in all, earlier calls counted in")
    parser.add_argument("--batch", type=int, default=16, help="pictures a step, even")
    parser.add_argument("--picture", type=int, default=320, metavar="PX", help="side of the set's pictures")
    parser.add_argument("--rate", type=float, default=5e-4)
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    return run(lambda: _sharpen(options))


def _sharpen(options: argparse.Namespace) -> Path:
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    weights = GenericWeights.of(options.model)
    if weights is None:
        raise UserError(f"no generic weights of {options.model} are shipped to go on from: pretrain them first")
    accelerator = choose_accelerator("auto")
    network = sharper(weights, options.model)
    moments = Moments(options.data, crop_px_for(network.resolution, network.coverage, options.picture))
    adversary = DISCRIMINATOR.build(accelerator)
    likeness = LIKENESS.build(network.coverage, accelerator)
    task = SharpTask(moments, options.batch, loss=LOSS, likeness=likeness, adversary=adversary)
    return pretrain(network, task, options.out, options.minutes, options.rate, beside=adversary)


if __name__ == "__main__":
    sys.exit(main())
