"""Frames of picture sources to picture files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from faceswap.faces.atomic import remove, temp_path, writing_errors
from faceswap.faces.errors import UserError
from faceswap.faces.values import Frame
from faceswap.media.images import WRITE_SUFFIXES, write_image
from faceswap.media.sources import SourceInfo


class ImageWriter:
    """Writes one picture; the block must write exactly one frame."""

    def __init__(self, path: str | Path, *, quality: int = 97, metadata: Mapping[str, str] | None = None) -> None:
        self.path = Path(path)
        self.frame_count = 0
        self._quality = quality
        self._metadata = dict(metadata or {})

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        """Writes the picture at once, atomically."""
        if self.frame_count:
            raise ValueError("one picture file takes one frame")
        write_image(self.path, frame.image, self._quality, self._metadata)
        self.frame_count += 1

    def __exit__(self, *error: object) -> None:
        return None


class ImageSequenceWriter:
    """Writes a folder of pictures named like the source's; a format that is read but not written becomes PNG.

    The folder has a temporary name until the block ends without an error. A folder of that name that is there already
    is replaced when it holds nothing but an earlier result; anything else is a UserError.
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
        self._names = _result_names(info)
        self._quality = quality
        self._metadata = dict(metadata or {})
        self._temp = temp_path(self.path)

    def __enter__(self) -> Self:
        self._refuse_foreign_files()
        with writing_errors(self.path):
            remove(self._temp)
            self._temp.mkdir(parents=True)
        return self

    def write(self, frame: Frame) -> None:
        """Writes one picture under the name of the file that `frame.index` counts."""
        name = self._names.get(frame.index, f"{frame.index:06d}.png")
        write_image(self._temp / name, frame.image, self._quality, self._metadata)
        self.frame_count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self.frame_count == 0:
                    raise UserError(f"cannot write {self.path}: the source gave no picture")
                with writing_errors(self.path):
                    remove(self.path)
                    os.replace(self._temp, self.path)
        finally:
            remove(self._temp)

    def _refuse_foreign_files(self) -> None:
        if not self.path.exists():
            return
        allowed = {*self._names.values(), "report.json"}
        if not self.path.is_dir() or any(entry.name not in allowed for entry in self.path.iterdir()):
            raise UserError(f"cannot write the folder {self.path}: it holds other files; remove it or name another one")


def _result_names(info: SourceInfo) -> dict[int, str]:
    """File names by frame index, unique whatever folders and suffixes the sources have."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for index, file in enumerate(info.files):
        name = file.name if file.suffix.lower() in WRITE_SUFFIXES else f"{file.stem}.png"
        if name.lower() in taken:
            name = f"{index:06d}_{name}"
        taken.add(name.lower())
        names[index] = name
    return names
