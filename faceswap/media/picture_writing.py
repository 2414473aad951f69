"""Writers of picture files: one picture, or a folder of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from faceswap.core.values import Frame
from faceswap.media.pictures.images import WRITE_SUFFIXES, write_image
from faceswap.media.sources import SourceInfo
from faceswap.media.targets import check_target, refuse_losses
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json, writing_errors
from faceswap.utils.files.links import move, own_folder, remove
from faceswap.utils.files.temporary import temp_path
from faceswap.utils.files.workspace import RESULT_REPORT


class ImageWriter:
    """Writes one picture; the block must write exactly one frame."""

    def __init__(
        self, path: str | Path, info: SourceInfo, *, quality: int = 97, metadata: Mapping[str, str] | None = None
    ) -> None:
        self.path = Path(path)
        self.frame_count = 0
        self.stored_bits = 0
        self._info = info
        self._quality = _checked(quality)
        self._metadata = dict(metadata or {})

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
        write_image(self.path, frame.image, self._quality, self._metadata, self._info.files[:1])
        self.frame_count += 1

    def __exit__(self, *error: object) -> None:
        return None


class ImageSequenceWriter:
    """Writes a folder of pictures named like the source's; a format that is read but not written becomes PNG.

    The folder has a temporary name until the block ends without an error. It holds a report.json that tells what it
    is: a folder of that name that is there already is replaced only when it has such a report and nothing but an
    earlier result; anything else is a UserError.
    """

    def __init__(
        self,
        path: str | Path,
        info: SourceInfo,
        *,
        quality: int = 97,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.frame_count = 0
        self.stored_bits = 0
        self._info = info
        self._names = _result_names(info)
        self._quality = _checked(quality)
        self._metadata = dict(metadata or {})
        self._temp = temp_path(self.path)

    def check(self) -> None:
        """Raise UserError when the folder cannot be written, before its pictures are made."""
        check_target(self.path, self._info, self._names.values())

    def __enter__(self) -> Self:
        self.check()
        with writing_errors(self.path):
            remove(self._temp)
            own_folder(self._temp)
        return self

    def write(self, frame: Frame) -> None:
        """Write one picture under the name of the file that `frame.index` counts."""
        name = self._names.get(frame.index, f"{frame.index:06d}.png")
        sources = self._info.files[frame.index : frame.index + 1]
        write_image(self._temp / name, frame.image, self._quality, self._metadata, sources)
        self.frame_count += 1

    def take(self, folders: Iterable[Path]) -> None:
        """Take the pictures of folders as they are, by another name for the same bytes where the disk can."""
        for folder in folders:
            for file in sorted(folder.iterdir()):
                with writing_errors(self.path):
                    try:
                        os.link(file, self._temp / file.name)
                    except OSError:  # a file system without hard links
                        shutil.copyfile(file, self._temp / file.name)
                self.frame_count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self.frame_count == 0:
                    raise UserError(f"cannot write {self.path}: the source gave no picture")
                report = {"source": str(self._info.path), "out": str(self.path), **self._metadata}
                write_json(self._temp / RESULT_REPORT, report)
                refuse_losses(self.path, self._info, self._names.values())  # others may have written meanwhile
                with writing_errors(self.path):
                    remove(self.path)
                    move(self._temp, self.path)
        finally:
            remove(self._temp)


def _result_names(info: SourceInfo) -> dict[int, str]:
    """Return file names by frame index, unique whatever folders and suffixes the sources have."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for index, file in enumerate(info.files):
        name = file.name if file.suffix.lower() in WRITE_SUFFIXES else f"{file.stem}.png"
        if name.lower() in taken:
            name = f"{index:06d}_{name}"
        taken.add(name.lower())
        names[index] = name
    return names


def _checked(quality: int) -> int:
    if not 1 <= quality <= 100:
        raise UserError(f"image_quality={quality}: must be 1 to 100")
    return quality
