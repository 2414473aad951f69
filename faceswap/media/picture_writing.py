"""Writers of picture files: one picture, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from faceswap.core.values import Frame
from faceswap.media.deep_pictures import DEEP_SUFFIXES, encode_deep
from faceswap.media.dropped_content import warn_of_gaps, warn_of_losses
from faceswap.media.pictures.exr import SUFFIX as EXR
from faceswap.media.pictures.images import WRITE_SUFFIXES, save_picture, write_image
from faceswap.media.pictures.sequence_names import USUAL_PATTERN, CountedNames, ListedNames
from faceswap.media.sources import SourceInfo
from faceswap.media.targets import check_target, refuse_losses
from faceswap.media.video.stored import stored_from_rgb
from faceswap.provenance.fingerprint import marked
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json, writing_errors
from faceswap.utils.files.links import move, name_twice, own_folder, remove
from faceswap.utils.files.temporary import temp_path
from faceswap.utils.files.workspace import RESULT_REPORT


class ImageWriter:
    """Writes one picture; the block must write exactly one frame."""

    def __init__(
        self,
        path: str | Path,
        info: SourceInfo,
        *,
        quality: int = 97,
        bits: int | Literal["auto"] = 8,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.frame_count = 0
        self.stored_bits = stored_bits_for([self.path.name], info, bits)
        self.colour = info.colour
        self._info = info
        self.quality = _checked(quality)
        self.metadata = dict(metadata or {})

    def check(self) -> None:
        """Raise UserError when the picture cannot be written, before it is made."""
        check_target(self.path, self._info)

    def __enter__(self) -> Self:
        self.check()
        return self

    def write(self, frame: Frame) -> None:
        """Write the picture at once, atomically."""
        if self.frame_count:
            raise ValueError("one picture file takes one frame")
        _write(self.path, frame, self, self._info.files[:1])
        self.frame_count += 1

    def __exit__(self, *error: object) -> None:
        return None


class ImageSequenceWriter:
    """Writes a folder of pictures: named like the source's, or counted by a pattern such as x_%06d.png.

    A format that is read but not written becomes PNG. A film's pictures are counted as %06d.png unless a pattern says
    otherwise, by the frame's number. The folder has a temporary name until the block ends without an error. It holds a
    report.json that tells what it is: a folder of that name that is there already is replaced only when it has such a
    report and nothing but an earlier result; anything else is a UserError.
    """

    def __init__(
        self,
        path: str | Path,
        info: SourceInfo,
        *,
        pattern: str = "",
        quality: int = 97,
        bits: int | Literal["auto"] = 8,
        metadata: Mapping[str, str] | None = None,
        is_told: bool = True,
    ) -> None:
        self.path = Path(path)
        self.frame_count = 0
        self.colour = info.colour
        self._info = info
        self._names = CountedNames(pattern or USUAL_PATTERN) if pattern or not info.files else ListedNames(info.files)
        self.stored_bits = stored_bits_for(self._names, info, bits)
        self.quality = _checked(quality)
        self.metadata = dict(metadata or {})
        self._is_told = is_told
        self._temp = temp_path(self.path)

    def check(self) -> None:
        """Raise UserError when the folder cannot be written, before its pictures are made."""
        check_target(self.path, self._info, self._names)
        if self._is_told:
            warn_of_gaps(self._info)
        if self._is_told and self._info.kind == "video":
            warn_of_losses(self._info, self.stored_bits or 8, is_film=False)
        self._is_told = False

    def __enter__(self) -> Self:
        self.check()
        with writing_errors(self.path):
            remove(self._temp)
            own_folder(self._temp)
        return self

    def write(self, frame: Frame) -> None:
        """Write one picture under the name of the file that `frame.index` counts."""
        self.save(self._temp / self._names.of(frame.index), frame)
        self.frame_count += 1

    def take(self, folders: Iterable[Path]) -> None:
        """Take the pictures of folders as they are, by another name for the same bytes where the disk can."""
        for folder in folders:
            for file in sorted(folder.iterdir()):
                with writing_errors(self.path):
                    name_twice(file, self._temp / file.name)
                self.frame_count += 1

    def save(self, path: Path, frame: Frame) -> None:
        """Write the picture of a frame under a name."""
        _write(path, frame, self, self.sources(frame))

    def sources(self, frame: Frame) -> Sequence[Path]:
        """Return what a frame's picture was made from."""
        return self._info.files[frame.index : frame.index + 1] or (self._info.path,)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self.frame_count == 0:
                    raise UserError(f"cannot write {self.path}: the source gave no picture")
                report = {"source": str(self._info.path), "out": str(self.path), **self.metadata}
                write_json(self._temp / RESULT_REPORT, report)
                refuse_losses(self.path, self._info, self._names)  # others may have written meanwhile
                with writing_errors(self.path):
                    remove(self.path)
                    move(self._temp, self.path)
        finally:
            remove(self._temp)


def stored_bits_for(names: Iterable[str], info: SourceInfo, bits: int | Literal["auto"]) -> int:
    """Return with how many bits pictures want the planes of frames: 16 for a format and a source, or a wish, of more.

    EXR always has them. 0: the 8-bit pictures are enough.
    """
    suffixes = {Path(name).suffix.lower() for name in names}
    if EXR in suffixes:
        return 16
    is_deep = info.bits > 8 if bits == "auto" else bits > 8
    return 16 if is_deep and suffixes <= {*DEEP_SUFFIXES} else 0


def _write(path: Path, frame: Frame, how: ImageWriter | ImageSequenceWriter, sources: Sequence[Path]) -> None:
    """Write one picture, in full depth where its writer asks for that or only such a format is written so."""
    suffix = path.suffix.lower()
    if not how.stored_bits and suffix in WRITE_SUFFIXES:
        write_image(path, frame.image, how.quality, how.metadata, sources)
        return
    picture = frame.stored or stored_from_rgb(frame.image, 16 if how.stored_bits else 8)
    data = encode_deep(picture, suffix, colour=how.colour, metadata=marked(how.metadata))
    save_picture(path, data, how.metadata, sources)


def _checked(quality: int) -> int:
    if not 1 <= quality <= 100:
        raise UserError(f"image_quality={quality}: must be 1 to 100")
    return quality
