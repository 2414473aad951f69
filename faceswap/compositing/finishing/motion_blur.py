"""Motion blur: a drawn face in a fast pan is as blurred, along the way it goes, as the face it covers.

How far a face moves is known from its track; how long the shutter was open is not, and is measured. Motion takes detail
along its way and leaves that across it. How much B's own face in the frame lacks along the way, against across it, is
what the drawn face is brought to. Faces differ in this by nature, wrinkles and brows lie across them; how far these two
do is seen while they hold still. A film of short exposures gets nothing, and what the model has blurred itself counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MEASURED_PX = 6.0  # of the frame that a face moves from one to the next, from which on its blur can be measured
STILL_PX = 2.0  # up to which nothing is blurred that is seen
SHORTEST_PX = 1.5  # of blur that is seen
LEAST_SHARE = 0.15  # of the motion; faces that are not blurred seem to be as much
LOOKED_AT_PX = 12.0  # pictures are halved until the motion is no longer than this: enough to measure it
SCALES = 4  # halvings at most, and one
FINE_PX, COARSE_PX = 0.7, 9.0  # blurs between which detail is compared
UNKNOWN = 1.3  # times that two faces may differ by nature, until it is known
FEWEST_PIXELS = 200  # of the face, below which nothing can be measured
REMEMBERED = 64  # fast faces
TRACKS = 64  # whose still faces are remembered
STILL_FACES = 24  # of a track that are looked at; more tell nothing new
STEPS = 6  # of halving the interval in which the length lies


class Shutter:
    """Blurs faces by their motion while the film's shutter is open.

    How long that is, as a share of the time from frame to frame, is one number for a camera: the median of what the
    last fast faces say.
    """

    def __init__(self) -> None:
        self._shares = deque[float](maxlen=REMEMBERED)
        self._still: dict[int, Still] = {}

    def forget(self) -> None:
        """Begin anew: what follows is another part of the film."""
        self._shares.clear()
        self._still.clear()

    def blurred(
        self, drawn: NDArray[np.float32], under: NDArray[np.uint8], weights: NDArray, motion: NDArray, track: int = -1
    ) -> NDArray[np.float32]:
        """Return a drawn face with the blur of its motion.

        Args:
            drawn: (H, W, 3) RGB in [0, 1], as it will lie in the frame.
            under: (H, W, 3) RGB of the frame there.
            weights: (H, W) in [0, 1], the mask.
            motion: (2,) x, y in pixels of the frame from one frame to the next.
            track: The face's track; -1: none.
        """
        speed_px = float(np.linalg.norm(motion))
        if speed_px <= STILL_PX:
            if track >= 0:
                self._of(track).look(drawn, under, weights)
            return drawn
        if speed_px >= MEASURED_PX:
            share = lacking_share(drawn, under, weights, motion, self._still.get(track))
            if share is not None:
                self._shares.append(share)
        open_share = float(np.median(self._shares)) if self._shares else 0.0
        if open_share < LEAST_SHARE or open_share * speed_px < SHORTEST_PX:
            return drawn
        return cv2.filter2D(drawn, -1, _line(motion, open_share * speed_px), borderType=cv2.BORDER_REFLECT)

    def _of(self, track: int) -> Still:
        if track not in self._still and len(self._still) == TRACKS:
            del self._still[next(iter(self._still))]  # a long film has thousands
        return self._still.setdefault(track, Still())


def lacking_share(
    drawn: NDArray[np.float32], under: NDArray[np.uint8], weights: NDArray, motion: NDArray, still: Still | None = None
) -> float | None:
    """Return how long a line of blur a drawn face lacks, as a share of its motion, in [0, 1]; None: not to be told.

    Args:
        drawn, under, weights, motion: As of `Shutter.blurred`.
        still: What the two faces were like without motion.
    """
    scale = int(np.clip(np.ceil(np.log2(np.linalg.norm(motion) / LOOKED_AT_PX)), 0, SCALES - 1))
    step = motion / 2**scale
    inside = _halved(weights, scale) > 0.5
    if int(inside.sum()) < FEWEST_PIXELS:
        return None
    own = _halved(_grey(drawn) * np.float32(255), scale)
    natural = UNKNOWN if still is None else still.natural(scale, step)
    wanted = _Slopes.of(_halved(_grey(under), scale), inside).lack_along(step) / natural
    shortest, longest = 0.0, 1.0
    if wanted <= _Slopes.of(own, inside).lack_along(step):
        return shortest
    for _ in range(STEPS):
        share = (shortest + longest) / 2
        line = _line(step, share * float(np.linalg.norm(step)))
        blurred = cv2.filter2D(own, -1, line, borderType=cv2.BORDER_REFLECT)
        if _Slopes.of(blurred, inside).lack_along(step) < wanted:
            shortest = share
        else:
            longest = share
    return (shortest + longest) / 2


class Still:
    """What detail a drawn face and the face it covers have in each direction, while nothing moves."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[_Slopes, _Slopes]] = {}
        self._seen = 0

    def look(self, drawn: NDArray[np.float32], under: NDArray[np.uint8], weights: NDArray) -> None:
        """Take in one more frame."""
        if self._seen == STILL_FACES:
            return
        self._seen += 1
        own, filmed = _grey(drawn) * np.float32(255), _grey(under)
        for scale in range(SCALES):
            inside = _halved(weights, scale) > 0.5
            if int(inside.sum()) < FEWEST_PIXELS:
                return
            seen = _Slopes.of(_halved(own, scale), inside), _Slopes.of(_halved(filmed, scale), inside)
            last = self._sums.get(scale)
            self._sums[scale] = seen if last is None else (last[0] + seen[0], last[1] + seen[1])

    def natural(self, scale: int, motion: NDArray) -> float:
        """Return how many times more B's face lacks along a way than the drawn one does."""
        if scale not in self._sums:
            return UNKNOWN
        own, filmed = self._sums[scale]
        return filmed.lack_along(motion) / own.lack_along(motion)


@dataclass(frozen=True, eq=False)
class _Slopes:
    """Structure tensors (2, 2) of a picture, sums of slope x slope: of its fine detail, and of what is coarse."""

    fine: NDArray[np.float64]
    coarse: NDArray[np.float64]

    @classmethod
    def of(cls, grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> _Slopes:
        return cls(*(_tensor(cv2.GaussianBlur(grey, (0, 0), blur_px), inside) for blur_px in (FINE_PX, COARSE_PX)))

    def __add__(self, other: _Slopes) -> _Slopes:
        return _Slopes(self.fine + other.fine, self.coarse + other.coarse)

    def lack_along(self, motion: NDArray) -> float:
        """Return how much more fine detail there is across a motion than along it, against what is coarse."""
        along = np.asarray(motion, np.float64) / np.linalg.norm(motion)
        across = np.array([-along[1], along[0]])
        fine, coarse = (across @ part @ across / (along @ part @ along) for part in (self.fine, self.coarse))
        return float(np.sqrt(fine / coarse))


def _tensor(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    x, y = (cv2.Sobel(grey, cv2.CV_32F, *order, ksize=3)[inside].astype(np.float64) for order in ((1, 0), (0, 1)))
    slopes = np.stack([x, y])
    return slopes @ slopes.T / len(x) + 1e-4 * np.eye(2)


def _grey(image: NDArray) -> NDArray[np.float32]:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _halved(image: NDArray, times: int) -> NDArray[np.float32]:
    factor = 0.5**times
    image = image.astype(np.float32)
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if times else image


def _line(motion: NDArray, length_px: float) -> NDArray[np.float32]:
    """Return the kernel (K, K) of a motion of constant speed over so many pixels."""
    direction = np.asarray(motion, np.float64) / np.linalg.norm(motion)
    reach = int(np.ceil(length_px / 2)) + 1
    count = max(2, int(np.ceil(4 * length_px)))
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    for place in ((np.arange(count) + 0.5) / count - 0.5) * length_px:
        x, y = place * direction + reach
        left, top = int(np.floor(x)), int(np.floor(y))
        for column, row, share in (
            (left, top, (left + 1 - x) * (top + 1 - y)),
            (left + 1, top, (x - left) * (top + 1 - y)),
            (left, top + 1, (left + 1 - x) * (y - top)),
            (left + 1, top + 1, (x - left) * (y - top)),
        ):
            kernel[row, column] += share
    return kernel / kernel.sum()
