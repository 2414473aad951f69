"""TensorBoard's files of a run, rid of what a killed session wrote beyond its last checkpoint.

TensorBoard itself hides such points of curves, but texts stand twice, and not every reader hides anything.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.links import move, remove
from faceswap.utils.limits import EVENT_BYTES
from faceswap.utils.untrusted.reading import open_regular

_PREFIX = "events.out.tfevents."
EVENTS = f"{_PREFIX}*"
_HEAD_BYTES, _SUM_BYTES = 12, 4  # of a record: its length and the length's sum before it, its own sum behind it

_SCALAR_BYTES = 4096  # of a record with points of curves


def drop_events_after(folder: Path, iteration: int) -> None:
    """Remove what stands beyond `iteration` from the event files in `folder`; all of them where a run begins at 0."""
    for path in _event_files(folder):
        if iteration == 0:
            remove(path)
        elif any(step > iteration for _, step in _records_of(path)):
            with atomic_path(path) as temp, open(temp, "wb") as file:
                file.writelines(record for record, step in _records_of(path) if step <= iteration)


def put_in_order(folder: Path) -> None:
    """Let the event files in `folder` be read before the one that a session opens next.

    Readers sort them by name, and a name begins with the second of its opening: two sessions begun within one second,
    or after the clock was set back, would be read by the number of their process. Then the files that are there are
    numbered from 0 instead, in the order in which they are read now.
    """
    files = _event_files(folder)
    if max(map(_second_of, files), default=-1) < int(time.time()):
        return
    for number, path in enumerate(files):
        rest = path.name.removeprefix(_PREFIX).partition(".")[2]
        move(path, folder / f"{_PREFIX}{number:010d}.{rest}")


def scalars_in(path: Path, offset: int = 0) -> tuple[list[tuple[str, int, float]], int]:
    """Return the points of curves (name, step, value) in an event file from a byte on, and where the next one begins.

    What is still being written is left for the next time.
    """
    from tensorboard.compat.proto.event_pb2 import Event

    points: list[tuple[str, int, float]] = []
    with open(path, "rb") as file:
        file.seek(offset)
        for record, step in _records(file):
            offset += len(record)
            if len(record) <= _SCALAR_BYTES:  # pictures are larger
                event = Event.FromString(record[_HEAD_BYTES:-_SUM_BYTES])
                points += [
                    (one.tag, step, one.simple_value) for one in event.summary.value if one.HasField("simple_value")
                ]
    return points, offset


def _event_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob(EVENTS))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _second_of(path: Path) -> int:
    """The second in a file's name; 0 where there is none."""
    told = re.match(r"\d{1,12}(?=\.)", path.name.removeprefix(_PREFIX), re.ASCII)
    return int(told[0]) if told else 0


def _records_of(path: Path) -> Iterator[tuple[bytes, int]]:
    with open(open_regular(path), "rb") as file:
        yield from _records(file)


def _records(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each record as it stands and the step it is of, up to one that is cut or damaged, as TensorBoard reads them."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
        length = int.from_bytes(head[:8], "little")
        if length > EVENT_BYTES:
            return
        rest = file.read(length + _SUM_BYTES)
        if len(rest) < length + _SUM_BYTES:
            return
        try:
            step = Event.FromString(rest[:length]).step
        except DecodeError:
            return
        yield head + rest, step
