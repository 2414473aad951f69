"""Between drawing and pasting: what is steadied over time, by the frames before and after, so that nothing lags.

A face's colours and what its mask sees are averaged over the frames around it; a face that comes or goes within a shot
is faded in or out. All ends at a cut. Each frame depends on REACH frames to both sides, and on no others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.colour import Colours, centred
from faceswap.compositing.compositor import measured_colours
from faceswap.compositing.drawing import PlacedFrame, frames_held
from faceswap.compositing.masks.protocol import FrameMask, Mask, alpha_of, mask_at
from faceswap.compositing.masks.steady import steadied as steadied_mask
from faceswap.compositing.masks.steady import steady_shares, without_memory
from faceswap.core.geometry import face_size, invert, transform_points
from faceswap.media.pictures.colour_transfer import ColourMatcher
from faceswap.track.shots import FrameSignature, is_cut
from faceswap.track.smoothing import centred_windows
from faceswap.utils.numbers import smoothstep

REACH = 4  # frames to both sides; fewer of frames so large that memory would not hold them
SAME_PLACE = 0.5  # of a face's size: another track that begins so near is the same face under another number


@dataclass(frozen=True)
class Steadying:
    """How faces are steadied along their tracks.

    Attributes:
        mask: What is asked about frames that it has not seen.
        colour: What measures colours.
        keep: How much the colours of a frame's neighbours count, those next to them the square of it; 0: not at all.
        fade_frames: Over so many frames a face is faded where it comes or goes, up to REACH; 0: not at all.
    """

    mask: Mask
    colour: ColourMatcher
    keep: float
    fade_frames: int

    @property
    def is_needed(self) -> bool:
        """Return whether anything is steadied at all."""
        return self.keep > 0 or self.fade_frames > 0


@dataclass(frozen=True, eq=False)
class _Measured:
    """A drawn frame, whether it begins a shot, and the colours of its faces."""

    item: PlacedFrame
    is_first: bool
    colours: Sequence[Colours | None]

    def place_of(self, track: int) -> int | None:
        """Return where a track stands among the faces; None where it is not there, or not alone."""
        places = [place for place, one in enumerate(self.item.tracks) if one == track]
        return places[0] if track >= 0 and len(places) == 1 else None


def steadied(items: Iterable[PlacedFrame], how: Steadying) -> Iterator[PlacedFrame]:
    """Yield drawn frames with the colours, masks and shares that their faces are to be pasted with."""
    if not how.is_needed:
        yield from items
        return
    stream = iter(items)
    first = next(stream, None)
    if first is None:
        return
    reach = max(1, min(REACH, (frames_held(first.frame.image.nbytes) - 1) // 2))
    shares = steady_shares(how.mask)
    for window, now in centred_windows(_measured(itertools.chain([first], stream), how), reach):
        around = list(window)[max(0, now - reach) : now + reach + 1]
        yield _centred(around, min(now, reach), how, shares, min(how.fade_frames, reach))


def _measured(items: Iterable[PlacedFrame], how: Steadying) -> Iterator[_Measured]:
    """Yield frames with what must be known of them before their turn."""
    before, last = None, -2
    mask = without_memory(how.mask)
    looking = mask if isinstance(mask, FrameMask) else None
    for item in items:
        frame = item.frame
        signature = FrameSignature.of(frame)
        is_first = before is None or frame.index != last + 1 or is_cut(before, signature)
        before, last = signature, frame.index
        drawn = item.drawn
        if drawn is None:
            yield _Measured(item, is_first, ())
            continue
        if item.free is None and looking is not None:
            item = replace(item, free=looking.free([frame] * len(item.views), item.views, item.tracks))
        here, free = mask_at(mask, frame.index), item.free
        alphas = [
            alpha_of(here, view.points, view.size_px, drawn.masks[i], None if free is None else free[i])
            for i, view in enumerate(item.views)
        ]
        colours = [
            measured_colours(frame, view, image, alpha, how.colour)
            for view, image, alpha in zip(item.views, drawn.images, alphas, strict=True)
        ]
        # What a mask sees of the frames is steadied before they are pasted; its alphas are other ones then.
        yield _Measured(item if free is not None else replace(item, alphas=alphas), is_first, colours)


def _centred(
    window: Sequence[_Measured], now: int, how: Steadying, shares: Sequence[float], fade_frames: int
) -> PlacedFrame:
    """Return the frame in the middle with what those around it say."""
    item = window[now].item
    if item.drawn is None:
        return item
    colours, fading = list[Colours | None](), list[float]()
    free: list[NDArray] | None = None if item.free is None else []
    for place, track in enumerate(item.tracks):
        near = _of_track(window, now, track)
        mine = next((at for at, (index, _) in enumerate(near) if index == now), 0)
        near = near or [(now, place)]
        colours.append(centred([window[index].colours[at] for index, at in near], mine, how.keep))
        if free is not None:
            seen = [window[index].item.free[at] for index, at in near]  # type: ignore[index]
            free.append(steadied_mask(seen, mine, shares))
        fading.append(_presence(window, now, place, fade_frames))
    return replace(item, colours=colours, free=free, fading=fading)


def _of_track(window: Sequence[_Measured], now: int, track: int) -> list[tuple[int, int]]:
    """Return the frames around one in which a track is seen without a gap or cut, and its place in each."""
    if window[now].place_of(track) is None:
        return []
    first = last = now
    while first > 0 and not window[first].is_first and window[first - 1].place_of(track) is not None:
        first -= 1
    while last + 1 < len(window) and not window[last + 1].is_first and window[last + 1].place_of(track) is not None:
        last += 1
    return [(index, place) for index in range(first, last + 1) if (place := window[index].place_of(track)) is not None]


def _presence(window: Sequence[_Measured], now: int, place: int, fade_frames: int) -> float:
    """Return the share of a face that is pasted: less towards the frames of its shot in which it is not seen."""
    track = window[now].item.tracks[place]
    if fade_frames == 0 or window[now].place_of(track) is None:
        return 1.0
    gaps = [_frames_until_lost(window, now, track, step) for step in (-1, 1)]
    nearest = min((gap for gap in gaps if gap is not None), default=fade_frames + 1)
    return float(smoothstep(np.float64(min(1.0, nearest / (fade_frames + 1)))))


def _frames_until_lost(window: Sequence[_Measured], now: int, track: int, step: int) -> int | None:
    """Return after how many frames on, or (-1) back, a track is lost within its shot; None: not as far as is known."""
    index = now
    while 0 <= index + step < len(window):
        begins = window[index + step] if step > 0 else window[index]
        if begins.is_first:
            return None
        before, index = index, index + step
        if window[index].place_of(track) is None:
            return None if _goes_on(window[before], window[index], track) else abs(index - now)
    return None


def _goes_on(seen: _Measured, lost: _Measured, track: int) -> bool:
    """Return whether a face is still there under another number."""
    place = seen.place_of(track)
    assert place is not None
    points, size = _in_frame(seen, place)
    known = set(seen.item.tracks)
    fresh = [i for i, other in enumerate(lost.item.tracks) if other not in known or other < 0]
    return any(np.linalg.norm(_in_frame(lost, i)[0].mean(0) - points.mean(0)) < SAME_PLACE * size for i in fresh)


def _in_frame(measured: _Measured, place: int) -> tuple[np.ndarray, float]:
    view = measured.item.views[place]
    points = transform_points(invert(view.frame_to_crop), view.points)
    return points, face_size(points)
