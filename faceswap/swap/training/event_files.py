"""TensorBoard's files of a run, rid of what a killed session wrote beyond its last checkpoint.

TensorBoard itself hides such points of curves, but texts stand twice, and not every reader hides anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from faceswap.utils.atomic import atomic_path, remove

LARGEST_EVENT_BYTES = 64 << 20  # a preview has some MB
_HEAD_BYTES, _SUM_BYTES = 12, 4  # of a record: its length and the length's sum before it, its own sum behind it


def drop_events_after(folder: Path, iteration: int) -> None:
    """Remove what stands beyond `iteration` from the event files in `folder`; all of them where a run begins at 0."""
    for path in sorted(folder.glob("events.out.tfevents.*")):
        if path.is_symlink() or not path.is_file():
            continue
        if iteration == 0:
            remove(path)
        elif any(step > iteration for _, step in _records_of(path)):
            with atomic_path(path) as temp, open(temp, "wb") as file:
                file.writelines(record for record, step in _records_of(path) if step <= iteration)


def _records_of(path: Path) -> Iterator[tuple[bytes, int]]:
    with open(path, "rb") as file:
        yield from _records(file)


def _records(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each record as it stands and the step it is of, up to one that is cut or damaged, as TensorBoard reads them."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
        length = int.from_bytes(head[:8], "little")
        if length > LARGEST_EVENT_BYTES:
            return
        rest = file.read(length + _SUM_BYTES)
        if len(rest) < length + _SUM_BYTES:
            return
        try:
            step = Event.FromString(rest[:length]).step
        except DecodeError:
            return
        yield head + rest, step
