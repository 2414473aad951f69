"""GAN inversion: the encoder's initial latent, optimisation, then pivotal tuning.

Steps are made in sigmas of the generator's own samples (see `Whitening`): one vector for the face and offsets from it
for each row. `fidelity` says what has priority, the photo or the generator's domain: at 0 the code is one w, drawn
towards the average; at 0.5 rows are nearly free (W+); beyond, the generator itself is tuned to the face.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from faceswap.engine.adam import Adam
from faceswap.stylegan.inversion.perceptual import InversionLoss, Target
from faceswap.stylegan.inversion.pivotal_tuning import Tuning, tune
from faceswap.stylegan.inversion.resolution import SearchResolution
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.utils.choices import Start
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import half_cosine

if TYPE_CHECKING:
    from faceswap.stylegan.inversion.config import InversionSettings
    from faceswap.stylegan.networks.encoder import Encoder

RATE_SIGMAS = 0.1  # of a step
WARM_UP, COOL_DOWN = 0.05, 0.5  # shares of the steps over which the rate rises, and falls
NEARNESS = 0.02  # weight at fidelity=0 of the code's mean square, in sigmas
TOGETHERNESS = 0.006  # weight at fidelity=0.5 of the mean square of its rows' offsets from each other


@dataclass(frozen=True, eq=False)
class Inversion:
    """What draws N photos: `rows` (N, rows, w_size) and perhaps a `tuning` of the generator that they share.

    `parts`: the losses by name, (N,) each; `loss`: their weighted sum; `history` (steps + 1, N): it along the way, at
    the resolution of the search, the first as started; `steps` and `seconds` in all; `unusual` (N,): root mean square
    of the code in sigmas.
    """

    rows: Tensor
    parts: dict[str, Tensor]
    loss: Tensor
    history: Tensor
    unusual: Tensor
    steps: int
    seconds: float
    tuning: Tuning | None = None
    guess: Tensor | None = field(default=None)

    def draw(self, generator: Generator, rows: Tensor | None = None) -> Tensor:
        """Return images of the rows, or of others, as this inversion's generator draws them."""
        return draw(generator, self.rows if rows is None else rows, self.tuning)


def draw(generator: Generator, rows: Tensor, tuning: Tuning | None) -> Tensor:
    """Return images of rows (N, rows, w_size) by the generator, tuned or as it is."""
    return generator.synthesis(rows) if tuning is None else tuning.draw(generator, rows)


def check_fit(generator: Generator, encoder: Encoder) -> None:
    """Raise UserError when the encoder was made for a generator of another shape."""
    here = (generator.resolution, generator.rows, generator.w_size)
    there = (encoder.resolution, encoder.rows, encoder.w_size)
    if here != there:
        raise UserError(
            f"the encoder is for a generator of (resolution, rows, w_size) {there}, this one has {here}; name its own "
            "with encoder=, or do without: guess=average"
        )


def first_guess(generator: Generator, encoder: Encoder | None, images: Tensor, start: Start) -> Tensor:
    """Return rows to start from, (N, rows, w_size).

    Raises:
        UserError: For `start` "encoder" without an encoder.
    """
    if start == "average":
        return generator.spread(generator.average[None].expand(len(images), -1))
    if encoder is None:
        raise UserError("guess=encoder needs an encoder: name one with encoder=, or say guess=average")
    with torch.no_grad():
        return encoder(images)


@dataclass(frozen=True, eq=False)
class CodeSearch:
    """Looks for the codes of photos.

    Adam goes from the encoder's guess, or from the average; the best code on the way is taken. `fidelity` in [0, 1]:
    see above; beyond 0.5 a share of `tuning_steps` follows. Gradients stay inside.

    Attributes:
        generator: Draws them.
        encoder: Guesses them; not needed from the average.
        loss: How drawn faces are compared with photos.
        settings: Start, steps and fidelity.
        whitening: Of the generator's codes.
    """

    generator: Generator
    encoder: Encoder | None
    loss: InversionLoss
    settings: InversionSettings
    whitening: Whitening

    def invert(self, images: Tensor, masks: Tensor | None = None) -> Inversion:
        """Find the rows that draw photos.

        Args:
            images: (N, 3, R, R) in [-1, 1].
            masks: (N, 1, R, R) 1 on the face.

        Raises:
            UserError: A setting is out of range, or there is no encoder to begin with.
        """
        began = time.perf_counter()
        generator, settings, loss = self.generator, self.settings, self.loss
        fidelity = settings.fidelity
        if not 0 <= fidelity <= 1:
            raise UserError(f"fidelity={fidelity}: must be between 0 (near the average) and 1 (all for the photo)")
        seen = SearchResolution.of(generator, self.encoder)
        guess = first_guess(generator, self.encoder, images, settings.guess)
        smaller = loss.target(seen.reduced(images), None if masks is None else seen.reduced(masks))
        rows, history = self._descend(guess, smaller, seen)
        target = smaller if seen.side_px == generator.resolution else loss.target(images, masks)
        tuning_steps = round(settings.tuning_steps * max(0.0, 2 * fidelity - 1))
        tuning = tune(generator, rows, target, loss, tuning_steps, settings.rank) if tuning_steps else None
        with torch.no_grad():
            parts = loss.parts(draw(generator, rows, tuning), target)
            unusual = self.whitening.sigmas(rows).square().mean((1, 2)).sqrt()
        seconds = time.perf_counter() - began
        steps = settings.steps + tuning_steps
        return Inversion(rows, parts, loss.total(parts), history, unusual, steps, seconds, tuning, guess)

    def _descend(self, rows: Tensor, target: Target, seen: SearchResolution) -> tuple[Tensor, Tensor]:
        """Return the best rows on the way, and the loss after every step (steps + 1, N)."""
        rows = seen.own(rows)
        white, loss, steps, fidelity = self.whitening, self.loss, self.settings.steps, self.settings.fidelity
        start = white.sigmas(rows.detach())
        common = start.mean(1, keepdim=True)
        offsets = start - common
        one_w = fidelity == 0
        if one_w:
            offsets = torch.zeros_like(offsets)
        near = NEARNESS * (1 - fidelity) ** 4
        together = 0.0 if one_w else TOGETHERNESS * (1 / fidelity - 1) ** 2
        common.requires_grad_()
        offsets.requires_grad_(not one_w)
        rate = RATE_SIGMAS
        optimizer = Adam([common] if one_w else [common, offsets], rate, (0.9, 0.95))
        best_rows, best = rows.detach().clone(), torch.full((len(rows),), math.inf, device=rows.device)
        history = []
        for step in range(steps + 1):
            optimizer.rate = rate * _schedule(step, steps)
            with torch.set_grad_enabled(step < steps):
                now = white.w(common + offsets)
                value = loss.total(loss.parts(seen.drawn(self.generator, now), target))
                far = near * (common + offsets).square().mean((1, 2)) + together * offsets.square().mean((1, 2))
                aim = value + far
            better = aim.detach() < best
            best = torch.where(better, aim.detach(), best)
            best_rows = torch.where(better[:, None, None], now.detach(), best_rows)
            history.append(value.detach())
            if step < steps:
                optimizer.step(aim.sum())
        return seen.whole(best_rows), torch.stack(history)


def _schedule(step: int, steps: int) -> float:
    """Return the share of the rate: a short rise, then a cosine's fall at the end (Karras et al. 2020, appendix D)."""
    done = step / max(steps, 1)
    falling = 1 - half_cosine((1 - done) / COOL_DOWN)
    return falling * min(1.0, (step + 1) / max(1.0, WARM_UP * steps))
