"""What an extraction has done so far, kept so that a run killed at any moment goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from faceswap.core.face_set import ALIGNMENTS
from faceswap.utils.atomic import write_text, writing_errors
from faceswap.utils.errors import UserError
from faceswap.utils.links import open_append, own_folder, truncate

JOURNAL = ".resume.jsonl"


@dataclass(frozen=True)
class Entry:
    """A frame that is done: its number, how many faces were stored, whether a shot begins there, and the size of the
    alignments file after its lines."""

    frame: int
    faces: int
    cut: bool
    alignments_bytes: int

    def to_json(self) -> str:
        return json.dumps([self.frame, self.faces, int(self.cut), self.alignments_bytes])

    @classmethod
    def from_json(cls, line: str) -> Entry:
        """The entry of a line. Raises ValueError when it is none."""
        try:
            values = json.loads(line)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(values, list) or len(values) != 4 or any(type(v) is not int or v < 0 for v in values):
            raise ValueError("not four numbers")
        frame, faces, cut, size = values
        return cls(frame, faces, bool(cut), size)


class Journal:
    """Appends frames to a face set's alignments and notes each one as done, in this order.

    A frame counts only once its note is whole. What a kill left behind after the last note is cut off when the journal
    is opened again, so that no line is half, none is there twice, and no frame is found twice.
    """

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        self.entries = list(entries)
        self._path = folder / ALIGNMENTS
        self._alignments = open_append(folder / ALIGNMENTS)
        self._notes = open_append(folder / JOURNAL)

    @classmethod
    def begin(cls, folder: Path, settings: dict) -> Journal:
        """A new journal in an empty face set."""
        with writing_errors(folder):
            own_folder(folder)
            truncate(folder / ALIGNMENTS, 0)
            write_text(folder / JOURNAL, json.dumps(settings) + "\n")
            return cls(folder, [])

    @classmethod
    def resume(cls, folder: Path) -> Journal:
        """The journal of an interrupted run, with both files cut back to the last frame that is whole."""
        notes, entries = folder / JOURNAL, []
        lines = notes.read_bytes().split(b"\n")
        content = (folder / ALIGNMENTS).read_bytes() if (folder / ALIGNMENTS).is_file() else b""
        kept_bytes = len(lines[0]) + 1
        for line in lines[1:-1]:
            try:
                entry = Entry.from_json(line.decode())
            except ValueError:
                break
            size = entry.alignments_bytes
            if size > len(content) or (size and content[size - 1 : size] != b"\n"):
                break
            entries.append(entry)
            kept_bytes += len(line) + 1
        with writing_errors(folder):
            truncate(notes, kept_bytes)
            if content:
                truncate(folder / ALIGNMENTS, entries[-1].alignments_bytes if entries else 0)
            return cls(folder, entries)

    def add(self, frame: int, lines: Sequence[str], cut: bool) -> None:
        """Stores the lines of a frame's faces and notes the frame as done."""
        with writing_errors(self._path):
            self._alignments.write("".join(line + "\n" for line in lines).encode())
            self._alignments.flush()
            entry = Entry(frame, len(lines), cut, self._alignments.tell())
            self._notes.write((entry.to_json() + "\n").encode())
            self._notes.flush()
        self.entries.append(entry)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._alignments, self._notes):
            try:
                file.close()
            except OSError:  # a full disk once more: what counts was flushed before
                if kind is None:
                    raise


def settings_of(folder: Path) -> dict | None:
    """The settings an interrupted run was begun with, or None when there is none to go on with."""
    try:
        first, newline, _ = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").partition("\n")
        settings = json.loads(first) if newline else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {folder / JOURNAL}: {error}; start anew with restart=true") from error
    return settings if isinstance(settings, dict) else None
