"""What is wrong with a pair before it trains, or with a model that draws nothing any more, in plain words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.swap.data.pair_data import FaceViews, PairData
from faceswap.swap.models.layers import SIDES

BLANK = 2.0  # grey levels of spread within a picture below which it shows nothing
# Of the true pictures' spread within a picture, and between pictures. One colour, or one picture for everybody, has 0.
# Demo pair, `lite` from nothing, 4 + 4 faces: 0.03 and 0.05 after 10 steps, 0.18 and 0.06 after 60, 0.38 and 0.15 after
# 100, 0.57 and 0.32 after 400.
COLLAPSED, ALIKE = 0.1, 0.05
SETTLED = 500  # steps after which even a model that began at random draws more than one colour
LEAST_SHARE = 0.5  # of the swaps that must be faces

log = logging.getLogger(__name__)


def check_pair(data: PairData, faces: Mapping[str, Path]) -> None:
    """Warn of what makes a training pointless before it begins."""
    for side in SIDES:
        pictures, name = data.known[side].rgb, faces[side].name
        blank = int((_within(pictures) < BLANK).sum())
        if blank == len(pictures):
            log.warning(
                "the face set %s shows nothing: all pictures looked at are of one colour; stop (Ctrl-C) and extract it "
                "anew, from a film that shows the face",
                faces[side],
            )
        elif blank:
            log.warning("%d of %d pictures looked at of %s are of one colour: curate it", blank, len(pictures), name)
        elif len(pictures) > 1 and (pictures == pictures[0]).all():
            log.warning("all pictures looked at of %s are one and the same: a likeness wants many", name)
    if faces["a"].resolve() == faces["b"].resolve() or _are_same(data.known["a"].rgb, data.known["b"].rgb):
        log.warning(
            "A and B are the same pictures (%s, %s): the swap will show B as B is; name the face set of somebody else",
            faces["a"].name,
            faces["b"].name,
        )


class HealthMonitor:
    """Looks at what a model draws, and warns once when that is nothing any more.

    `truth`: the faces that it is shown.
    """

    def __init__(self, truth: FaceViews) -> None:
        self._within, self._between = _spreads(truth.rgb)
        self._was_sound = False
        self._told: set[str] = set()

    def check(self, drawn: NDArray[np.uint8], validation: Mapping[str, float], iteration: int, finished: bool) -> None:
        """Warn where it is due.

        Args:
            drawn: The shown faces of B as A, (N, R, R, 3).
            validation: What the validation says; only `validation/swap/faces_share` is looked at.
            iteration: Steps done.
            finished: Whether no more come.
        """
        within, between = _spreads(drawn)
        collapsed = within < COLLAPSED * self._within or between < ALIKE * self._between
        share = validation.get("validation/swap/faces_share")
        faceless = share is not None and share < LEAST_SHARE
        if collapsed and (self._was_sound or iteration >= SETTLED):
            self._tell(
                "collapsed",
                f"the model has collapsed: at iteration {iteration} it draws the same picture whatever it sees. More "
                "steps will not help: begin anew with restart=true and a lower optimizer.learning_rate= (or "
                "update.grad_clip_norm=1), or convert with checkpoint=best",
            )
        elif faceless and (self._was_sound or (finished and iteration >= SETTLED)):
            self._tell(
                "faceless",
                f"most swaps show no face at iteration {iteration}: look at the previews. Train longer if they get "
                "clearer; if they were better before, convert with checkpoint=best or begin anew with restart=true and "
                "a lower optimizer.learning_rate=",
            )
        elif not collapsed and share is not None and not faceless:
            self._was_sound = True
            self._told.clear()

    def _tell(self, what: str, text: str) -> None:
        if what not in self._told:
            log.warning("%s", text)
        self._told.add(what)


def _within(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N,): how much the pixels of each picture differ, grey levels."""
    return pictures.reshape(len(pictures), -1, 3).astype(np.float32).std(1).mean(1)


def _spreads(pictures: NDArray[np.uint8]) -> tuple[float, float]:
    """How much the pixels of a picture differ, and how much the pictures differ from each other, grey levels."""
    return float(_within(pictures).mean()), float(pictures.astype(np.float32).std(0).mean())


def _are_same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether most pictures of one are also in the other."""
    known = {picture.tobytes() for picture in other}
    return one.shape[1:] == other.shape[1:] and sum(p.tobytes() in known for p in one) > len(one) / 2
