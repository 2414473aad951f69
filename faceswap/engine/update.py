"""How a loss becomes a change of the weights: rate over time, clipping, dropout of the rate, average of the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from faceswap.engine.config import UpdateConfig
from faceswap.engine.process_group import SINGLE_PROCESS, ProcessGroup
from faceswap.engine.progress import TrainingProgress
from faceswap.utils.numbers import half_cosine

LAST_RATE = 0.02  # of the full rate, at the end of a cosine: still learning, no longer shaking
FIRST_RATE, RISE = 1 / 25, 0.3  # where one-cycle begins, and how much of the run it rises
AFTER_SETBACK = 0.5  # times the rate


class Update(UpdateConfig):
    """`schedule`: the rate over the run's iterations (or minutes).

    Constant; cosine, falling all the way (Loshchilov & Hutter 2017); one_cycle, up and then down (Smith & Topin 2018).

    `grad_clip_norm`: maximum norm of the gradient of all weights, 0 disables clipping. `lr_dropout`: share of the
    weights that each step leaves as they are, drawn anew every time (DeepFaceLab's lr_dropout: 0.7). `ema_decay`: share
    that the running average of the weights keeps each step, 0: none; previews, validation and conversion take the
    average. `retries`: how often training may go back to the last checkpoint, each time with half the rate, when the
    loss is not finite.
    """

    def rate(self, progress: float) -> float:
        """The share of the full learning rate at `progress` in [0, 1] of the run."""
        if self.schedule == "constant":
            return 1.0
        if self.schedule == "one_cycle":
            if progress < RISE:
                return 1 + (FIRST_RATE - 1) * _half_wave(progress / RISE)
            progress = (progress - RISE) / (1 - RISE)
        return LAST_RATE + (1 - LAST_RATE) * _half_wave(progress)


Model = TypeVar("Model", bound=nn.Module)


class Updater(Generic[Model]):
    """Takes the steps. `shown` is the model to look at and to keep: the averaged one, or the trained one itself.

    The weights in `resting` stay as they are during the first `rests` steps of the run.
    """

    def __init__(
        self,
        model: Model,
        optimizer: torch.optim.Optimizer,
        update: Update,
        processes: ProcessGroup = SINGLE_PROCESS,
        resting: Sequence[Tensor] = (),
        rests: int = 0,
    ) -> None:
        self._optimizer = optimizer
        self._update = update
        self._processes = processes
        self._resting, self._rests = resting, rests
        self._rates = [float(group["lr"]) for group in optimizer.param_groups]
        self._trained = model
        self._weights: list[Tensor] = list(model.parameters())
        self.shown = copy.deepcopy(model).requires_grad_(False) if update.ema_decay else model

    @property
    def averaged(self) -> Model | None:
        """The averaged model; None where none is kept."""
        return self.shown if self.shown is not self._trained else None

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self._optimizer.param_groups[0]["lr"])

    def begin(self) -> None:
        """Starts the average at the weights as they are."""
        if self.averaged is not None:
            self.averaged.load_state_dict(self._trained.state_dict())

    def step(self, losses: Tensor, progress: TrainingProgress) -> Tensor | None:
        """One step down the sum of `losses`, whose means over all processes it gives back, without a gradient.

        None, and nothing changed, when a loss is no number, or a gradient to be clipped. A GPU is not asked: to wait
        for its answer would cost more than to go back once. See TrainStep.broken.
        """
        asks = losses.device.type == "cpu"
        self._optimizer.zero_grad()
        losses.sum().backward()
        if progress.iteration < self._rests:
            for weight in self._resting:
                weight.grad = None  # an optimizer passes it over
        means = losses.detach()
        self._processes.average([means, *(weight.grad for weight in self._weights if weight.grad is not None)])
        if asks and not math.isfinite(float(means.sum())):
            return None
        if self._update.grad_clip_norm:
            length = torch.nn.utils.clip_grad_norm_(self._weights, self._update.grad_clip_norm)
            if asks and not math.isfinite(float(length)):
                return None

        share = self._update.rate(progress.fraction()) * AFTER_SETBACK**progress.setbacks
        for group, full in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = full * share
        if self._update.lr_dropout:
            before = [weight.detach().clone() for weight in self._weights]
            self._optimizer.step()
            self._put_back(before, [progress.seed, progress.iteration])
        else:
            self._optimizer.step()
        if self.averaged is not None:
            self._average(progress.iteration)
        return means

    @torch.no_grad()
    def _put_back(self, before: list[Tensor], seed: list[int]) -> None:
        """Undoes the step at random places, which `seed` alone decides: a resumed run finds them again."""
        generator = torch.Generator(before[0].device)
        generator.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        for weight, old in zip(self._weights, before, strict=True):
            dice = torch.randint(256, weight.shape, generator=generator, device=weight.device, dtype=torch.uint8)
            weight.copy_(torch.where(dice < min(255, round(256 * self._update.lr_dropout)), old, weight))

    @torch.no_grad()
    def _average(self, iteration: int) -> None:
        """An average over few steps at first: it would hold the random first weights for long otherwise."""
        keeps = min(self._update.ema_decay, (1 + iteration) / (10 + iteration))
        torch._foreach_lerp_(list(self.shown.parameters()), self._weights, 1 - keeps)
        for kept, buffer in zip(self.shown.buffers(), self._trained.buffers(), strict=True):
            kept.copy_(buffer)


def _half_wave(progress: float) -> float:
    """From 1 to 0 along half a cosine."""
    return half_cosine(progress)
