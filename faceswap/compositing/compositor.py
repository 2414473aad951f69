"""The compositor: from a frame to the model's views, and decoded faces back into the frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.colour import Colours, ColourSmoother
from faceswap.compositing.finishing.finish import Finish, Finishing
from faceswap.compositing.finishing.skin import skin_weights
from faceswap.compositing.masks.protocol import FrameMask, Mask, alpha_of, mask_at
from faceswap.compositing.scaling import free_of_scaled, scaled_view
from faceswap.core.geometry import compose, invert, resizing, scale_of, transform_points, view_of_crop, warp_crop
from faceswap.core.pasted import Pasted
from faceswap.core.stored_picture import StoredPicture
from faceswap.core.values import AlignedFace, Decoded, DrawnFaces, Frame
from faceswap.media.pictures.colour_transfer import STATISTICS_PX, ColourMatcher

SKIN_SHARE = 0.3  # of the mask


def view_of(
    frame: Frame, points: NDArray, frame_to_crop: NDArray, crop_size_px: int, coverage: float, resolution_px: int
) -> AlignedFace:
    """Return what a model sees of a face: the crop's central `coverage` part, taken from the frame in one resampling.

    `points` (68, 2) are frame pixels; the result is an aligned face whose crop is the model's view. Beyond the frame
    its border is repeated, as in training; black would give the face a dark rim along the frame's border.
    """
    frame_to_view = compose(view_of_crop(crop_size_px, coverage, resolution_px), frame_to_crop)
    view = warp_crop(frame.image, frame_to_view, resolution_px, repeat_border=True)
    return AlignedFace(view, transform_points(frame_to_view, points), frame_to_view)


def blend(
    frame: Frame,
    views: Sequence[AlignedFace],
    decoded: Decoded | DrawnFaces,
    *,
    mask: Mask,
    colour: ColourMatcher,
    blender: Blender,
    memory: ColourSmoother | None = None,
    colours: Sequence[Colours | None] | None = None,
    alphas: Sequence[NDArray] | None = None,
    tracks: Sequence[int] | None = None,
    free: Sequence[NDArray] | None = None,
    strengths: Sequence[float] | None = None,
    finish: Finish | None = None,
    motions: Sequence[NDArray] | None = None,
    scale: float = 1.0,
    in_place: bool = False,
    keeps_faces: bool = False,
) -> Frame:
    """Return the frame with `decoded` faces pasted where their `views` came from.

    Pixels outside the masks stay bit for bit.

    Only each face's region is touched, and its alpha is applied once. `memory` steadies the colours along `tracks` (one
    number a view). `in_place` writes into the frame's own picture, for a caller that owns it: copying a 4K frame costs
    as much as blending a face. The largest face is pasted last, as the nearest.

    Args:
        colours: Of each face and of the one it covers; None: they are measured now.
        alphas: Of each view, of a mask that does not look at frames; None: the mask is asked now.
        free: What a FrameMask has already seen of these views; otherwise it looks now.
        strengths: The share of each face that is pasted, from 0 to 1.
        finish: What the faces take on of the frame.
        motions: (2,) of each face, its way x, y in pixels from one frame to the next.
        scale: Size of the drawn faces, 1: that of those they cover.
        keeps_faces: The frame tells what was laid into it (`Frame.pasted`).
    """
    if len(views) != len(decoded):
        raise ValueError(f"blend needs one decoded face per view: {len(decoded)} for {len(views)}")
    image = frame.image if in_place and frame.image.flags.writeable else frame.image.copy()
    stored = frame.stored if in_place or frame.stored is None else frame.stored.copy()
    tracks = tracks if tracks is not None else [-1] * len(views)
    if alphas is None and free is None and isinstance(mask, FrameMask):
        free = mask.free([frame] * len(views), views, tracks)
    mask, finish = mask_at(mask, frame.index), None if finish is None else finish.at(frame.index)
    pieces = []
    order = sorted(range(len(views)), key=lambda i: -scale_of(views[i].frame_to_crop))
    for i in order:
        view, track = views[i], tracks[i]
        placed, seen = view, None if free is None else free[i]
        if scale != 1:
            placed, seen = scaled_view(frame, view, scale), None if seen is None else free_of_scaled(seen, view, scale)
        learned = None if decoded.masks is None else decoded.masks[i]
        alpha = alpha_of(mask, view.points, view.size_px, learned, seen) if alphas is None else alphas[i]
        face = decoded.images[i]
        known = measured_colours(frame, view, face, alpha, colour) if colours is None else colours[i]
        if known is not None and memory is not None:
            known = memory.smoothed(track, frame.index, *known)
        strength = 1.0 if strengths is None else strengths[i]
        if strength <= 0:
            continue
        face = _edged(frame, placed, face if known is None else colour.match(face, *known), alpha, blender)
        pasted = alpha if strength == 1 else alpha * np.float32(strength)
        motion = None if motions is None else motions[i]
        finishing = None if finish is None else finish.on(placed, motion, track)
        laid = paste(image, face, pasted, placed.frame_to_crop, finishing, stored)
        if keeps_faces and laid is not None:
            pieces.append(Pasted(*laid, placed.frame_to_crop, placed.size_px, track))
    return Frame(image, frame.index, frame.seconds, stored, pieces)


def paste(
    image: NDArray,
    face: NDArray,
    alpha: NDArray,
    frame_to_view: NDArray,
    finishing: Finishing | None = None,
    stored: StoredPicture | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[slice, slice]] | None:
    """Draw the RGB face (R, R, 3) in [0, 1] into `image` under `alpha` (M, M); both cover the view of R pixels.

    `finishing`: what the face takes on of the picture under it. `stored`: the same picture as its film stores it.

    Returns:
        The face (h, w, 3) and its weights (h, w) as they lie in the picture, and where; None where they do not.
    """
    placed = _placed(image.shape, face, alpha, frame_to_view)
    if placed is None:
        return None
    drawn, weights, region = placed
    cv2.max(drawn, 0, drawn)  # cubic overshoots; above 1 the conversion saturates
    under = image[region]
    if finishing is not None:
        drawn = finishing.applied(drawn, under, weights, (region[1].start, region[0].start))
    if stored is not None:
        stored.paste(drawn, weights, region)
    change = cv2.subtract(cv2.convertScaleAbs(drawn, alpha=255), under, dtype=cv2.CV_32F)
    cv2.multiply(change, cv2.cvtColor(weights, cv2.COLOR_GRAY2RGB), change)
    cv2.add(under, change, under, dtype=cv2.CV_8U)
    return drawn, weights, region


def paste_change(
    image: NDArray, change: NDArray, alpha: NDArray, frame_to_view: NDArray, flow: NDArray | None = None
) -> None:
    """Add `change` (R, R, 3), in [-1, 1] for a full range of RGB, to `image` under `alpha` (M, M), as `paste` does.

    What a small model leaves as it is stays as sharp as it was filmed. `flow` (R, R, 2) moves the picture before: where
    each pixel comes from, as steps x, y in the view.
    """
    placed = _placed(image.shape, change, alpha, frame_to_view)
    if placed is None:
        return
    drawn, weights, region = placed
    under = image[region] if flow is None else _moved(image, flow, alpha, frame_to_view)
    cv2.multiply(drawn, cv2.cvtColor(weights, cv2.COLOR_GRAY2RGB), drawn, scale=255)
    image[region] = cv2.add(under, drawn, dtype=cv2.CV_8U)


def _moved(image: NDArray, flow: NDArray, alpha: NDArray, frame_to_view: NDArray) -> NDArray:
    """Return the part of the picture under the mask after a motion in the view; it dies away with the mask."""
    placed = _placed(image.shape, flow, alpha, frame_to_view)
    assert placed is not None
    steps, weights, (rows, columns) = placed
    in_frame = (steps * weights[..., None]) @ invert(frame_to_view)[:, :2].T.astype(np.float32)
    y, x = np.mgrid[rows, columns].astype(np.float32)
    place = (x + in_frame[..., 0], y + in_frame[..., 1])
    return cv2.remap(image, *place, interpolation=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _placed(
    shape: tuple[int, ...], face: NDArray, alpha: NDArray, frame_to_view: NDArray
) -> tuple[NDArray, NDArray, tuple[slice, slice]] | None:
    """Return a picture of the view and its alpha as they lie in the frame, and where.

    None where nothing of them is in it.

    The exact inverse of the alignment: every frame pixel is looked up at its place in the view, cubic (within 0.2 dB of
    Lanczos on faces at a sixth of its time), averaged first where the view is larger than the face in the frame.
    """
    region = _region(shape, alpha, frame_to_view, face.shape[0])
    if region is None:
        return None
    left, top, right, bottom = region
    size = (right - left, bottom - top)
    region_to_frame = np.array([[1, 0, left], [0, 1, top]], np.float64)
    region_to_view = compose(frame_to_view, region_to_frame)

    shrink = min(1.0, 1.6 / scale_of(frame_to_view)) if scale_of(frame_to_view) > 1.6 else 1.0
    if shrink < 1:
        small_px = max(1, round(face.shape[0] * shrink))
        region_to_view = compose(resizing(face.shape[0], small_px), region_to_view)
        face = cv2.resize(face, (small_px, small_px), interpolation=cv2.INTER_AREA)
    inverse = cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(face, region_to_view, size, flags=cv2.INTER_CUBIC | inverse, borderMode=cv2.BORDER_REPLICATE)
    region_to_mask = compose(resizing(face.shape[0], alpha.shape[0]), region_to_view)
    weights = cv2.warpAffine(
        alpha, region_to_mask, size, flags=cv2.INTER_LINEAR | inverse, borderMode=cv2.BORDER_CONSTANT
    )
    return drawn, weights, (slice(top, bottom), slice(left, right))


def measured_colours(
    frame: Frame, view: AlignedFace, face: NDArray, alpha: NDArray, colour: ColourMatcher
) -> Colours | None:
    """Return the colours of a decoded face and of the one it covers, measured on small pictures; None: not to be told.

    Args:
        frame: With the face that is covered.
        view: Where it lies.
        face: (R, R, 3) in [0, 1], as drawn.
        alpha: (M, M), how much of each pixel counts.
        colour: What measures.
    """
    size = min(STATISTICS_PX, face.shape[0])
    seen = _seen(frame, view, size)
    small_view = _reduced(view.image, size).astype(np.float32) * np.float32(1 / 255)
    small_alpha = _reduced(alpha, size)
    weights = small_alpha * seen.astype(np.float32)
    skin = weights * skin_weights(view.points, view.size_px, size)
    if skin.sum() >= SKIN_SHARE * weights.sum():  # else it is turned away too far for the parts to be told
        weights = skin
    source = colour.measure(_reduced(face, size), weights)
    target = colour.measure(small_view, weights)
    return None if source is None or target is None else (source, target)


def _edged(frame: Frame, view: AlignedFace, face: NDArray, alpha: NDArray, blender: Blender) -> NDArray:
    """Return the face with its edge fitted to the frame, in the view where it will lie."""
    if type(blender) is AlphaBlender:  # leaves it as it is; one that inherits may not
        return face
    size = min(STATISTICS_PX, face.shape[0])
    small_view = _reduced(view.image, size).astype(np.float32) * np.float32(1 / 255)
    return blender.fit(face, small_view, _reduced(alpha, size), _seen(frame, view, size))


def _seen(frame: Frame, view: AlignedFace, size: int) -> NDArray[np.bool_]:
    """Return which pixels of a size x size picture of the view lie inside the frame."""
    to_frame = compose(invert(view.frame_to_crop), resizing(size, view.size_px))
    x = np.arange(size)
    frame_x = to_frame[0, 0] * x[None, :] + to_frame[0, 1] * x[:, None] + to_frame[0, 2]
    frame_y = to_frame[1, 0] * x[None, :] + to_frame[1, 1] * x[:, None] + to_frame[1, 2]
    return (frame_x >= 0) & (frame_x <= frame.width - 1) & (frame_y >= 0) & (frame_y <= frame.height - 1)


def _reduced(image: NDArray, size: int) -> NDArray:
    return image if image.shape[0] == size else cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def _region(
    shape: tuple[int, ...], alpha: NDArray, frame_to_view: NDArray, view_px: int
) -> tuple[int, int, int, int] | None:
    """Return the box (left, top, right, bottom) of the frame that the mask reaches.

    None when it reaches nothing of it.
    """
    inside = alpha > 0
    rows = np.flatnonzero(inside.any(1))
    if len(rows) == 0:
        return None
    # Linear sampling reaches a pixel beyond the first and last ones of each row. Their box in the frame is smaller than
    # that of the mask's own box turned into it.
    first, last = inside[rows].argmax(1) - 1.0, inside.shape[1] - inside[rows, ::-1].argmax(1)
    corners = np.concatenate([np.stack([x, y], 1) for x in (first, last) for y in (rows - 1.0, rows + 1.0)])
    to_frame = compose(invert(frame_to_view), resizing(alpha.shape[0], view_px))
    corners = transform_points(to_frame, corners)
    left, top = np.maximum(np.floor(corners.min(0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (shape[1], shape[0]))
    return (int(left), int(top), int(right), int(bottom)) if right > left and bottom > top else None
