"""Latents of a film's faces: the encoder's output in each frame plus one correction per person.

What the encoder gets wrong of a person is much the same in all frames. So it is found once, with many steps, on the
first frames that show them, and followed with a few steps for every batch, warm from the last one: codes then move as
smoothly as the guesses do, and cost hardly more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from faceswap.engine.adam import Adam
from faceswap.stylegan.inversion.inversion import NEARNESS
from faceswap.stylegan.inversion.perceptual import Target
from faceswap.stylegan.inversion.pipeline import Inverter
from faceswap.stylegan.inversion.resolution import SearchResolution
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import evenly_spread

FACES_FIRST, FACES_LATER = 2, 1  # faces of a batch that the steps are fitted to
RATE_FIRST, RATE_LATER = 0.05, 0.01  # sigmas

log = logging.getLogger(__name__)


class LatentTracker:
    """Gives the codes of a film's faces, batch after batch.

    `steps` for a face that is new, `refine` for one that goes on, 0 leaves the guess as it is.
    """

    def __init__(self, inverter: Inverter, steps: int, refine: int) -> None:
        if inverter.encoder is None:
            raise UserError("a video needs the generator's encoder: name it with encoder=")
        self._inverter, self._encoder = inverter, inverter.encoder
        self._steps, self._refine = steps, refine
        self._seen = SearchResolution.of(inverter.generator, inverter.encoder)
        self._people: dict[int, _Correction] = {}

    def codes(self, images: Tensor, tracks: Sequence[int], masks: Callable[[list[int]], Tensor]) -> Tensor:
        """Return codes (N, rows, w_size) of N faces (N, 3, R, R) in [-1, 1].

        `masks(chosen)` gives some faces' heads.
        """
        white = self._inverter.whitening
        with torch.no_grad():
            guesses = white.sigmas(self._seen.own(self._encoder(images)))
        rows = torch.empty_like(guesses)
        for track in dict.fromkeys(tracks):
            here = [index for index, number in enumerate(tracks) if number == track]
            person = self._people.get(track)
            is_new = person is None
            person = person or _Correction(self._inverter, self._seen, guesses[here[0]])
            fitted = [here[place] for place in evenly_spread(len(here), FACES_FIRST if is_new else FACES_LATER)]
            steps = self._steps if is_new else self._refine
            if steps:
                shown = self._seen.reduced(images[fitted]), self._seen.reduced(masks(fitted))
                target = self._inverter.loss.target(*shown)
                before = person.descend(guesses[fitted], target, steps, RATE_FIRST if is_new else RATE_LATER)
                if is_new and self._inverter.domain_check is not None:
                    line = self._inverter.domain_check.warning(f"the face of track {track}", before)
                    if line:
                        log.warning(line)
            if track >= 0:
                self._people[track] = person
            rows[here] = white.w(guesses[here] + person.offset.detach())
        for ended in [track for track in self._people if track not in tracks]:
            del self._people[ended]  # a long film has thousands of tracks
        return self._seen.whole(rows)


class _Correction:
    """What is added to the guesses of one person, in sigmas, (rows, w_size); begins at nothing."""

    def __init__(self, inverter: Inverter, seen: SearchResolution, like: Tensor) -> None:
        self._inverter, self._seen = inverter, seen
        self.offset = torch.zeros_like(like).requires_grad_()
        self._optimizer = Adam([self.offset], 0.0, (0.9, 0.99))

    def descend(self, guesses: Tensor, target: Target, steps: int, rate: float) -> float:
        """Optimise from `guesses` (n, rows, w_size), in sigmas, towards `target`; return the loss before."""
        losses = []
        loss, white, generator = self._inverter.loss, self._inverter.whitening, self._inverter.generator
        self._optimizer.rate = rate
        with torch.enable_grad():
            for _ in range(steps):
                drawn = self._seen.drawn(generator, white.w(guesses + self.offset))
                value = loss.total(loss.parts(drawn, target)).mean()
                losses.append(float(value.detach()))
                self._optimizer.step(value + NEARNESS * self.offset.square().mean())
        return losses[0]
