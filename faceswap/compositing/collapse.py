"""Detection of collapsed models, which draw no faces, before a film is written with them."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.errors import UserError

FLAT_LEVELS = 3.0  # spread in grey levels below which a drawn picture is one colour
SEEN_LEVELS = 8.0  # and of a view from which on there is something to be drawn
SAME_LEVELS = 0.5  # mean difference of drawn pictures that are one and the same
OTHER_LEVELS = 12.0  # and of views that are not

log = logging.getLogger(__name__)


class CollapseDetector:
    """Checks what a model draws, batch by batch; `name` says which model."""

    def __init__(self, name: str) -> None:
        self._name, self._told = name, False
        self._first: tuple[NDArray, NDArray] | None = None  # a view, and what was drawn of it

    def check(self, views: NDArray[np.uint8], images: NDArray[np.float32]) -> None:
        """Check a batch of views (N, R, R, 3) and of what was drawn, (N, R, R, 3) in [0, 1].

        Raises:
            UserError: Not a number is drawn.
        """
        if not np.isfinite(images).all():
            raise UserError(f"the model {self._name} gives no finite picture; take an earlier checkpoint")
        shown = [index for index in range(len(views)) if views[index, ::4, ::4].std() > SEEN_LEVELS]
        if not shown:
            return  # a black screen tells nothing of the model
        drawn = 255 * np.clip(images[shown, ::4, ::4], 0, 1)
        if (drawn.std((1, 2)).max(1) < FLAT_LEVELS).all():
            grey = float(drawn.mean())
            self._tell(
                f"the model {self._name} draws one flat colour (grey level {grey:.0f} of 255) where faces should be: "
                "its training has collapsed or hardly begun. Stop (Ctrl-C), and take another checkpoint= or train anew"
            )
        self._compare(views[shown, ::4, ::4].astype(np.float32), drawn)

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            log.warning(text)

    def _compare(self, views: NDArray, drawn: NDArray) -> None:
        """Warn once of a model that draws the same whatever it is shown."""
        if self._first is None:
            self._first = views[0], drawn[0]
        other = np.abs(views - self._first[0]).mean((1, 2, 3)) > OTHER_LEVELS
        if other.any() and np.abs(drawn[other] - self._first[1]).mean() < SAME_LEVELS:
            self._tell(f"the model {self._name} draws the same face whatever it is shown: look at the result")
