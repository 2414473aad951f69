"""Convert: every frame of a source with its faces swapped, written as a film or as images.

    decode -> place faces, cut views -> model in batches -> mask, colour, paste -> encode

The first four run in threads of their own, the last in the caller's; bounded queues between them keep memory constant.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.allocator import reuse_freed_memory
from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.collapse import CollapseDetector
from faceswap.compositing.colour import ColourSmoother
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.config import ConversionConfig
from faceswap.compositing.face_sources.face_source import FaceSource
from faceswap.compositing.face_sources.filling import face_source_for
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.finishing.track_motion import with_motion
from faceswap.compositing.masks import HullMask, Mask
from faceswap.compositing.parsed_mask import FrameMask
from faceswap.compositing.results import (
    Counts,
    FaceSwapper,
    check_results,
    made_with_ai,
    model_name,
    write_comparison,
    write_report,
)
from faceswap.compositing.turning import WHOLE, Fading
from faceswap.core.values import AlignedFace, Decoded, Frame
from faceswap.media.pictures.colour_transfer import ColourMatcher, Reinhard
from faceswap.media.stages import Stage
from faceswap.utils.choices import Side
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.detect.protocol import Finder
    from faceswap.media.sources import SourceInfo
    from faceswap.media.writing import Writer
    from faceswap.swap.detail.refiner import Refiner

FRAMES_HELD_BYTES = 128e6  # what one stage may hold of decoded frames
MOST_FRAMES_HELD = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Item:
    """A frame on its way, with the views of its faces and what the model made of them."""

    frame: Frame
    views: Sequence[AlignedFace] = ()
    tracks: Sequence[int] = ()
    decoded: Decoded | None = None
    motions: Sequence[NDArray] = ()
    free: Sequence[NDArray] | None = None  # what a mask that sees the frames says of each view


def convert_video(
    source: str | Path | SourceInfo,
    swapper: FaceSwapper,
    out: str | Path,
    *,
    faces: str | Path | None = None,
    finder: Finder | None = None,
    mask: Mask | None = None,
    colour: ColourMatcher | None = None,
    blender: Blender | None = None,
    refiner: Refiner | None = None,
    to: Side = ConversionConfig.to,
    tracks: Collection[int] | None = ConversionConfig.tracks,
    start: int = ConversionConfig.start,
    stop: int | None = ConversionConfig.stop,
    batch_size: int = ConversionConfig.batch_size,
    smooth_frames: int | None = ConversionConfig.smooth_frames,
    smooth_colour: float | None = ConversionConfig.smooth_colour,
    sharpen: float | Literal["auto"] = ConversionConfig.sharpen,
    motion_blur: bool = ConversionConfig.motion_blur,
    grain: bool = ConversionConfig.grain,
    fill_frames: int | None = ConversionConfig.fill_frames,
    fade_from_yaw: float | Literal["auto", "off"] = ConversionConfig.fade_from_yaw,
    side_by_side: bool = ConversionConfig.side_by_side,
    metadata: dict[str, str] | None = None,
    record: dict[str, Any] | None = None,
    crf: int = ConversionConfig.crf,
    preset: str = ConversionConfig.preset,
    image_quality: int = ConversionConfig.image_quality,
) -> Path:
    """Swap the faces of a video, an image folder, a glob or one image, and return the path of what it wrote.

    Faces come from the face set in the folder `faces`; those of frames that it was not made of, and all without a set,
    from `finder` (None: the one of the face set). Frames `start` to `stop` (not included) are written; a frame without
    a face passes through untouched and is counted. A report lies beside the result. `out` is never the source.

    `smooth_frames`, `fill_frames` (see StoredFaces), `smooth_colour` (see ColourMemory) are 2, 10 and 0.8 for a film;
    for pictures, which need have nothing to do with each other, they are 0 unless given. `refiner` makes what the model
    draws sharp; None: it stays as it is.

    Args:
        fade_from_yaw: How far a head may be turned, in degrees, before the swap fades out (turning.py); auto: what
            suits the model.
        sharpen, motion_blur, grain: What the drawn faces take on of the film, as of `Finish`.

    Raises:
        UserError: For what the user can mend, Interrupted after Ctrl-C; `out` is then not touched.
    """
    from faceswap.media.sources import SourceInfo, probe
    from faceswap.media.writing import writer_for

    reuse_freed_memory()
    info = source if isinstance(source, SourceInfo) else probe(source)
    out = Path(out)
    is_film = info.kind != "images"
    smooth_frames = (2 if is_film else 0) if smooth_frames is None else smooth_frames
    smooth_colour = (0.8 if is_film else 0.0) if smooth_colour is None else smooth_colour
    fill_frames = (10 if is_film else 0) if fill_frames is None else fill_frames
    paste = _Paste(
        mask or HullMask(),
        colour or Reinhard(),
        blender or AlphaBlender(),
        ColourSmoother(smooth_colour),
        Fading.asked_for(fade_from_yaw, swapper.description, to),
        Finish(sharpen, motion_blur, grain),
    )
    about = made_with_ai(swapper) | (metadata or {})
    writer = writer_for(
        info, out, start=start, stop=stop, metadata=about, crf=crf, preset=preset, quality=image_quality
    )
    check_results(writer, info, out, side_by_side)
    face_source = face_source_for(info, faces, finder, tracks, smooth_frames, fill_frames, start, stop)
    counts = Counts()
    try:
        with ExitStack() as stack:
            frames = _stage(stack, _decoded(info, start, stop), 2, "decode")
            placed = _stage(stack, _with_views(frames, face_source, swapper), 2, "find")
            answers_waiting = max(1, _frames_held(info.width * info.height * 3) // 2)
            answers = _swapped(placed, swapper, to, batch_size, paste.mask, refiner)
            swapped = _stage(stack, answers, answers_waiting, "model")
            blended = _stage(stack, _blended(swapped, paste), 2, "blend")
            _write(blended, writer, info, counts, start, stop)
    except KeyboardInterrupt as error:
        raise Interrupted(
            f"convert stopped after {counts.frames} frames; {out} was not written; the same command begins anew"
        ) from error
    write_report(info, out, counts, swapper, about | face_source.about, start, stop, record or {})
    if side_by_side:
        write_comparison(info, out, start, stop, about)
    return out


def _stage(stack: ExitStack, items: Iterable, depth: int, name: str) -> Stage:
    return stack.enter_context(Stage(items, depth, name))


def _decoded(info: SourceInfo, start: int, stop: int | None) -> Iterator[Frame]:
    from faceswap.media.reading import read_frames

    return iter(read_frames(info, start, stop))


def _with_views(frames: Iterable[Frame], face_source: FaceSource, swapper: FaceSwapper) -> Iterator[_Item]:
    """Yield each frame with its faces as the model wants to see them."""
    for frame, faces, motions in with_motion(face_source.locate(frames)):
        views = [
            view_of(frame, face.points, face.frame_to_crop, face.crop_size_px, swapper.coverage, swapper.resolution)
            for face in faces
        ]
        yield _Item(frame, views, [face.track for face in faces], motions=motions)


def _swapped(
    items: Iterable[_Item], swapper: FaceSwapper, to: Side, batch_size: int, mask: Mask, refiner: Refiner | None = None
) -> Iterator[_Item]:
    """Yield the model's answers, and what a mask sees, asked for in batches of faces that may span several frames."""
    waiting: list[_Item] = []
    watch = CollapseDetector(model_name(swapper))
    for item in items:
        waiting.append(item)
        faces = sum(len(waiting_item.views) for waiting_item in waiting)
        if faces >= batch_size or len(waiting) >= _frames_held(item.frame.image.nbytes):
            yield from _answered(waiting, swapper, to, mask, watch, refiner)
            waiting = []
    yield from _answered(waiting, swapper, to, mask, watch, refiner)


def _answered(
    items: Sequence[_Item],
    swapper: FaceSwapper,
    to: Side,
    mask: Mask,
    watch: CollapseDetector | None = None,
    refiner: Refiner | None = None,
) -> Iterator[_Item]:
    views = [view for item in items for view in item.views]
    free = _seen(items, mask) if isinstance(mask, FrameMask) else None
    if views:
        decoded = swapper.swap(shown := np.stack([view.image for view in views]), to=to)
        if watch is not None:
            watch.check(shown, decoded.images)
        if refiner is not None:
            tracks = [track for item in items for track in item.tracks]
            frames = [item.frame.index for item in items for _ in item.views]
            views, decoded = refiner.refine(views, decoded, tracks, frames)
    done = 0
    for item in items:
        count = len(item.views)
        if count:
            part = slice(done, done + count)
            masks = None if decoded.masks is None else decoded.masks[part]
            answer = Decoded(decoded.images[part], masks)
            item = replace(item, views=views[part], decoded=answer, free=free and free[part])
            done += count
        yield item


def _seen(items: Sequence[_Item], mask: FrameMask) -> list[NDArray]:
    frames = [item.frame for item in items for _ in item.views]
    views = [view for item in items for view in item.views]
    return mask.free(frames, views, [track for item in items for track in item.tracks])


@dataclass(frozen=True)
class _Paste:
    mask: Mask
    colour: ColourMatcher
    blender: Blender
    memory: ColourSmoother
    fading: Fading
    finish: Finish


class _Blended(NamedTuple):
    """A finished frame, the number of its faces, and whether one of them is not swapped in full."""

    frame: Frame
    faces: int
    is_faded: bool


def _blended(items: Iterable[_Item], paste: _Paste) -> Iterator[_Blended]:
    for item in items:
        frame = item.frame
        strengths = [paste.fading.strength(view.points) for view in item.views]
        if item.decoded is not None:
            frame = blend(
                frame, item.views, item.decoded, mask=paste.mask, colour=paste.colour, blender=paste.blender,
                memory=paste.memory, tracks=item.tracks, free=item.free, strengths=strengths, finish=paste.finish,
                motions=item.motions, in_place=True,
            )  # fmt: skip
        yield _Blended(frame, len(item.views), any(strength < WHOLE for strength in strengths))


def _write(
    frames: Iterable[_Blended], writer: Writer, info: SourceInfo, counts: Counts, start: int, stop: int | None
) -> None:
    with Progress(info.frames_between(start, stop), "convert") as bar, writer:
        for frame, faces, is_faded in frames:
            writer.write(frame)
            counts.frames += 1
            counts.faces += faces
            if faces == 0:
                counts.without_face.append(frame.index)
            if is_faded:
                counts.faded.append(frame.index)
            bar.advance()
        if counts.frames == 0:
            raise UserError(f"{info.path} has no frames from {start} to {'its end' if stop is None else stop}")


def _frames_held(bytes_a_frame: int) -> int:
    return int(np.clip(FRAMES_HELD_BYTES // bytes_a_frame, 1, MOST_FRAMES_HELD))
