"""A face set on disk: aligned crops as ordinary image files and one alignments file, one JSON line a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from faceswap.core.face_record import FaceRecord, read_records
from faceswap.core.set_sources import SetSource, sources_of
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import refuse_links_in
from faceswap.utils.files.versions import refuse_newer_format
from faceswap.utils.limits import (
    EVERY_FRAMES,
    FRAME_SIDE_PX,
)
from faceswap.utils.untrusted.reading import read_json

ALIGNMENTS = "alignments.jsonl"
CONTACT_SHEET = "contact_sheet.jpg"
REPORT = "report.json"
FORMAT = 1  # of a face set; what tells none is of it
TOGETHER = "+"  # between the names of face sets that are used as one
REMOVED = "removed"  # the folder of faces that were taken out: below the set, so they are none of it
TAKEN_OUT = "taken_out.json"  # which of them are other people: convert leaves these as they were filmed
REPAIRS = "repairs"  # the folder of what was repaired by hand, from which it can be undone
CURATION_SHEET = "curation.html"
CURATION_REPORT = "curation.json"
CURATION_CACHE = ".curation.npz"


@dataclass(frozen=True, eq=False)
class FaceSet:
    """The faces of one film, or of several of one person: `records` by source and frame, their crops in `folder`."""

    folder: Path
    records: Sequence[FaceRecord]
    report: dict
    title: str = ""

    @classmethod
    def open(cls, folder: str | Path, *, with_deleted: bool = False) -> FaceSet:
        """Read a face set.

        A record whose image file was deleted is left out, unless `with_deleted`: training goes without such a face,
        but the place of it in the film is still known.

        Raises:
            UserError: There is none, or its alignments have lost faces that its report counts.
        """
        folder = Path(folder)
        if not (folder / ALIGNMENTS).is_file():
            raise UserError(f"no face set in {folder}; make it first: python -m faceswap.extract video=...")
        refuse_links_in(folder, depth=1)
        records, report = read_records(folder / ALIGNMENTS), _read_report(folder / REPORT)
        told = report.get("faces") if report.get("completed") is True else None
        if isinstance(told, int) and len(records) < told:  # deleted crops keep their lines
            raise UserError(
                f"{folder / ALIGNMENTS} holds {len(records)} of the {told} faces that were extracted: a part of it is "
                "lost; move the folder away and extract the video again"
            )
        if not with_deleted:
            present = {path.name for path in folder.iterdir()}
            records = [record for record in records if record.file in present]
        return cls(folder, records, report)

    @property
    def name(self) -> str:
        return self.title or self.folder.name

    @property
    def source(self) -> Path | None:
        """The video or images the set was made from, the first of several, if its report tells."""
        return self.sources[0].path if self.sources else None

    @cached_property
    def sources(self) -> tuple[SetSource, ...]:
        """All that the set was made from, in the order in which `FaceRecord.source` counts."""
        return sources_of(self.report)

    def of_source(self, number: int) -> FaceSet:
        """Return the part of the set that was made from one of its sources."""
        return replace(self, records=[record for record in self.records if record.source == number])

    @classmethod
    def joined(cls, sets: Sequence[FaceSet]) -> FaceSet:
        """Return the faces of several sets of one person, which lie beside each other, as one: to train on.

        Records name their files with the folder they lie in; tracks are numbered on from set to set.
        """
        records, first_track = list[FaceRecord](), 0
        for one in sets:
            for record in one.records:
                track = record.track + first_track if record.track >= 0 else -1
                records.append(replace(record, file=f"{one.folder.name}/{record.file}", track=track))
            first_track = max((record.track + 1 for record in records), default=0)
        return cls(sets[0].folder.parent, records, {}, TOGETHER.join(one.name for one in sets))

    def __len__(self) -> int:
        return len(self.records)

    def path(self, index: int) -> Path:
        """Return the image file of a record."""
        return self.folder / self.records[index].file


def _read_report(path: Path) -> dict:
    try:
        report = read_json(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if not isinstance(report, dict):
        return {}
    refuse_newer_format(path, report.get("format"), FORMAT)
    for name in report.keys() & _REPORT_NUMBERS.keys():
        least, most = _REPORT_NUMBERS[name]
        if type(report[name]) is not int or not least <= report[name] <= most:
            raise UserError(f"{path}: {name}={str(report[name])[:60]} cannot be; extract the video again")
    for name in report.keys() & {"source", "source_sha256"}:
        if not isinstance(report[name], str) or "\0" in report[name]:
            raise UserError(f"{path}: {name}={str(report[name])[:60]!r} cannot be; extract the video again")
    try:
        sources_of(report)
    except ValueError as error:
        raise UserError(f"{path}: {error}; extract the video again") from error
    return report


# The numbers that are read of a report again, and their ranges.
_REPORT_NUMBERS = {"every": (1, EVERY_FRAMES), "width": (1, FRAME_SIDE_PX), "height": (1, FRAME_SIDE_PX)}
