"""Drawn faces steadied over time: where the film does not change, the swap does not change either.

A model answers a hand before the mouth, or a little noise, with a slightly different face everywhere. So each pixel of
a drawn face is averaged with the frames around it as far as what the model saw is the same there, a joint bilateral
filter in time (Petschnigg et al. 2004; Bonneel et al. 2015 guide by the film as well). What changes in the film, a
blink or a lamp, changes at once. Views are aligned already, so a pixel keeps its place on the face.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.drawing import PlacedFrame, frames_held
from faceswap.core.values import DrawnFaces
from faceswap.track.smoothing import centred_windows

GUIDE_PX = 48  # side of the small view in which change is looked for
GUIDE_SIGMA = 0.75  # its pixels: grain is no change
CHANGED = 8.0  # grey levels by which a pixel has become something else


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame, by track a small view of its face, and what is the same in it as in the frames before, by their number.

    Faces without a track of their own are left out.
    """

    item: PlacedFrame
    guides: dict[int, NDArray[np.float32]]
    same: dict[int, dict[int, NDArray[np.float32]]] = field(default_factory=dict)

    @property
    def index(self) -> int:
        return self.item.frame.index

    def drawn(self, track: int) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return the drawn face of a track and its mask."""
        assert self.item.drawn is not None
        place = list(self.item.tracks).index(track)
        return self.item.drawn.images[place], self.item.drawn.masks[place]


def steadied_faces(items: Iterable[PlacedFrame], reach: int) -> Iterator[PlacedFrame]:
    """Yield frames with their drawn faces averaged over up to `reach` frames to both sides.

    Fewer of frames so large that memory would not hold them. Faces without a track stay as they are.
    """
    stream = iter(items)
    first = next(stream, None)
    if first is None:
        return
    reach = max(1, min(reach, (frames_held(first.frame.image.nbytes) - 1) // 2))
    for window, now in centred_windows(_seen(itertools.chain([first], stream), reach), reach):
        yield _steadied(list(window)[max(0, now - reach) : now + reach + 1], window[now], reach)


def _seen(items: Iterable[PlacedFrame], reach: int) -> Iterator[_Seen]:
    past: deque[_Seen] = deque(maxlen=reach)
    for item in items:
        now = _Seen(item, _guides(item))
        for other in past:
            tracks = now.guides.keys() & other.guides.keys()
            now.same[other.index] = {track: _same(now.guides[track], other.guides[track]) for track in tracks}
        past.append(now)
        yield now


def _guides(item: PlacedFrame) -> dict[int, NDArray[np.float32]]:
    guides, tracks = dict[int, NDArray[np.float32]](), list(item.tracks)
    for track, view in zip(tracks, item.views, strict=True):
        if track >= 0 and tracks.count(track) == 1 and item.drawn is not None:
            small = cv2.resize(view.image, (GUIDE_PX, GUIDE_PX), interpolation=cv2.INTER_AREA)
            guides[track] = cv2.GaussianBlur(small.astype(np.float32), (0, 0), GUIDE_SIGMA)
    return guides


def _same(guide: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each pixel shows the same, (GUIDE_PX, GUIDE_PX) in [0, 1]."""
    change = cv2.absdiff(guide, other).max(2)
    return np.clip(1 - change * np.float32(1 / CHANGED), 0, 1)


def _steadied(window: Sequence[_Seen], now: _Seen, reach: int) -> PlacedFrame:
    item = now.item
    if not now.guides:
        return item
    assert item.drawn is not None
    images, masks = list(item.drawn.images), list(item.drawn.masks)
    near = [other for other in window if 0 < abs(other.index - now.index) <= reach]
    for place, track in enumerate(item.tracks):
        if track not in now.guides:
            continue
        drawn, same = [now.drawn(track)], [np.ones((GUIDE_PX, GUIDE_PX), np.float32)]
        for other in near:
            if track in other.guides and other.drawn(track)[0].shape == images[place].shape:
                drawn.append(other.drawn(track))
                later, earlier = (now, other) if now.index > other.index else (other, now)
                same.append(later.same[earlier.index][track])
        shares = np.stack(same) / np.sum(same, axis=0)
        images[place] = _mean([image for image, _ in drawn], shares)
        learned = [mask for _, mask in drawn if mask is not None]
        if len(learned) == len(drawn):
            masks[place] = _mean(learned, shares)
    return replace(item, drawn=DrawnFaces(images, masks))


def _mean(pictures: Sequence[NDArray[np.float32]], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the pictures (R, R) or (R, R, 3), of each as much as its share (GUIDE_PX, GUIDE_PX) says."""
    total = np.zeros_like(pictures[0])
    for picture, share in zip(pictures, shares, strict=True):
        weights = cv2.resize(share, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        if picture.ndim == 3:
            weights = cv2.cvtColor(weights, cv2.COLOR_GRAY2RGB)
        total += cv2.multiply(picture, weights)
    return total
