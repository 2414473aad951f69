"""What a command leaves, and whether that equals what two uninterrupted runs leave alike."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from faceswap.media.pictures.images import WRITE_SUFFIXES
from faceswap.media.pictures.stamp import picture_mark
from faceswap.media.video.stamp import film_mark
from faceswap.media.writing import FILM_SUFFIXES
from faceswap.utils.files.locks import LOCK
from faceswap.utils.files.temporary import TEMP_MARK

Left = dict[str, Any]  # by file and, in JSON, by place: a value or a checksum
_LOGS = "events.out.tfevents."  # TensorBoard's files are named after time and process


def what_lies_in(folder: Path) -> Left:
    """Return what the files of `folder` hold, those of TensorBoard left out."""
    found: Left = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not path.name.startswith(_LOGS):
            found[name] = ""
            found |= _values(name, path)
    return found


def leftovers(folder: Path) -> list[str]:
    """Return what only a command at work may have: temporary files and locks."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob(".*") if TEMP_MARK in p.name or p.name == LOCK)


def differences(first: Left, second: Left, now: Left) -> list[str]:
    """Return where `now` differs from what two uninterrupted runs, `first` and `second`, have alike.

    Files are compared by name always, and by content where it is the same in both runs: times are not.
    """
    places = {place for place in first.keys() | second.keys() | now.keys()}
    odd = [place for place in places if first.get(place) == second.get(place) and now.get(place) != first.get(place)]
    return sorted(place for place in odd if not (place in now and place not in first and "#" in place))


def _values(name: str, path: Path) -> Left:
    content = path.read_bytes()
    if path.suffix == ".safetensors":
        return _weights(name, content)
    if path.suffix == ".json":
        try:
            return {f"{name}#{place}": value for place, value in _leaves("", json.loads(content))}
        except ValueError:
            pass
    if path.suffix in WRITE_SUFFIXES:  # a signed one's record has its time
        return {f"{name}#": picture_mark(path)}
    if path.suffix in FILM_SUFFIXES:
        return {f"{name}#": film_mark(path)}
    return {f"{name}#": hashlib.sha256(content).hexdigest()[:12]}


def _weights(name: str, content: bytes) -> Left:
    """What a safetensors file holds: its numbers as one, and each of its texts, whose order is drawn anew each time."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    found: Left = {}
    for key, text in header.pop("__metadata__", {}).items():
        try:
            found |= {f"{name}#{key}{place}": value for place, value in _leaves("", json.loads(text))}
        except ValueError:
            found[f"{name}#{key}"] = text
    numbers = json.dumps(header, sort_keys=True).encode() + content[start:]
    return found | {f"{name}#": hashlib.sha256(numbers).hexdigest()[:12]}


def _leaves(place: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(f"{place}/{key}", inner)]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in _leaves(f"{place}/{index}", inner)]
    return [(place, value)]
