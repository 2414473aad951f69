"""What was repaired in a face set: each repair with all it exchanged, so that it can be finished and undone.

Below the face set lies a folder. `000001.jsonl` tells of the first repair, its lines what each face was and became;
the folder `000001` holds the crops that were replaced. `pending.jsonl` is a repair being made: all it needs lies
there, and after a kill the next one to open the set finishes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from faceswap.core.face_record import FaceRecord, read_records
from faceswap.core.face_set import ALIGNMENTS, REMOVED, REPAIRS
from faceswap.core.taken_out import read_other_people, write_other_people
from faceswap.extraction.naming import looks_like_a_crop
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_text, writing_errors
from faceswap.utils.files.links import move, own_folder, remove
from faceswap.utils.limits import REPAIRED_FACES, REPAIRS_A_SET
from faceswap.utils.untrusted.reading import parse_json, read_lines

PENDING = "pending"
NEW = "new"  # the folder of crops that a pending repair brings
_NUMBERED = re.compile(r"(\d{6})\.jsonl")

What = Literal["moved", "added", "carried", "undone"]
Place = Literal["used", "removed", "deleted"]  # where a face's crop lies


@dataclass(frozen=True, eq=False)
class Exchange:
    """What a repair does to one face: `before` is None for one that is new, `after` for one that goes again."""

    before: FaceRecord | None
    after: FaceRecord | None
    place: Place = "used"

    @property
    def record(self) -> FaceRecord:
        """The face, as it is afterwards where it stays."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, eq=False)
class Repair:
    """One repair: its `number` from 1, `what` was done, and the exchanges. `other_people`: files on record as such."""

    number: int
    what: What
    exchanges: tuple[Exchange, ...]
    other_people: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield what its file holds."""
        head = {"repair": self.number, "what": self.what, "other_people": list(self.other_people)}
        yield json.dumps(head, ensure_ascii=False)
        for one in self.exchanges:
            parts = [None if record is None else record.to_json() for record in (one.before, one.after)]
            yield json.dumps([one.place, *parts], ensure_ascii=False)


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the repairs of a face set that stand, ascending."""
    place = folder / REPAIRS
    names = place.iterdir() if place.is_dir() and not place.is_symlink() else ()
    return sorted(int(found[1]) for path in names if (found := _NUMBERED.fullmatch(path.name)))


def read_repair(folder: Path, number: int) -> Repair:
    """Return a repair. Raises UserError when its file is none."""
    return _read(_file(folder, number))


def as_extracted(folder: Path) -> tuple[dict[str, FaceRecord | None], set[str]]:
    """Return what the finder had given of each face that was repaired, None of an added one, and which are set by hand.

    Raises:
        UserError: A repair's file is damaged.
    """
    first: dict[str, FaceRecord | None] = {}
    by_hand = set[str]()
    for number in numbers(folder):
        repair = read_repair(folder, number)
        for one in repair.exchanges:
            first.setdefault(one.record.file, one.before)
            if repair.what in ("moved", "added"):
                by_hand.add(one.record.file)
    return first, by_hand


def begin(folder: Path, what: What, exchanges: Iterable[Exchange]) -> None:
    """Make a repair whose crops lie in the folder of new ones. The face set must be locked, and nothing pending.

    Raises:
        UserError: It is too large, or there are too many.
    """
    number = (numbers(folder) or [0])[-1] + 1
    others = tuple(sorted(read_other_people(folder)))
    repair = Repair(number, what, tuple(exchanges), others)
    if len(repair.exchanges) > REPAIRED_FACES or number > REPAIRS_A_SET:
        raise UserError(f"a repair may change {REPAIRED_FACES:,} faces; take a shorter range")
    _note(folder, repair)
    finish(folder)


def undo_last(folder: Path) -> Repair:
    """Take back the last repair and return it. The face set must be locked, and nothing pending.

    Raises:
        UserError: There is none.
    """
    known = numbers(folder)
    if not known:
        raise UserError(f"there is nothing to undo in {folder.name}")
    last = read_repair(folder, known[-1])
    back = tuple(Exchange(one.after, one.before, one.place) for one in last.exchanges)
    _note(folder, Repair(last.number, "undone", back, tuple(sorted(read_other_people(folder)))))
    finish(folder)
    return last


def finish(folder: Path) -> None:
    """Finish a repair that is pending; each step may have been made before. The face set must be locked."""
    pending = folder / REPAIRS / f"{PENDING}.jsonl"
    if not pending.is_file():
        remove(folder / REPAIRS / NEW)  # crops of one that was never noted
        return
    repair = _read(pending)
    is_undone = repair.what == "undone"
    old = folder / REPAIRS / f"{repair.number:06d}"
    with writing_errors(folder):
        _write_alignments(folder, repair)
        write_other_people(folder, repair.other_people)  # under the new alignments' fingerprint
        for one in repair.exchanges:
            _exchange_crop(folder, one, old if is_undone else folder / REPAIRS / NEW, None if is_undone else old)
        if is_undone:
            remove(_file(folder, repair.number))
            remove(old)
            remove(pending)
        else:
            move(pending, _file(folder, repair.number))
        remove(folder / REPAIRS / NEW)


def place_of(folder: Path, file: str) -> Place:
    """Return where the crop of a face lies."""
    if (folder / file).is_file():
        return "used"
    return "removed" if (folder / REMOVED / file).is_file() else "deleted"


def _note(folder: Path, repair: Repair) -> None:
    own_folder(folder / REPAIRS)
    write_text(folder / REPAIRS / f"{PENDING}.jsonl", "".join(line + "\n" for line in repair.lines()))


def _write_alignments(folder: Path, repair: Repair) -> None:
    records = {record.file: record for record in read_records(folder / ALIGNMENTS)}
    for one in repair.exchanges:
        if one.after is None:
            records.pop(one.record.file, None)
        else:
            records[one.record.file] = one.after
    in_order = sorted(records.values(), key=lambda record: (record.source, record.frame, record.file))
    write_text(folder / ALIGNMENTS, "".join(record.to_json() + "\n" for record in in_order))


def _exchange_crop(folder: Path, one: Exchange, fresh: Path, old: Path | None) -> None:
    file = one.record.file
    here = (folder / REMOVED if one.place == "removed" else folder) / file
    if one.after is None:
        remove(here)
    elif one.place != "deleted" and (fresh / file).is_file():
        if old is not None and here.is_file():
            own_folder(old)
            move(here, old / file)
        move(fresh / file, here)


def _file(folder: Path, number: int) -> Path:
    return folder / REPAIRS / f"{number:06d}.jsonl"


def _read(path: Path) -> Repair:
    try:
        lines = [line for line, is_whole in read_lines(path) if is_whole]
        head = parse_json(lines[0])
        exchanges = tuple(_exchange(parse_json(line)) for line in lines[1:])
        number, what, others = head["repair"], head["what"], head["other_people"]
        if (
            type(number) is not int
            or not 0 < number <= REPAIRS_A_SET
            or what not in ("moved", "added", "carried", "undone")
        ):
            raise ValueError("no repair")
        if not isinstance(others, list) or not all(isinstance(file, str) for file in others):
            raise ValueError("no list of other people")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(f"{path} tells of no repair ({error!r:.80}); move that folder away to go on without") from error
    return Repair(number, what, exchanges, tuple(others))


def _exchange(value: Any) -> Exchange:
    place, *parts = value
    before, after = (None if part is None else FaceRecord.from_json(part) for part in parts)
    found = Exchange(before, after, place)
    if place not in ("used", "removed", "deleted") or (before is None and after is None):
        raise ValueError("no exchange")
    if any(record is not None and not looks_like_a_crop(record.file) for record in (before, after)):
        raise ValueError("no crop's name")
    if before is not None and after is not None and before.file != after.file:
        raise ValueError("two faces")
    return found
