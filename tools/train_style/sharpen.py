"""python -m tools.train_style.sharpen OUT CROPS: a generator that learns from pictures until its faces are like them.

CROPS is what `tools.train_style.cut` wrote, as large as the generator draws. All of the synthesis learns, and the
encoder with it; the mapping stays, `tools.train_style.mapping` fits it anew afterwards. Half of each batch are crops
drawn again from the encoder's codes, half samples; a discriminator of patches in three sizes (growing_losses.py) is
shown both. It learns within some hundred steps what that of StyleGAN2 does not in some ten thousand pictures: fine
octaves are shown to it as strong as the picture. A stopped run goes on when it is called again.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.stylegan.data.packed import SEEN_FILE, TARGETS_FILE
from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.training.config import ReconstructionWeights
from faceswap.stylegan.training.losses import d_logistic, g_nonsaturating, r1_penalty
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.stylegan.training.warm_up import ReconstructionLosses
from faceswap.stylegan.weights.files import load_encoder, load_generator, save_encoder, save_generator
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.images import from_signed_range, to_signed_range
from faceswap.utils.progress import Progress
from tools.train_style.checkpoint import read_checkpoint
from tools.train_style.growing_losses import WholeDiscriminator
from tools.train_style.widening import widened_generator

BETAS = (0.5, 0.99)
KEPT = 0.998  # of the averages, a step
BALANCE_KEPT = 0.95  # of the running sizes of gradients, a step
SHEET_EVERY, SAVE_EVERY, R1_EVERY = 250, 100, 8
MEASURED = 64  # crops by which the octaves are measured
LAST_RATE = 0.05  # of the learning rates, in the end
MIXED = 0.5  # probability that a sample's later styles come from another z


@dataclass(frozen=True)
class Plan:
    """How long and how fast; `steps` alone may be another when a run goes on.

    `batch_size` pictures a step, half of them reconstructions; `head_start` steps in which the discriminator learns
    alone; `share`: of its gradients' size against that of the reconstructions'; `tied`: weight of how far codes go from
    where they were.
    """

    batch_size: int = 16
    steps: int = 8000
    head_start: int = 200
    rate: float = 0.002
    encoder_rate: float = 0.0004
    discriminator_rate: float = 0.0008
    share: float = 0.7
    gamma: float = 0.1
    tied: float = 1.0
    seed: int = 0


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.sharpen", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--encoder", type=Path, help="default: the shipped one")
    parser.add_argument(
        "--channels", help="at 4, 8, ... px, as 160,160,160,96,64: more than it has (default: as it is)"
    )
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    options = parser.parse_args()
    plan = Plan(**{name: getattr(options, name) for name in asdict(Plan())})
    generator = load_generator(options.generator)
    if options.channels:
        generator = widened_generator(generator, [int(count) for count in options.channels.split(",")])
    Sharpening(generator, load_encoder(options.encoder), options.crops, plan).run(options.out)
    print(options.out / "generator.safetensors")


class Sharpening:
    """One session of a training: built, taken up where the last one was, and run to its end."""

    def __init__(self, generator: Generator, encoder: Encoder, crops: Path, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.accelerator = plan, choose_accelerator("cpu")
        self.generator, self.encoder = self.accelerator.place(generator), self.accelerator.place(encoder)
        self.seen, self.targets = (np.load(crops / name, mmap_mode="r") for name in (SEEN_FILE, TARGETS_FILE))
        if self.targets.shape[1] != self.generator.resolution:
            raise UserError(f"{crops} holds crops of {self.targets.shape[1]} px, not {self.generator.resolution}")
        self.encoder_before = copy.deepcopy(self.encoder).requires_grad_(False)
        learning = [p for name, p in self.generator.synthesis.named_parameters() if not name.endswith("noise_strength")]
        of_encoder = [p for name, p in self.encoder.named_parameters() if not name.startswith("mapping.")]
        for parameter in (*learning, *of_encoder):
            parameter.requires_grad_(True)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.average_encoder = copy.deepcopy(self.encoder).requires_grad_(False)
        measured = to_signed_range(np.array(self.targets[:MEASURED]))
        self.discriminator = self.accelerator.place(WholeDiscriminator(measured))
        networks = cast(TrainingNetworks, SimpleNamespace(accelerator=self.accelerator))
        self.compare = ReconstructionLosses(ReconstructionWeights(features=1.0), networks)
        groups = [{"params": learning, "lr": plan.rate}, {"params": of_encoder, "lr": plan.encoder_rate}]
        self.optimizer = torch.optim.Adam(groups, plan.rate, BETAS)
        self.opponent = torch.optim.Adam(self.discriminator.parameters(), plan.discriminator_rate, BETAS)
        self.balance, self.number = torch.zeros(2), 0

    def run(self, out: Path) -> None:
        """Train to the end; writes OUT/checkpoint.pt, generator.safetensors, encoder.safetensors and sheets."""
        out.mkdir(parents=True, exist_ok=True)
        self.take_up(out)
        with Progress(self.plan.steps, "sharpen", "step", self.number) as progress:
            while self.number < self.plan.steps:
                told = self.step()
                progress.note(" ".join(f"{name} {value:.3f}" for name, value in told.items()))
                progress.advance()
                ended = self.number == self.plan.steps
                if ended or self.number % SAVE_EVERY == 0:
                    self.save(out)
                    with (out / "losses.txt").open("a") as log:
                        log.write(f"{self.number} {told}\n")
                if ended or self.number % SHEET_EVERY == 0:
                    write_image(out / f"sheet-{self.number:05d}.png", self.sheet())

    def step(self) -> dict[str, float]:
        """Train on the next batch and return its losses."""
        plan, rng = self.plan, torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.number)
        share_left = max(LAST_RATE, min(1.0, 3 * (1 - self.number / plan.steps)))
        for optimizer in (self.optimizer, self.opponent):
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("full", group["lr"]) * share_left
        half = plan.batch_size // 2
        seen, targets = self._crops(half, rng, self.seen, self.targets)
        learns = self.number >= plan.head_start
        told: dict[str, float] = {}
        with torch.set_grad_enabled(learns):
            with self.accelerator.autocast():
                codes = self.encoder(seen)
            rows = torch.cat([codes.float(), self._sampled(plan.batch_size - half, rng)])
            with self.accelerator.autocast():
                drawn = self.generator.synthesis(rows, noise="none")
            drawn = drawn.float()
        if learns:
            with torch.no_grad(), self.accelerator.autocast():
                before = self.encoder_before(seen).float()
            parts = self.compare(drawn[:half], targets) | {"tied": plan.tied * (codes - before).square().mean()}
            told |= {name: float(value.detach()) for name, value in parts.items()}
            images = drawn.detach().requires_grad_()
            loss = torch.stack([value for name, value in parts.items() if name != "tied"]).sum()
            (slopes,) = torch.autograd.grad(loss, drawn, retain_graph=True)
            slopes = slopes + self._contested(images, slopes, told)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward([drawn, parts["tied"]], [slopes, torch.ones_like(parts["tied"])])
            self.optimizer.step()
        _, real = self._crops(len(drawn), rng, None, self.targets)
        self._contend(real, drawn.detach(), told)
        self.number += 1
        self._follow()
        return told

    def _crops(
        self, count: int, rng: torch.Generator, seen: np.ndarray | None, targets: np.ndarray
    ) -> tuple[Tensor, Tensor]:
        """Return pictures (count, 3, S, S) in [-1, 1], as seen and as they are to be drawn; half are mirrored."""
        chosen = torch.randint(len(targets), (count,), generator=rng).sort().values.numpy()
        mirrored = torch.rand(count, 1, 1, 1, generator=rng) < 0.5
        of_target = to_signed_range(np.array(targets[chosen]))
        of_seen = of_target if seen is None else to_signed_range(np.array(seen[chosen]))
        return torch.where(mirrored, of_seen.flip(3), of_seen), torch.where(mirrored, of_target.flip(3), of_target)

    @torch.no_grad()
    def _sampled(self, count: int, rng: torch.Generator) -> Tensor:
        generator = self.generator
        first, other = (
            generator.spread(generator.mapping(torch.randn(count, generator.z_size, generator=rng))) for _ in range(2)
        )
        cut = torch.randint(1, generator.rows, (count, 1, 1), generator=rng)
        cut = torch.where(torch.rand(count, 1, 1, generator=rng) < MIXED, cut, generator.rows)
        return torch.where(torch.arange(generator.rows)[None, :, None] < cut, first, other)

    def _contested(self, images: Tensor, slopes: Tensor, told: dict[str, float]) -> Tensor:
        """Return the discriminator's gradients, as large as `share` of the reconstructions' over the last steps."""
        self.discriminator.requires_grad_(False)
        with self.accelerator.autocast():
            logits = self.discriminator(images)
        loss = torch.stack([g_nonsaturating(one.float()) for one in logits]).mean()
        (found,) = torch.autograd.grad(loss, images)
        half = len(images) // 2
        sizes = torch.stack([slopes[:half].norm(), found[:half].norm()])
        fresh = 1.0 if not self.balance.any() else 1 - BALANCE_KEPT
        self.balance = torch.lerp(self.balance, sizes, fresh)
        told["generator"] = float(loss.detach())
        return found * (self.plan.share * self.balance[0] / self.balance[1].clamp(min=1e-12))

    def _contend(self, real: Tensor, drawn: Tensor, told: dict[str, float]) -> None:
        """Train the discriminator on crops against what was drawn."""
        self.discriminator.requires_grad_(True)
        with self.accelerator.autocast():
            pairs = list(zip(self.discriminator(real), self.discriminator(drawn), strict=True))
        loss = torch.stack([d_logistic(one.float(), other.float()) for one, other in pairs]).mean()
        told["discriminator"] = float(loss.detach())
        if self.number % R1_EVERY == 0:
            shown = self.discriminator.seen(real).detach().requires_grad_()
            # Of a mean of independent patches as steep as one of them.
            one = sum(logits.mean((1, 2, 3)) * logits.shape[-1] for logits in self.discriminator.judged(shown))
            loss = loss + R1_EVERY * self.plan.gamma / 2 * r1_penalty(cast(Tensor, one) / 3, shown)
        self.opponent.zero_grad(set_to_none=True)
        loss.backward()
        self.opponent.step()

    @torch.no_grad()
    def _follow(self) -> None:
        kept = min(KEPT, 1 - 1 / self.number)
        for average, own in ((self.average, self.generator), (self.average_encoder, self.encoder)):
            torch._foreach_lerp_(list(average.parameters()), list(own.parameters()), 1 - kept)

    @torch.no_grad()
    def sheet(self) -> np.ndarray:
        """Return samples at psi 1 and 0.7; crops, and how they are drawn again."""
        generator, encoder = self.average, self.average_encoder
        seen, targets = (to_signed_range(np.array(part[:12])) for part in (self.seen, self.targets))
        lines = [generator.synthesis(generator.spread(styles_of(generator, range(24), psi))) for psi in (1.0, 0.7)]
        lines += [targets, generator.synthesis(encoder(seen))]
        pictures = [picture for line in lines for picture in from_signed_range(line.clamp(-1, 1))]
        return contact_sheet(pictures, columns=12, tile_px=2 * generator.resolution)

    def save(self, out: Path) -> None:
        """Write checkpoint, generator and encoder, each whole or not at all."""
        state: dict[str, Any] = {"balance": self.balance, "number": self.number, "plan": asdict(self.plan)}
        with atomic_path(out / "checkpoint.pt") as temp:
            torch.save(state | {name: part.state_dict() for name, part in self._parts().items()}, temp)
        about = {"from": "python -m tools.train_style.sharpen", "kimg": self.number * self.plan.batch_size / 1000}
        save_generator(self.average, out / "generator.safetensors", about)
        save_encoder(self.average_encoder, out / "encoder.safetensors", about)

    def _parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator, "encoder": self.encoder, "average_generator": self.average,
            "average_encoder": self.average_encoder, "discriminator": self.discriminator, "optimizer": self.optimizer,
            "opponent": self.opponent,
        }  # fmt: skip

    def take_up(self, out: Path) -> None:
        """Go on from OUT/checkpoint.pt where there is one. Raises UserError when it is of another plan."""
        state = read_checkpoint(out / "checkpoint.pt", asdict(self.plan))
        if state is None:
            return
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.balance, self.number = state["balance"], state["number"]


if __name__ == "__main__":
    main()
