"""Sources that `video=` can name: a film, an animation, a folder of pictures, a glob, or one picture."""

from __future__ import annotations

import glob
import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.media.deep_pictures import depth_of
from faceswap.media.listing import is_own, list_pictures, natural_order
from faceswap.media.pictures.images import READ_SUFFIXES, ImageHeader, animation_seconds, image_header, read_image
from faceswap.media.pictures.sequence_names import files_of_pattern
from faceswap.media.video.colour_tags import ColourTags
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from av.video.format import VideoFormat

    from faceswap.media.video.hdr import HdrLight

STILLS_PER_SECOND = Fraction(25)
_PIXEL_FORMATS = {8: "rgb24", 16: "rgb48le", 32: "gbrpf32le"}  # of picture files by their bits
_SAMPLE_BYTES = 1 << 20
_ACCEPTED = "a video, a folder of pictures, a pattern such as 'folder/*.jpg' or folder/x_%06d.exr, or one picture"


@dataclass(frozen=True)
class SourceInfo:
    """What a source is, before its frames are read.

    `kind`: 'video' (read through FFmpeg), 'animation' (GIF, WebP, PNG, AVIF; read through Pillow) or 'images'.
    `width`, `height`: as shown, upright and with square pixels; of the first picture for images.
    `stored_width`, `stored_height`: upright, but before pixels are made square.
    `frame_count` and `duration_seconds`: what the file claims; exact for images, None when it does not tell.
    `rotation_degrees`: the clockwise turn already applied to the frames read. `name`: what a face set is called.
    `start_seconds`: what is taken off a film's own times, so that those of its frames begin at 0: the clocks of
    broadcasts and cameras begin anywhere. `light`: what an HDR film says of the screen it was graded on.
    """

    path: Path
    kind: str
    files: tuple[Path, ...]
    width: int
    height: int
    stored_width: int
    stored_height: int
    frames_per_second: Fraction
    time_base: Fraction
    frame_count: int | None
    duration_seconds: float | None
    rotation_degrees: int
    has_audio: bool
    name: str
    colour: ColourTags
    pixel_format: str
    start_seconds: float = 0.0
    light: HdrLight | None = None

    @property
    def bits(self) -> int:
        """Bits a channel."""
        return max(component.bits for component in self._format.components)

    @property
    def chroma(self) -> str:
        """How much colour a film keeps: 420, 422 or 444; rgb for one that is not stored as brightness and colour."""
        if self._format.is_rgb or self._format.has_palette:
            return "rgb"
        colour = [component for component in self._format.components if not component.is_luma]
        if not colour or self._format.chroma_height() < self._format.height:
            return "420"
        return "422" if self._format.chroma_width() < self._format.width else "444"

    @cached_property
    def _format(self) -> VideoFormat:
        from av.video.format import VideoFormat

        return VideoFormat(self.pixel_format, 16, 16)

    @cached_property
    def fingerprint(self) -> str:
        """A checksum of the content that does not read a film whole: its size, and a start, middle and end of it.

        Of pictures: their names and sizes.
        """
        digest = hashlib.sha256()
        if self.files:
            for file in self.files:
                digest.update(f"{file.name}\0{file.stat().st_size}\0".encode(errors="surrogateescape"))
            return digest.hexdigest()[:16]
        size = self.path.stat().st_size
        digest.update(str(size).encode())
        with open(self.path, "rb") as film:
            for place in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                film.seek(place)
                digest.update(film.read(_SAMPLE_BYTES))
        return digest.hexdigest()[:16]

    def frames_between(self, start: int, stop: int | None, every: int = 1) -> int | None:
        """Return how many frames `start` <= index < `stop` there are, each `every`-th counted; None: not known."""
        ends = [end for end in (self.frame_count, stop) if end is not None]
        return max(0, -(-(min(ends) - start) // every)) if ends else None

    @property
    def is_still(self) -> bool:
        """True for exactly one picture."""
        return self.kind == "images" and len(self.files) == 1


def probe(path: str | Path) -> SourceInfo:
    """Look at a source: content decides, not the file's suffix.

    An existing file or folder is taken as it is, even when its name looks like a pattern. A folder gives its pictures
    in natural order (2 before 10), see `list_pictures`.
    A pattern that matches one file is that file.

    Raises:
        UserError: There is nothing to read.
    """
    path = Path(path)
    try:
        return _probe(path)
    except OSError as error:  # a name that is too long, a folder that may not be entered, a disk that fails
        raise UserError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error


def _probe(path: Path) -> SourceInfo:
    if path.is_dir():
        files = list_pictures(path)
        if not files:
            raise UserError(
                f"no pictures in the folder {path}; it should hold files like {', '.join(READ_SUFFIXES[:6])}"
            )
        return _probe_images(path, files, path.resolve().name)
    if not path.exists():
        return _probe_pattern(path)
    header = image_header(path) if path.is_file() else None
    if header is None and path.suffix.lower() in READ_SUFFIXES:
        read_image(path)  # raises with the reason
    if header is None:
        return _probe_film(path)
    if header.frame_count > 1:
        return _probe_animation(path, header)
    return _probe_images(path, (path,), path.stem, header)


def _probe_pattern(path: Path) -> SourceInfo:
    pattern = str(path)
    if counted := natural_order(files_of_pattern(path)):
        return _probe_images(path, counted, counted[0].resolve().parent.name)
    if not glob.has_magic(pattern):
        raise UserError(f"no such file or folder: {path}; accepted: {_ACCEPTED}")
    found = [Path(name) for name in glob.glob(pattern, recursive=True)]
    if len(found) == 1:
        return probe(found[0])
    pictures = [file for file in found if file.is_file() and file.suffix.lower() in READ_SUFFIXES]
    files = natural_order(file for file in pictures if is_own(file))
    if not files:
        raise UserError(f"the pattern {path} matches no pictures; accepted: {_ACCEPTED}")
    return _probe_images(path, files, files[0].resolve().parent.name)


def _probe_images(path: Path, files: tuple[Path, ...], name: str, header: ImageHeader | None = None) -> SourceInfo:
    # A folder may hold pictures that cannot be read: reading passes over them, so the first sound one gives the size.
    headers = (image_header(file) for file in files) if header is None else iter((header,))
    first, header = next(((file, found) for file, found in zip(files, headers, strict=False) if found), (path, None))
    if header is None:
        raise UserError(f"cannot read any of the {len(files)} pictures of {path}")
    return SourceInfo(
        path=path, kind="images", files=files, width=header.width, height=header.height, stored_width=header.width,
        stored_height=header.height, frames_per_second=STILLS_PER_SECOND, time_base=1 / STILLS_PER_SECOND,
        frame_count=len(files), duration_seconds=float(len(files) / STILLS_PER_SECOND), rotation_degrees=0,
        has_audio=False, name=name or "pictures", colour=ColourTags(2, 0, 1, 13),
        pixel_format=_PIXEL_FORMATS[depth_of(first)] if first.is_file() else "rgb24",
    )  # fmt: skip


def source_of_picture(width: int, height: int) -> SourceInfo:
    """Return what a detector is told of a picture in memory, which has nothing to do with others."""
    path = Path("picture")
    return _probe_images(path, (path,), path.name, ImageHeader(width, height, 1))


def _probe_animation(path: Path, header: ImageHeader) -> SourceInfo:
    seconds = animation_seconds(path)
    rate = Fraction(header.frame_count / seconds).limit_denominator(1001)
    return SourceInfo(
        path=path, kind="animation", files=(), width=header.width, height=header.height, stored_width=header.width,
        stored_height=header.height, frames_per_second=rate, time_base=Fraction(1, 1000),
        frame_count=header.frame_count, duration_seconds=seconds, rotation_degrees=0, has_audio=False, name=path.stem,
        colour=ColourTags(2, 0, 1, 13), pixel_format="rgb24",
    )  # fmt: skip


def _probe_film(path: Path) -> SourceInfo:
    from faceswap.media.video import streams
    from faceswap.media.video.decoding import first_frame
    from faceswap.media.video.hdr import hdr_light
    from faceswap.media.video.pixels import tags_of

    with streams.open_film(path) as container:
        stream = streams.picture_stream(container, path)
        frame = first_frame(container, stream, path)
        rate = streams.frames_per_second(stream)
        transform = streams.display_transform(frame)
        stored = (frame.width, frame.height)
        shown = streams.square_size(stream, *stored)
        if transform[0] == 0:  # turned by 90 degrees
            stored, shown = stored[::-1], shown[::-1]
        seconds = None
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration:
            seconds = container.duration / 1_000_000
        count = stream.frames or (round(seconds * rate) if seconds else None)
        return SourceInfo(
            path=path, kind="video", files=(), width=shown[0], height=shown[1], stored_width=stored[0],
            stored_height=stored[1], frames_per_second=rate, time_base=Fraction(stream.time_base or 1 / rate),
            frame_count=count or None, duration_seconds=seconds,
            rotation_degrees=streams.rotation_degrees(transform), has_audio=bool(container.streams.audio),
            name=path.stem, colour=tags_of(frame), pixel_format=frame.format.name,
            start_seconds=streams.start_seconds(container, frame), light=hdr_light(frame),
        )  # fmt: skip
