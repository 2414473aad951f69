"""Convert: every frame of a source with its faces swapped, written as a film or as images.

A film is made in segments (segments/), each of which is a file of its own until all are there; what is done to frames
is told in conversion.py, and encoding runs in the caller's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.config import ConversionConfig
from faceswap.compositing.conversion import Conversion, Paste
from faceswap.compositing.face_sources import motion
from faceswap.compositing.face_sources.face_source import StoredFaces
from faceswap.compositing.face_sources.filling import face_source_for
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.masks.film import check_edges
from faceswap.compositing.masks.protocol import Mask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.preview.frames import PartsOfFilm
from faceswap.compositing.results import FaceSwapper, check_results, made_with_ai, write_comparison, write_report
from faceswap.compositing.scaling import LARGEST_FACE, SMALLEST_FACE
from faceswap.compositing.segments.making import SegmentedFilm
from faceswap.compositing.segments.order import Order
from faceswap.compositing.segments.plan import Overlap, planned
from faceswap.compositing.steadying import REACH, Steadying
from faceswap.media.pictures.colour_transfer import ColourMatcher, Reinhard
from faceswap.utils.allocator import reuse_freed_memory
from faceswap.utils.choices import Side
from faceswap.utils.limits import FRAME_NUMBER
from faceswap.utils.progress import Progress
from faceswap.utils.settings.keyframes import Keyframes

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
    sharpen: str | float | Mapping[int, float] = ConversionConfig.sharpen,
    motion_blur: bool = ConversionConfig.motion_blur,
    grain: bool = ConversionConfig.grain,
    fill_frames: int | None = ConversionConfig.fill_frames,
    fade_frames: int | None = ConversionConfig.fade_frames,
    fade_from_yaw: float | Literal["auto", "off"] = ConversionConfig.fade_from_yaw,
    strength: str | float | Mapping[int, float] = ConversionConfig.strength,
    face_scale: str | float | Mapping[int, float] = ConversionConfig.face_scale,
    side_by_side: bool = ConversionConfig.side_by_side,
    metadata: dict[str, str] | None = None,
    record: dict[str, Any] | None = None,
    codec: str = ConversionConfig.codec,
    bits: int | Literal["auto"] = ConversionConfig.bits,
    chroma: str = ConversionConfig.chroma,
    crf: int = ConversionConfig.crf,
    preset: str = ConversionConfig.preset,
    image_quality: int = ConversionConfig.image_quality,
    segment_frames: int = ConversionConfig.segment_frames,
    order: Order | None = None,
    output: Collection[str] | None = ConversionConfig.output,
    preview: PreviewFrames | None = None,
) -> Path:
    """Swap the faces of a video, an image folder, a glob or one image, and return the path of what it wrote.

    Faces come from the face set in the folder `faces`; those of frames that it was not made of, and all without a set,
    from `finder` (None: the one of the face set). Frames `start` to `stop` (not included) are written; a frame without
    a face passes through untouched and is counted. A report lies beside the result. `out` is never the source.

    `smooth_frames`, `fill_frames` (see StoredFaces), `smooth_colour`, `fade_frames` (see Steadying) are 2, 10, 0.8 and
    3 for a film; for pictures, which need have nothing to do with each other, they are 0 unless given. `refiner` makes
    what the model draws sharp; None: it stays as it is.

    Args:
        swapper: What draws the faces; a Cast, whose roles have their own sides and refiners: what draws whom.
        fade_from_yaw: How far a head may be turned, in degrees, before the swap fades out (turning.py); auto: what
            suits the model.
        strength: The share of the swap that is pasted, from 0 to 1; by frame, with straight lines between, held before
            the first and after the last.
        face_scale: The size of the drawn faces, 1: that of the ones they cover; by frame as strength.
        sharpen, motion_blur, grain: What the drawn faces take on of the film, as of `Finish`.
        segment_frames: How many frames are made at a time; of a longer film each is a file until all are there.
        order: What they depend on: with it a stopped conversion goes on, else it begins anew. And who makes them.
        output: Of film, mask and patch: what is written beside the film, which always is (media/layers.py).
        preview: Takes a few frames of the film in its place; nothing is written then.

    Raises:
        UserError: For what the user can mend, Interrupted after Ctrl-C; `out` is then not touched.
    """
    from faceswap.media.layers import LayeredWriter
    from faceswap.media.pictures.sequence_names import split_pattern
    from faceswap.media.sources import SourceInfo, probe
    from faceswap.media.video.coding import Coding
    from faceswap.media.writing import writer_for

    reuse_freed_memory()
    info = source if isinstance(source, SourceInfo) else probe(source)
    place, pattern = split_pattern(str(out))
    out = Path(place)
    is_film = info.kind != "images"
    smooth_frames = (2 if is_film else 0) if smooth_frames is None else smooth_frames
    smooth_colour = (0.8 if is_film else 0.0) if smooth_colour is None else smooth_colour
    fill_frames = (10 if is_film else 0) if fill_frames is None else fill_frames
    fade_frames = (3 if is_film else 0) if fade_frames is None else fade_frames
    cast = swapper if isinstance(swapper, Cast) else Cast([Role(swapper, to, refiner)])
    tracks = tracks if cast.role_of is None else set(cast.role_of)
    mask, finish = mask or HullMask(), Finish.along(sharpen, motion_blur, grain)
    strengths = Keyframes.read("strength", strength)
    scales = Keyframes.read("face_scale", face_scale, LARGEST_FACE, SMALLEST_FACE)
    check_edges(mask, info.frame_count)
    for name, course in ("strength", strengths), ("face_scale", scales), ("sharpen", finish.sharpen):
        if isinstance(course, Keyframes):
            course.check_within(name, info.frame_count)
    paste = Paste(
        mask,
        colour or Reinhard(),
        blender or AlphaBlender(),
        Steadying(mask, colour or Reinhard(), smooth_colour, fade_frames),
        cast.fadings(fade_from_yaw),
        finish,
        strengths,
        scales,
        bool(output and "".join(output) != "film"),
    )
    about = made_with_ai(cast) | (metadata or {})
    coding = Coding(codec, bits, chroma, crf, preset)
    writer: Writer = preview or writer_for(
        info, out, start=start, stop=stop, metadata=about, coding=coding, quality=image_quality, pattern=pattern
    )
    layers = {*(output or ())} - {"film"} if preview is None else set()
    if layers:
        writer = LayeredWriter(writer, layers, info, out, pattern=pattern, coding=coding, metadata=about)
    order = order or Order()
    if preview is None and order.unit is None:
        check_results(writer, info, out, side_by_side)
    face_source = face_source_for(info, faces, finder, tracks, smooth_frames, fill_frames, start, stop)
    aligned = motion.MotionAligned(face_source) if smooth_frames else face_source
    around = (motion.REACH if smooth_frames else 0) + (REACH if paste.steady.is_needed else 0)
    if preview is not None:
        preview.choose(info, face_source, start, stop, smooth_frames, around)
        preview.about = about
        conversion = Conversion(info, cast, PartsOfFilm(aligned), paste, batch_size)
        _write_preview(conversion, preview)
        return out
    conversion = Conversion(info, cast, aligned, paste, batch_size, writer.stored_bits)
    overlap = Overlap.of(
        smooth_frames=smooth_frames, smooth_colour=smooth_colour, motion_blur=motion_blur,
        is_found=not isinstance(face_source, StoredFaces), is_film=is_film,
        around=around,
    )  # fmt: skip
    length = max(segment_frames, overlap.before + overlap.after)
    if layers:  # which are written at once, all of them
        length = FRAME_NUMBER
    film = SegmentedFilm(
        conversion.made, writer, out, planned(start, stop, info.frame_count, length), overlap, start, stop,
        info.frames_between(start, stop),
    )  # fmt: skip
    if order.unit is not None:
        film.make_unit(order.unit)
        return out
    with ExitStack() as stack:
        counts, spent = film.make(order, stack)
        told = about | face_source.about | ({"frames_found_anew": counts.found_anew} if counts.found_anew else {})
        write_report(info, out, counts, spent, cast, told, start, stop, record or {})
        if side_by_side:
            write_comparison(info, out, start, stop, about)
    return out


def _write_preview(conversion: Conversion, preview: PreviewFrames) -> None:
    with (
        ExitStack() as stack,
        Progress(preview.frames_needed, preview.label, shown=bool(preview.label)) as bar,
        preview,
    ):
        for made in conversion.previewed(stack, preview):
            preview.write(made.frame)
            bar.advance()
