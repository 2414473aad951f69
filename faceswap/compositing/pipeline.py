"""Convert: every frame of a source with its faces swapped, written as a film or as images.

    decode -> place faces, cut views -> model in batches -> mask, colour, paste -> encode

The first four run in threads of their own, the last in the caller's; bounded queues between them keep memory constant.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from faceswap.compositing.allocator import reuse_freed_memory
from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.colour import ColourSmoother
from faceswap.compositing.compositor import blend
from faceswap.compositing.config import ConversionConfig
from faceswap.compositing.drawing import PlacedFrame, frames_held, swapped_faces, with_views
from faceswap.compositing.face_sources.filling import face_source_for
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.masks.protocol import Mask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.preview.frames import PartsOfFilm
from faceswap.compositing.results import (
    Counts,
    FaceSwapper,
    check_results,
    made_with_ai,
    write_comparison,
    write_report,
)
from faceswap.compositing.turning import WHOLE, Fading
from faceswap.core.keyframes import Keyframes
from faceswap.core.values import Frame
from faceswap.media.pictures.colour_transfer import ColourMatcher, Reinhard
from faceswap.media.stages import Stage
from faceswap.utils.choices import Side
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.compositing.preview.frames import PreviewFrames
    from faceswap.core.face_set import FaceSet
    from faceswap.detect.protocol import Finder
    from faceswap.media.sources import SourceInfo
    from faceswap.media.writing import Writer
    from faceswap.swap.detail.refiner import Refiner

log = logging.getLogger(__name__)


def convert_video(
    source: str | Path | SourceInfo,
    swapper: FaceSwapper | Cast,
    out: str | Path,
    *,
    faces: str | Path | FaceSet | None = None,
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
    strength: str | float | Mapping[int, float] = ConversionConfig.strength,
    side_by_side: bool = ConversionConfig.side_by_side,
    metadata: dict[str, str] | None = None,
    record: dict[str, Any] | None = None,
    codec: str = ConversionConfig.codec,
    bits: int | Literal["auto"] = ConversionConfig.bits,
    chroma: str = ConversionConfig.chroma,
    crf: int = ConversionConfig.crf,
    preset: str = ConversionConfig.preset,
    image_quality: int = ConversionConfig.image_quality,
    preview: PreviewFrames | None = None,
) -> Path:
    """Swap the faces of a video, an image folder, a glob or one image, and return the path of what it wrote.

    Faces come from the face set in the folder `faces`; those of frames that it was not made of, and all without a set,
    from `finder` (None: the one of the face set). Frames `start` to `stop` (not included) are written; a frame without
    a face passes through untouched and is counted. A report lies beside the result. `out` is never the source.

    `smooth_frames`, `fill_frames` (see StoredFaces), `smooth_colour` (see ColourMemory) are 2, 10 and 0.8 for a film;
    for pictures, which need have nothing to do with each other, they are 0 unless given. `refiner` makes what the model
    draws sharp; None: it stays as it is.

    Args:
        swapper: What draws the faces; a Cast, whose roles have their own sides and refiners: what draws whom.
        fade_from_yaw: How far a head may be turned, in degrees, before the swap fades out (turning.py); auto: what
            suits the model.
        strength: The share of the swap that is pasted, from 0 to 1; by frame, with straight lines between, held before
            the first and after the last.
        sharpen, motion_blur, grain: What the drawn faces take on of the film, as of `Finish`.
        preview: Takes a few frames of the film in its place; nothing is written then.

    Raises:
        UserError: For what the user can mend, Interrupted after Ctrl-C; `out` is then not touched.
    """
    from faceswap.media.sources import SourceInfo, probe
    from faceswap.media.video.coding import Coding
    from faceswap.media.writing import writer_for

    reuse_freed_memory()
    info = source if isinstance(source, SourceInfo) else probe(source)
    out = Path(out)
    is_film = info.kind != "images"
    smooth_frames = (2 if is_film else 0) if smooth_frames is None else smooth_frames
    smooth_colour = (0.8 if is_film else 0.0) if smooth_colour is None else smooth_colour
    fill_frames = (10 if is_film else 0) if fill_frames is None else fill_frames
    cast = swapper if isinstance(swapper, Cast) else Cast([Role(swapper, to, refiner)])
    tracks = tracks if cast.role_of is None else set(cast.role_of)
    course = Keyframes.read("strength", strength)
    course.check_within("strength", info.frame_count)
    paste = _Paste(
        mask or HullMask(),
        colour or Reinhard(),
        blender or AlphaBlender(),
        ColourSmoother(smooth_colour),
        cast.fadings(fade_from_yaw),
        Finish(sharpen, motion_blur, grain),
        course,
    )
    about = made_with_ai(cast) | (metadata or {})
    coding = Coding(codec, bits, chroma, crf, preset)
    writer: Writer = preview or writer_for(
        info, out, start=start, stop=stop, metadata=about, coding=coding, quality=image_quality
    )
    if preview is None:
        check_results(writer, info, out, side_by_side)
    face_source = face_source_for(info, faces, finder, tracks, smooth_frames, fill_frames, start, stop)
    if preview is not None:
        preview.choose(info, face_source, start, stop, smooth_frames, is_film)
        preview.about, face_source = about, PartsOfFilm(face_source)
    counts = Counts()
    try:
        with ExitStack() as stack:
            bytes_a_pixel = 9 if writer.stored_bits else 3
            answers_waiting = max(1, frames_held(info.width * info.height * bytes_a_pixel) // 2)
            if preview is not None and preview.is_drawn:
                answers = preview.again()
            else:
                frames = _stage(
                    stack, preview.read(info) if preview else _decoded(info, start, stop, writer), 2, "decode"
                )
                placed = _stage(stack, with_views(frames, face_source, cast), 2, "find")
                # What is kept to be pasted by several masks has been seen by none: they look when they are asked.
                answers = swapped_faces(placed, cast, batch_size, HullMask() if preview else paste.mask)
                answers = preview.kept(answers) if preview else answers
            swapped = _stage(stack, answers, answers_waiting, "model")
            blended = _stage(stack, _blended(swapped, paste), 2, "blend")
            _write(blended, writer, info, counts, start, stop, preview)
    except KeyboardInterrupt as error:
        raise Interrupted(
            f"convert stopped after {counts.frames} frames; {out} was not written; the same command begins anew"
        ) from error
    if preview is None:
        write_report(info, out, counts, cast, about | face_source.about, start, stop, record or {})
    if side_by_side and preview is None:
        write_comparison(info, out, start, stop, about)
    return out


def _stage(stack: ExitStack, items: Iterable, depth: int, name: str) -> Stage:
    return stack.enter_context(Stage(items, depth, name))


def _decoded(info: SourceInfo, start: int, stop: int | None, writer: Writer) -> Iterator[Frame]:
    from faceswap.media.reading import read_frames

    return iter(read_frames(info, start, stop, stored_bits=writer.stored_bits))


@dataclass(frozen=True)
class _Paste:
    mask: Mask
    colour: ColourMatcher
    blender: Blender
    memory: ColourSmoother
    fadings: Sequence[Fading]
    finish: Finish
    course: Keyframes


class _Blended(NamedTuple):
    """A finished frame, the number of faces swapped in it, and whether one of them fades as its head is turned."""

    frame: Frame
    faces: int
    is_faded: bool


def _blended(items: Iterable[PlacedFrame], paste: _Paste) -> Iterator[_Blended]:
    for item in items:
        frame = item.frame
        strengths = [
            paste.fadings[role].strength(view.points) for role, view in zip(item.roles, item.views, strict=True)
        ]
        share = paste.course.at(frame.index)
        if item.drawn is not None:
            frame = blend(
                frame, item.views, item.drawn, mask=paste.mask, colour=paste.colour, blender=paste.blender,
                memory=paste.memory, tracks=item.tracks, free=item.free, finish=paste.finish,
                strengths=[share * strength for strength in strengths], motions=item.motions, in_place=True,
            )  # fmt: skip
        yield _Blended(frame, len(item.views) if share > 0 else 0, any(strength < WHOLE for strength in strengths))


def _write(
    frames: Iterable[_Blended], writer: Writer, info: SourceInfo, counts: Counts, start: int, stop: int | None,
    preview: PreviewFrames | None,
) -> None:  # fmt: skip
    total = preview.frames_needed if preview else info.frames_between(start, stop)
    label = preview.label if preview else "convert"
    with Progress(total, label, shown=bool(label)) as bar, writer:
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
