"""Names of the pictures of a sequence: the source's own, or counted by a pattern."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from faceswap.media.pictures.images import WRITE_SUFFIXES
from faceswap.utils.errors import UserError

PICTURE_SUFFIXES = (*WRITE_SUFFIXES, ".tif", ".tiff", ".exr")  # of pictures that are written
USUAL_PATTERN = "%06d.png"
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")  # a name that ends in a number
_COUNTER = re.compile(r"%(0?)([1-9]?)d")


class CountedNames(Collection[str]):
    """Names of a pattern: `x_%06d.png` gives x_000012.png for frame 12."""

    def __init__(self, pattern: str) -> None:
        """Take a pattern with one counter. Raises UserError for another, and for a format that is not written."""
        found = _COUNTER.findall(pattern)
        if len(found) != 1 or pattern.count("%") != 1:
            raise UserError(f"out=.../{pattern}: wanted is one counter in the name, such as x_%06d.png")
        if Path(pattern).suffix.lower() not in PICTURE_SUFFIXES:
            raise UserError(f"out=.../{pattern}: pictures are written as {', '.join(PICTURE_SUFFIXES)}")
        self._pattern = pattern
        before, after = _COUNTER.split(pattern)[0], _COUNTER.split(pattern)[-1]
        self._known = re.compile(rf"{re.escape(before)}\d+{re.escape(after)}")

    def of(self, index: int) -> str:
        """Return the name of a frame's picture."""
        return self._pattern % index

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._known.fullmatch(name))

    def __iter__(self) -> Iterator[str]:
        yield self.of(0)

    def __len__(self) -> int:
        return 1


class PatchNames(CountedNames):
    """Names of pictures that each have a JSON file beside them."""

    def __contains__(self, name: object) -> bool:
        pictured = name.removesuffix(".json") + Path(self._pattern).suffix if isinstance(name, str) else name
        return super().__contains__(name) or super().__contains__(pictured)


class ListedNames(Collection[str]):
    """Names of files, unique whatever folders and suffixes they have; what is not written as it is becomes PNG."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Take the source's files, by frame."""
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()
        for index, file in enumerate(files):
            name = file.name if file.suffix.lower() in PICTURE_SUFFIXES else f"{file.stem}.png"
            if name.lower() in self._taken:
                name = f"{index:06d}_{name}"
            self._taken.add(name.lower())
            self._names[index] = name
        self._listed = set(self._names.values())

    def of(self, index: int) -> str:
        """Return the name of a frame's picture."""
        return self._names[index]

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)


def missing_numbers(files: Sequence[Path]) -> list[tuple[int, int]]:
    """Return first and last of the numbers that a counted sequence lacks; none where files are not one sequence."""
    found = [_NUMBERED.fullmatch(file.stem) for file in files]
    if len({match[1] if match else None for match in found}) != 1 or not found[0]:
        return []
    numbers = sorted(int(match[2]) for match in found if match)
    return [(before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1]


def files_of_pattern(pattern: Path) -> list[Path]:
    """Return the files that a pattern such as x_%06d.png counts; none where it is no such pattern."""
    before, *rest = _COUNTER.split(pattern.name)
    if len(rest) != 3 or not pattern.parent.is_dir():
        return []
    known = re.compile(rf"{re.escape(before)}\d+{re.escape(rest[2])}")
    return [path for path in pattern.parent.iterdir() if known.fullmatch(path.name)]


def split_pattern(out: str) -> tuple[str, str]:
    """Return the folder and the pattern of `out=FOLDER/x_%06d.png`; any other out= as it is, and no pattern.

    Raises:
        UserError: There is no folder: a sequence has one of its own.
    """
    folder, _, name = out.replace("\\", "/").rpartition("/") if "%" in out else ("", "", "")
    if not name or not _COUNTER.search(name):
        return out, ""
    if not folder:
        raise UserError(f"out={out}: pictures go into a folder of their own; say out=frames/{name}")
    CountedNames(name)
    return folder, name
