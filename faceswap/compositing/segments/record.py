"""What is known of a segment that is whole: its part of the result, and what the report counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faceswap.media.parts import Part

CHECKSUM = "record_sha256"


@dataclass
class Counts:
    """What went by, and what of it a report tells."""

    frames: int = 0
    faces: int = 0
    without_face: list[int] = field(default_factory=list)  # the numbers of frames in which nothing was swapped
    faded: list[int] = field(
        default_factory=list
    )  # of frames in which a face is not swapped in full (finishing/turning.py)
    found_anew: int = 0  # frames that the face set was not made of

    def add(self, frame: int, faces: int, *, is_faded: bool, is_found_anew: bool) -> None:
        """Count one frame."""
        self.frames += 1
        self.faces += faces
        self.found_anew += is_found_anew
        if faces == 0:
            self.without_face.append(frame)
        if is_faded:
            self.faded.append(frame)

    @classmethod
    def together(cls, counts: Iterable[Counts]) -> Counts:
        """Return the sums, of segments in order."""
        total = cls()
        for one in counts:
            total.frames += one.frames
            total.faces += one.faces
            total.found_anew += one.found_anew
            total.without_face += one.without_face
            total.faded += one.faded
        return total


@dataclass(frozen=True)
class SegmentRecord:
    """A segment that is whole; one behind the end of a film that claims too many frames has no part."""

    number: int
    counts: Counts
    part: Part | None

    def as_json(self) -> dict[str, Any]:
        """Return plain values with their checksum; `read` takes them."""
        plain = {"number": self.number, **vars(self.counts), "part": self.part and _plain(self.part)}
        return {**plain, CHECKSUM: _checksum(plain)}

    @classmethod
    def read(cls, stored: Any, folder: Path) -> SegmentRecord:
        """Return the record that was stored in a work folder. Raises ValueError, KeyError or TypeError for others."""
        if stored[CHECKSUM] != _checksum({name: value for name, value in stored.items() if name != CHECKSUM}):
            raise ValueError("it is not what was written")
        counts = Counts(
            frames=_whole(stored["frames"]),
            faces=_whole(stored["faces"]),
            without_face=_wholes(stored["without_face"]),
            faded=_wholes(stored["faded"]),
            found_anew=_whole(stored["found_anew"]),
        )
        told = stored["part"]
        return cls(_whole(stored["number"]), counts, None if told is None else _part(told, folder))


def _plain(part: Part) -> dict[str, Any]:
    return {
        "name": part.path.name,
        "sha256": part.sha256,
        "seconds": list(part.seconds),
        "order": list(part.order),
        "layers": {name: _plain(layer) for name, layer in part.layers.items()},
    }


def _part(told: Any, folder: Path) -> Part:
    name = told["name"]
    if Path(name).name != name:
        raise ValueError(f"{name} is no name of a part")
    seconds = tuple(float(second) for second in told["seconds"])
    layers = {layer: _part(one, folder) for layer, one in dict(told["layers"]).items()}
    part = Part(folder / name, str(told["sha256"]), seconds, tuple(_wholes(told["order"])), layers)
    if sorted(part.order) != list(range(len(seconds))):
        raise ValueError(f"{name}: its pictures are in no order")
    return part


def _checksum(plain: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value} is no count")
    return value


def _wholes(values: Any) -> list[int]:
    return [_whole(value) for value in values]
