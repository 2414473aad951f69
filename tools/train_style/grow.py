"""python -m tools.train_style.grow OUT CROPS [CROPS ...]: a generator of twice the resolution, all below as before.

CROPS are what `tools.train_style.cut --side 128` wrote. Mapping and synthesis up to the old resolution stay to the bit
(progressive growing, Karras et al. 2018, with nothing but the new block learning), so that codes, encoder and
directions mean what they meant. The new block learns first to draw the crops from their polished codes, then against a
discriminator of patches, on these, on guesses and on samples alike. A stopped run goes on when it is called again.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.growing import drawn_below, drawn_onward, drawn_twice, grown_generator
from faceswap.stylegan.training.losses import d_logistic, g_nonsaturating, r1_penalty
from faceswap.stylegan.weights.files import load_encoder, load_generator, save_generator
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.images import from_signed_range
from faceswap.utils.progress import Progress
from tools.train_style.checkpoint import read_checkpoint
from tools.train_style.growing_codes import CodedCrops
from tools.train_style.growing_losses import Comparison, PatchDiscriminator

BETAS = (0.5, 0.99)
KEPT = 0.99  # of the average, a step
BALANCE_KEPT = 0.95  # of the running size of gradients, a step
SHEET_EVERY, SAVE_EVERY, R1_EVERY = 100, 50, 8
WINDOW, EDGE = 0.6875, 4  # share of the picture that a step draws, and what of it borders on nothing, px
BROAD_PX = 8  # edges that were drawn softer than this cannot be drawn sharp: they get a rim instead
MEASURED = 64  # crops by which the octaves are measured
AHEAD, RISE = 20, 60  # steps in which the discriminator learns alone, and over which the block comes to hear of it


@dataclass(frozen=True)
class Plan:
    """How the block is trained; `steps` alone may be another when a run goes on.

    `channels` of the new block; `batch_size` pictures a step, half of them reconstructions; `head_start` steps without
    a discriminator; `share`: of its gradients' size against that of the reconstructions'; `low`: weight of the
    broad colours, means over BROAD_PX, where the new block has nothing to say: the discriminator is not heard either.
    """

    channels: int = 24
    batch_size: int = 8
    steps: int = 4000
    head_start: int = 60
    rate: float = 0.004
    discriminator_rate: float = 0.002
    share: float = 2.0
    gamma: float = 0.1
    low: float = 4.0
    seed: int = 0


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.grow", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("crops", type=Path, nargs="+")
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--encoder", type=Path, help="default: the shipped one")
    parser.add_argument("--polished", type=int, default=400, help="crops of each folder whose codes are polished")
    parser.add_argument("--polish_steps", type=int, default=24)
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    options = parser.parse_args()
    plan = Plan(**{name: getattr(options, name) for name in asdict(Plan())})
    generator, encoder = load_generator(options.generator), load_encoder(options.encoder)
    crops = [
        CodedCrops.of(folder, generator, encoder, options.polished, options.polish_steps) for folder in options.crops
    ]
    growth = Growth(generator, CodedCrops.together(crops), plan)
    growth.run(options.out)
    print(options.out / "generator.safetensors")


@dataclass(frozen=True)
class Window:
    """The part of a picture that a step draws: a block is the same everywhere, and half of every crop is a wall.

    `top`, `left` and `side` in pixels of the old resolution.
    """

    top: int
    left: int
    side: int
    base_px: int

    @classmethod
    def drawn(cls, base_px: int, rng: torch.Generator) -> Window:
        """Return a window by chance; the middle lies in all of them."""
        side = int(WINDOW * base_px) // 4 * 4
        top, left = (int(torch.randint(base_px - side + 1, (), generator=rng)) for _ in range(2))
        return cls(top, left, side, base_px)

    def of(self, pictures: Tensor) -> Tensor:
        """Return the window of pictures or features (N, C, R, R) of either resolution."""
        scale = pictures.shape[-1] // self.base_px
        top, left, side = self.top * scale, self.left * scale, self.side * scale
        return pictures[..., top : top + side, left : left + side]

    def inside(self, part: Tensor) -> Tensor:
        """Return a window without its edge, which was drawn beside nothing."""
        edge = EDGE * part.shape[-1] // (2 * self.side)
        return part[..., edge:-edge, edge:-edge]


class Growth:
    """One session of a training: built, taken up where the last one was, and run to its end."""

    def __init__(self, generator: Generator, crops: CodedCrops, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.crops, self.base_px = plan, crops, generator.resolution
        self.generator = grown_generator(generator, plan.channels)
        self.block = getattr(self.generator.synthesis, f"b{self.generator.resolution}")
        self.block.requires_grad_(True)
        self.average = copy.deepcopy(self.block).requires_grad_(False)
        self.discriminator = PatchDiscriminator(crops.pictures(MEASURED, torch.Generator().manual_seed(plan.seed)))
        self.compare = Comparison()
        learning = [p for name, p in self.block.named_parameters() if not name.endswith("noise_strength")]
        self.optimizer = torch.optim.Adam(learning, plan.rate, BETAS)
        self.opponent = torch.optim.Adam(self.discriminator.parameters(), plan.discriminator_rate, BETAS)
        self.balance, self.number = torch.zeros(2), 0

    def run(self, out: Path) -> None:
        """Train to the end; writes OUT/checkpoint.pt, generator.safetensors and sheets on the way."""
        out.mkdir(parents=True, exist_ok=True)
        self.take_up(out)
        with Progress(self.plan.steps, "grow", "step", self.number) as progress:
            while self.number < self.plan.steps:
                told = self.step()
                progress.note(" ".join(f"{name} {value:.4f}" for name, value in told.items()))
                progress.advance()
                ended = self.number == self.plan.steps
                if ended or self.number % SAVE_EVERY == 0:
                    self.save(out)
                if ended or self.number % SHEET_EVERY == 0:
                    with (out / "losses.txt").open("a") as log:
                        log.write(f"{self.number} {told}\n")
                    write_image(out / f"sheet-{self.number:05d}.png", self.sheet())

    def step(self) -> dict[str, float]:
        """Train on the next batch and return its losses."""
        plan, rng = self.plan, torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.number)
        for group, full in ((self.optimizer, plan.rate), (self.opponent, plan.discriminator_rate)):
            group.param_groups[0]["lr"] = full * max(0.05, min(1.0, 3 * (1 - self.number / plan.steps)))
        rows, targets = self.crops.polished(plan.batch_size // 2, rng)
        count = plan.batch_size - len(rows)
        every = torch.cat([rows, self.crops.guessed(count // 2, rng), self._sampled(count - count // 2, rng)])
        features, base = drawn_below(self.generator, every, self.base_px)
        window = Window.drawn(self.base_px, rng)
        drawn = window.inside(drawn_onward(self.generator, window.of(features), window.of(base), every))
        parts = self.compare(drawn[: len(targets)], window.inside(window.of(targets)))
        below = functional.avg_pool2d(window.inside(window.of(base)), BROAD_PX // 2)
        parts["low"] = plan.low * functional.l1_loss(functional.avg_pool2d(drawn, BROAD_PX), below)
        told = {name: float(value.detach()) for name, value in parts.items()}
        images = drawn.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(torch.stack(list(parts.values())).sum(), drawn, retain_graph=True)
        if self.number >= plan.head_start:
            slopes = slopes + self._contested(images, slopes, told)
        self.optimizer.zero_grad(set_to_none=True)
        drawn.backward(slopes)
        self.optimizer.step()
        if self.number >= plan.head_start - AHEAD:
            self._contend(window.inside(window.of(self.crops.pictures(len(drawn), rng))), images.detach(), told)
        self.number += 1
        with torch.no_grad():
            kept = min(KEPT, 1 - 1 / self.number)
            torch._foreach_lerp_(list(self.average.parameters()), list(self.block.parameters()), 1 - kept)
        return told

    def _sampled(self, count: int, rng: torch.Generator) -> Tensor:
        z = torch.randn(count, self.generator.z_size, generator=rng)
        return self.generator.spread(self.generator.mapping(z))

    def _contested(self, images: Tensor, slopes: Tensor, told: dict[str, float]) -> Tensor:
        """Return the discriminator's gradients, as large as `share` of the reconstructions' over the last steps."""
        self.discriminator.requires_grad_(False)
        loss = g_nonsaturating(self.discriminator(images))
        (found,) = torch.autograd.grad(loss, images)
        found = found - functional.interpolate(functional.avg_pool2d(found, BROAD_PX), scale_factor=BROAD_PX)
        half = len(images) // 2
        sizes = torch.stack([slopes[:half].norm(), found[:half].norm()])
        fresh = 1.0 if not self.balance.any() else 1 - BALANCE_KEPT
        self.balance = torch.lerp(self.balance, sizes, fresh)
        told["generator"] = float(loss.detach())
        share = self.plan.share * min(1.0, (self.number - self.plan.head_start) / RISE)
        return found * (share * self.balance[0] / self.balance[1].clamp(min=1e-12))

    def _contend(self, real: Tensor, drawn: Tensor, told: dict[str, float]) -> None:
        """Train the discriminator on crops against what was drawn, both seen through the same window."""
        self.discriminator.requires_grad_(True)
        loss = d_logistic(self.discriminator(real), self.discriminator(drawn))
        told["discriminator"] = float(loss.detach())
        if self.number % R1_EVERY == 0:
            shown = self.discriminator.seen(real).detach().requires_grad_()
            logits = self.discriminator.judged(shown)
            one = logits.mean((1, 2, 3)) * logits.shape[-1]  # of a mean of independent patches as steep as one of them
            loss = loss + R1_EVERY * self.plan.gamma / 2 * r1_penalty(one, shown)
        self.opponent.zero_grad(set_to_none=True)
        loss.backward()
        self.opponent.step()

    def result(self) -> Generator:
        """Return the generator with the block's average over the last steps."""
        whole = copy.deepcopy(self.generator)
        setattr(whole.synthesis, f"b{whole.resolution}", copy.deepcopy(self.average))
        return whole.eval().requires_grad_(False)

    @torch.no_grad()
    def sheet(self) -> np.ndarray:
        """Return samples at psi 0.7, what was drawn at the old resolution above what is now; then crops and guesses."""
        whole = self.result()
        rng = torch.Generator().manual_seed(1)
        polished, targets = self.crops.polished(6, rng)
        rows = torch.cat([whole.spread(styles_of(whole, range(6), 0.7)), polished])
        base, drawn = drawn_twice(whole, rows)
        before = functional.interpolate(base, scale_factor=2, mode="bicubic", align_corners=False)
        lines = [before[:6], drawn[:6], before[6:], drawn[6:], targets]
        pictures = [picture for line in lines for picture in from_signed_range(line.clamp(-1, 1))]
        return contact_sheet(pictures, columns=6, tile_px=whole.resolution)

    def save(self, out: Path) -> None:
        """Write checkpoint and generator, each whole or not at all."""
        state: dict[str, Any] = {
            "block": self.block.state_dict(),
            "average": self.average.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "opponent": self.opponent.state_dict(),
            "balance": self.balance,
            "number": self.number,
            "plan": asdict(self.plan),
        }
        with atomic_path(out / "checkpoint.pt") as temp:
            torch.save(state, temp)
        about = {"from": "python -m tools.train_style.grow", "kimg": self.number * self.plan.batch_size / 1000}
        save_generator(self.result(), out / "generator.safetensors", about)

    def take_up(self, out: Path) -> None:
        """Go on from OUT/checkpoint.pt where there is one. Raises UserError when it is of another plan."""
        state = read_checkpoint(out / "checkpoint.pt", asdict(self.plan))
        if state is None:
            return
        for name in ("block", "average", "discriminator", "optimizer", "opponent"):
            getattr(self, name).load_state_dict(state[name])
        self.balance, self.number = state["balance"], state["number"]


if __name__ == "__main__":
    main()
