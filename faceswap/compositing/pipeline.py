"""Convert: every frame of a source with its faces swapped, written as a film or as images.

A film is made in segments (segments/), each of which is a file of its own until all are there; what is done to frames
is told in conversion.py, and encoding runs in the caller's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.casting import Cast
from faceswap.compositing.config import LARGEST_FACE, SMALLEST_FACE, ConversionConfig
from faceswap.compositing.conversion import Conversion, Paste
from faceswap.compositing.face_sources import motion
from faceswap.compositing.face_sources.face_source import StoredFaces, WantedFaces
from faceswap.compositing.face_sources.filling import face_source_for
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.masks.film import check_edges, parsers_of
from faceswap.compositing.masks.protocol import Mask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.preview.frames import PartsOfFilm
from faceswap.compositing.results import Account, check_results, made_with_ai, write_comparison, write_report
from faceswap.compositing.segments.making import SegmentedFilm
from faceswap.compositing.segments.order import Order
from faceswap.compositing.segments.plan import Overlap, planned
from faceswap.compositing.steadying import REACH, Steadying
from faceswap.media.layers import LayeredWriter
from faceswap.media.pictures.colour_transfer import ColourMatcher, Reinhard
from faceswap.media.pictures.sequence_names import split_pattern
from faceswap.media.video.coding import Coding
from faceswap.media.writing import Writer, writer_for
from faceswap.utils.process import few_library_threads, reuse_freed_memory
from faceswap.utils.progress import Progress
from faceswap.utils.settings.keyframes import Keyframes

if TYPE_CHECKING:
    from faceswap.compositing.face_sources.face_source import FaceSource
    from faceswap.compositing.preview.frames import PreviewFrames
    from faceswap.core.face_set import FaceSet
    from faceswap.detect.protocol import Finder
    from faceswap.media.sources import SourceInfo


FILM_STEADYING = {"smooth_frames": 2, "smooth_drawn": 4, "smooth_colour": 0.8, "fill_frames": 10, "fade_frames": 3}


@dataclass(frozen=True, eq=False)
class VideoConversion:
    """A video, an image folder, a glob or one image whose faces are swapped: `run` writes it.

    Faces come from the face set `faces`; those of frames that it was not made of, and all without a set, from `finder`
    (None: the one of the face set). A frame without a face passes through untouched and is counted. A report lies
    beside the result.

    Attributes:
        info: The source.
        cast: What draws whom, see `Cast`; which side, and what makes it sharp.
        out: The result, never the source; a folder's pictures may be named by a pattern, as x_%06d.exr.
        settings: Which frames and tracks are swapped, how they are steadied and written. What of its steadying is None
            is as FILM_STEADYING for a film and off for pictures, which need have nothing to do with each other.
        faces: A face set, all of it with deleted crops too, or its folder.
        finder: What looks for faces where the set knows none.
        mask, colour, blender: How a drawn face is laid into the frame.
        metadata: What its container tells, beside what it is.
        record: What the result was made with, for its report.
        order: What the segments depend on: with it a stopped conversion goes on, else it begins anew. And who makes
            them.
        preview: Takes a few frames of the film in its place; nothing is written then.
    """

    info: SourceInfo
    cast: Cast
    out: str | Path
    settings: ConversionConfig = field(default_factory=ConversionConfig)
    faces: str | Path | FaceSet | None = None
    finder: Finder | None = None
    mask: Mask = field(default_factory=HullMask)
    colour: ColourMatcher = field(default_factory=Reinhard)
    blender: Blender = field(default_factory=AlphaBlender)
    metadata: Mapping[str, str] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    order: Order = field(default_factory=Order)
    preview: PreviewFrames | None = None

    def run(self) -> Path:
        """Swap the faces and return the path of what was written.

        Raises:
            UserError: For what the user can mend, Interrupted after Ctrl-C; `out` is then not touched.
        """
        reuse_freed_memory()
        with few_library_threads():
            self._run()
        return self._place

    def _run(self) -> None:
        paste = self.paste()
        writer = self._writer()
        if self.preview is None and self.order.unit is None:
            check_results(writer, self.info, self._place, self.settings.side_by_side)
        source = self.face_source()
        aligned = motion.MotionAligned(source) if self._steadying.smooth_frames else source
        if self.preview is not None:
            conversion = Conversion(self.info, self.cast, PartsOfFilm(aligned), paste, self.settings.batch_size)
            self._preview(self.preview, source, conversion)
            return
        conversion = Conversion(self.info, self.cast, aligned, paste, self.settings.batch_size, writer.stored_bits)
        film = self._segmented(conversion, writer, is_found=not isinstance(source, StoredFaces))
        if self.order.unit is not None:
            film.make_unit(self.order.unit)
        else:
            self._make(film, source)

    @cached_property
    def _steadying(self) -> ConversionConfig:
        """The settings, with what they leave to the kind of source."""
        is_film = self.info.kind != "images"
        usual: dict[str, Any] = {name: value if is_film else 0 for name, value in FILM_STEADYING.items()}
        return replace(
            self.settings, **{name: value for name, value in usual.items() if getattr(self.settings, name) is None}
        )

    @cached_property
    def _named(self) -> tuple[Path, str]:
        place, pattern = split_pattern(str(self.out))
        return Path(place), pattern

    @property
    def _place(self) -> Path:
        return self._named[0]

    @cached_property
    def _about(self) -> dict[str, str]:
        return made_with_ai(self.cast) | dict(self.metadata)

    @property
    def _layers(self) -> set[str]:
        return {*(self.settings.output or ())} - {"film"} if self.preview is None else set()

    def paste(self) -> Paste:
        """Return how faces are laid into frames. Raises UserError for keyframes past the film's end."""
        said, steady = self.settings, self._steadying
        finish = Finish.along(said.sharpen, said.motion_blur, said.grain)
        strengths = Keyframes.read("strength", said.strength)
        scales = Keyframes.read("face_scale", said.face_scale, LARGEST_FACE, SMALLEST_FACE)
        check_edges(self.mask, self.info.frame_count)
        for name, course in ("strength", strengths), ("face_scale", scales), ("sharpen", finish.sharpen):
            if isinstance(course, Keyframes):
                course.check_within(name, self.info.frame_count)
        return Paste(
            self.mask,
            self.colour,
            self.blender,
            Steadying(self.mask, self.colour, float(steady.smooth_colour or 0), steady.fade_frames or 0),
            self.cast.fadings(said.fade_from_yaw),
            finish,
            strengths,
            scales,
            smooth_drawn=steady.smooth_drawn or 0,
            keeps_faces=bool({*(said.output or ())} - {"film"}),
        )

    def _writer(self) -> Writer:
        if self.preview is not None:
            return self.preview
        said, (place, pattern) = self.settings, self._named
        coding = Coding(said.codec, said.bits, said.chroma, said.crf, said.preset)
        writer = writer_for(
            self.info,
            place,
            start=said.start,
            stop=said.stop,
            metadata=self._about,
            coding=coding,
            quality=said.image_quality,
            pattern=pattern,
        )
        if self._layers:
            return LayeredWriter(
                writer,
                self._layers,
                self.info,
                place,
                start=said.start,
                pattern=pattern,
                coding=coding,
                metadata=self._about,
            )
        return writer

    def face_source(self) -> FaceSource:
        """Return where the faces are. Raises UserError where nothing tells."""
        return face_source_for(self.info, self.faces, self.finder, self._wanted)

    @property
    def _wanted(self) -> WantedFaces:
        said, steady = self.settings, self._steadying
        tracks = said.tracks if self.cast.role_of is None else set(self.cast.role_of)
        return WantedFaces(said.start, said.stop, tracks, steady.smooth_frames or 0, steady.fill_frames or 0)

    def _around(self, paste: Paste) -> int:
        """Return on how many frames to both sides a frame depends."""
        placed = motion.REACH if self._steadying.smooth_frames else 0
        return placed + paste.smooth_drawn + (REACH if paste.steady.is_needed else 0)

    def _preview(self, preview: PreviewFrames, source: FaceSource, conversion: Conversion) -> None:
        preview.choose(self.info, source, self._wanted, self._around(conversion.paste))
        preview.about = self._about
        preview.see_by(parsers_of(self.mask))
        with (
            ExitStack() as stack,
            Progress(preview.frames_needed, preview.label, shown=bool(preview.label)) as bar,
            preview,
        ):
            for made in conversion.previewed(stack, preview):
                preview.write(made.frame)
                bar.advance()

    def _segmented(self, conversion: Conversion, writer: Writer, *, is_found: bool) -> SegmentedFilm:
        start, stop = self.settings.start, self.settings.stop
        overlap = Overlap.of(
            smooth_frames=self._steadying.smooth_frames or 0,
            smooth_colour=self._steadying.smooth_colour or 0.0,
            motion_blur=self.settings.motion_blur,
            is_found=is_found,
            is_film=self.info.kind != "images",
            around=self._around(conversion.paste),
        )
        length = max(self.settings.segment_frames, overlap.before + overlap.after)
        segments = planned(start, stop, self.info.frame_count, length)
        total = self.info.frames_between(start, stop)
        return SegmentedFilm(conversion.made, writer, self._place, segments, overlap, start, stop, total)

    def _make(self, film: SegmentedFilm, source: FaceSource) -> None:
        with ExitStack() as stack:
            counts, spent = film.make(self.order, stack)
            told = self._about | source.about
            if counts.found_anew:
                told["frames_found_anew"] = counts.found_anew
            write_report(self.info, self._place, Account(counts, spent, told, self.record), self.cast, self.settings)
            if self.settings.side_by_side:
                write_comparison(self.info, self._place, self.settings, self._about)
