"""What a command leaves, and whether that equals what two uninterrupted runs leave alike."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from faceswap.media.pictures.images import WRITE_SUFFIXES
from faceswap.media.pictures.stamp import picture_mark
from faceswap.media.video.stamp import film_mark
from faceswap.media.writing import FILM_SUFFIXES
from faceswap.utils.files.locks import LOCK
from faceswap.utils.files.temporary import TEMP_MARK

SIGNED_SUFFIX = ".c2pa"  # a signed record beside its film: it says when it was made
_OF_THE_MOMENT = (
    "commit",
    "when",
    "date",
)  # what a record says of the day and of the checkout, which may go on meanwhile
_COMMIT = re.compile(rb"(commit\W{1,6})[0-9a-f]{7,40}(-dirty)?")

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
            return _told(name, json.loads(content))
        except ValueError:
            pass
    if path.suffix == SIGNED_SUFFIX:
        return {}
    if path.suffix in WRITE_SUFFIXES:  # a signed one's record has its time
        return {f"{name}#": picture_mark(path)}
    if path.suffix in FILM_SUFFIXES:
        return {f"{name}#": film_mark(path)}
    return {f"{name}#": hashlib.sha256(_COMMIT.sub(rb"\1", content)).hexdigest()[:12]}


def _weights(name: str, content: bytes) -> Left:
    """What a safetensors file holds: its numbers as one, and each of its texts, whose order is drawn anew each time."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    found: Left = {}
    for key, text in header.pop("__metadata__", {}).items():
        try:
            found |= _told(f"{name}#{key}", json.loads(text)) if key not in _OF_THE_MOMENT else {}
        except ValueError:
            found[f"{name}#{key}"] = text
    numbers = json.dumps(header, sort_keys=True).encode() + content[start:]
    return found | {f"{name}#": hashlib.sha256(numbers).hexdigest()[:12]}


def _told(name: str, value: Any) -> Left:
    """What a table of JSON says, but for when and by which commit it was written."""
    leaves = _leaves("", value)
    return {f"{name}#{place}": one for place, one in leaves if place.rpartition("/")[2] not in _OF_THE_MOMENT}


def _leaves(place: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(f"{place}/{key}", inner)]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in _leaves(f"{place}/{index}", inner)]
    return [(place, value)]
