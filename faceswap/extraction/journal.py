"""The journal of an extraction, from which a run that was killed at any moment resumes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from faceswap.core.face_set import ALIGNMENTS
from faceswap.extraction.naming import crop_name
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_text, writing_errors
from faceswap.utils.files.links import open_append, own_folder, refuse_links, truncate
from faceswap.utils.limits import (
    FACES_A_FRAME,
    FILMS_A_SET,
    FRAME_NUMBER,
    JOURNAL_LINE_BYTES,
    JSON_LINES_BYTES,
    check_size,
)
from faceswap.utils.untrusted.reading import check_lists, open_regular

JOURNAL = ".resume.jsonl"
VERSION = 2  # notes of another version are not gone on from


@dataclass(frozen=True)
class StoredFrame:
    """A frame that is done: source, number, count of stored faces, size of the alignments file after its lines."""

    source: int
    frame: int
    faces: int
    alignments_bytes: int


@dataclass(frozen=True)
class PlannedCrops:
    """Crops about to be written, noted first so that what a kill leaves of them can be removed."""

    source: int
    frame: int
    faces: int

    def names(self, image_format: str) -> list[str]:
        return [crop_name(self.source, self.frame, number, image_format) for number in range(self.faces)]


@dataclass(frozen=True)
class ResumePoint:
    """A point to resume from: `place` is the state of finder, tracker and smoothing in plain values."""

    place: dict[str, Any]


def read_note(line: bytes) -> PlannedCrops | StoredFrame | ResumePoint:
    """Return the note of a line.

    Raises:
        ValueError: It is none.
    """
    try:
        text = line.decode()
        check_lists(text)
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if isinstance(values, dict):
        return ResumePoint(values)
    if not isinstance(values, list) or len(values) not in (3, 4) or any(type(v) is not int or v < 0 for v in values):
        raise ValueError("neither three or four numbers nor a place")
    source, frame, faces, *size = values
    if source >= FILMS_A_SET or frame > FRAME_NUMBER or faces > FACES_A_FRAME:
        raise ValueError("a number is out of range")
    return StoredFrame(source, frame, faces, size[0]) if size else PlannedCrops(source, frame, faces)


class Journal:
    """Appends frames to a face set's alignments and notes each one as done, in this order.

    What counts after a kill ends with the last place that was marked: what was written later is taken back when the
    journal is opened again, so that no line is half, none is there twice, and the run ends as if it had never stopped.
    """

    def __init__(self, folder: Path, entries: Sequence[StoredFrame], place: dict[str, Any] | None = None) -> None:
        self.entries = list(entries)
        self.place = place
        self.secured = len(self.entries)  # so many of them come before the last mark
        self._path = folder / ALIGNMENTS
        self._alignments = open_append(folder / ALIGNMENTS)
        self._notes = open_append(folder / JOURNAL)

    @classmethod
    def begin(cls, folder: Path, settings: dict) -> Journal:
        """Return a new journal in a folder without a face set."""
        with writing_errors(folder):
            own_folder(folder)
            truncate(folder / ALIGNMENTS, 0)
            write_text(folder / JOURNAL, json.dumps({"journal": VERSION, **settings}) + "\n")
            return cls(folder, [])

    @classmethod
    def resume(cls, folder: Path) -> Journal:
        """Return the journal of an interrupted run, with both files and the crops taken back to the last mark."""
        with writing_errors(folder):
            refuse_links(folder / JOURNAL)
            refuse_links(folder / ALIGNMENTS)
            image_format = _first_line(folder).get("image_format")
            notes = list(_notes(folder))
            if (
                notes and isinstance(notes[-1][0], ResumePoint) and "kept" in notes[-1][0].place
            ):  # alignments change from here
                return cls(folder, [note for note, _ in notes if isinstance(note, StoredFrame)], notes[-1][0].place)
            alignments = folder / ALIGNMENTS
            if alignments.is_file():
                check_size(str(alignments), alignments.stat().st_size, JSON_LINES_BYTES)
            content = alignments.read_bytes() if alignments.is_file() else b""
            entries: list[StoredFrame] = []
            kept, place, kept_bytes = 0, None, len(_head(folder)) + 1
            for note, end_bytes in notes:
                if isinstance(note, ResumePoint):
                    kept, place, kept_bytes = len(entries), note.place, end_bytes
                elif isinstance(note, StoredFrame):
                    size = note.alignments_bytes
                    if size > len(content) or (size and content[size - 1 : size] != b"\n"):
                        break
                    entries.append(note)
            done = {(entry.source, entry.frame) for entry in entries[:kept]}
            for note, _ in notes:
                if isinstance(note, PlannedCrops) and (note.source, note.frame) not in done:
                    for name in note.names(str(image_format)):
                        (folder / name).unlink(missing_ok=True)
            truncate(folder / JOURNAL, kept_bytes)
            truncate(alignments, entries[kept - 1].alignments_bytes if kept else 0)
            return cls(folder, entries[:kept], place)

    def plan(self, source: int, frame: int, faces: int) -> None:
        """Note that the crops of a frame are about to be written."""
        if faces:
            self._note([source, frame, faces])

    def add(self, source: int, frame: int, lines: Sequence[str]) -> None:
        """Store the lines of a frame's faces and note the frame as done."""
        with writing_errors(self._path):
            self._alignments.write("".join(line + "\n" for line in lines).encode())
            self._alignments.flush()
            entry = StoredFrame(source, frame, len(lines), self._alignments.tell())
        self._note([source, frame, entry.faces, entry.alignments_bytes])
        self.entries.append(entry)

    def mark(self, place: dict[str, Any]) -> None:
        """Note where everybody is after the frames added so far."""
        self._note(place)
        self.place, self.secured = place, len(self.entries)

    def _note(self, value: object) -> None:
        with writing_errors(self._path):
            self._notes.write((json.dumps(value, separators=(",", ":")) + "\n").encode())
            self._notes.flush()

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
    """Return the settings an interrupted run was begun with, or None when there is none to go on with."""
    try:
        settings = _first_line(folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {folder / JOURNAL}: {error}; start anew with restart=true") from error
    settings.pop("journal", None)
    return settings or None


def planned_crops(folder: Path) -> set[str]:
    """Return the names of all crops that a journal speaks of; none where there is no journal that can be read."""
    try:
        image_format = str(_first_line(folder).get("image_format"))
        return {
            name for note, _ in _notes(folder) if isinstance(note, PlannedCrops) for name in note.names(image_format)
        }
    except (OSError, ValueError, RecursionError):
        return set()


def _head(folder: Path) -> bytes:
    """Return the line of the settings without its end; empty when it is not whole."""
    with open(open_regular(folder / JOURNAL), "rb") as file:
        line = file.readline(JOURNAL_LINE_BYTES)
    return line[:-1] if line.endswith(b"\n") else b""


def _first_line(folder: Path) -> dict:
    head = _head(folder)
    settings = json.loads(head.decode(errors="replace")) if head else None
    return settings if isinstance(settings, dict) else {}


def _notes(folder: Path) -> Iterator[tuple[PlannedCrops | StoredFrame | ResumePoint, int]]:
    """Yield each note up to the first one that is none, with the place in the file where it ends."""
    head = _head(folder)
    if _first_line(folder).get("journal") != VERSION:
        return
    end_bytes = len(head) + 1
    with open(open_regular(folder / JOURNAL), "rb") as file:
        file.seek(end_bytes)
        while (line := file.readline(JOURNAL_LINE_BYTES)).endswith(b"\n"):
            try:
                note = read_note(line)
            except ValueError:
                return
            end_bytes += len(line)
            yield note, end_bytes
