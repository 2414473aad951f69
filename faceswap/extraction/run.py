"""One run of the extract pipeline: all sources, then one person's tracks, the contact sheet and the report."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from faceswap.core.face_record import read_records
from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.detect.protocol import Finder
from faceswap.extraction.cleaning import clear, remove_crops
from faceswap.extraction.contact_sheet import write_contact_sheet
from faceswap.extraction.identity import Person, tracks_of
from faceswap.extraction.journal import JOURNAL, Journal
from faceswap.extraction.report import report_of, tell
from faceswap.extraction.settings import ExtractionSettings
from faceswap.extraction.source_extraction import SourceExtraction, explained
from faceswap.media.sources import SourceInfo
from faceswap.track.tracker import Tracker
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.atomic import write_json, write_text
from faceswap.utils.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Extraction:
    """Brings a folder from where its `journal` is to a whole face set; `finder` is prepared for the first source."""

    sources: Sequence[SourceInfo]
    finder: Finder
    folder: Path
    settings: ExtractionSettings
    journal: Journal
    keep: Person | None

    def __post_init__(self) -> None:
        self.tracks = {record.track for record in read_records(self.folder / ALIGNMENTS)}
        self.began = time.monotonic()
        self.frames_before = len(self.journal.entries)

    def run(self) -> None:
        self._write_report(completed=False)
        try:
            if "kept" not in (self.journal.place or {}):
                self._extract()
            self._finish()
        except KeyboardInterrupt as error:
            self._write_report(completed=False)
            done = self.journal.secured
            raise Interrupted(f"stopped after {done} frames; the same command goes on from there") from error
        except UserError:
            if not self.journal.entries:  # it never began
                clear(self.folder)
            raise

    def _finish(self) -> None:
        """Make a whole face set of the faces that were found. Raises UserError when there are none."""
        if not self.tracks:
            clear(self.folder)
            names = ", ".join(str(source.path) for source in self.sources)
            raise UserError(f"no face found in {names} ({len(self.journal.entries)} frames looked at)")
        if self.keep is not None:
            self._take_out_others(self.keep)
        write_contact_sheet(self.folder)
        tell(self.folder.name, read_records(self.folder / ALIGNMENTS), len(self.journal.entries))
        self._write_report(completed=True)
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def _extract(self) -> None:
        place, tracker, first = self.journal.place, Tracker(), 0
        if place is not None:
            with explained(self.folder):
                first = int(place["source"])
                tracker.restore(place["linker"])
        chosen = self.settings
        totals = [info.frames_between(chosen.start, chosen.stop, chosen.every) for info in self.sources]
        total = None if None in totals else sum(count for count in totals if count)
        with Progress(total, "extract", "frame", initial=self.frames_before) as bar:
            for number, info in enumerate(self.sources[first:], first):
                if number:
                    self.finder.prepare(info)
                begun = place if place is not None and number == first and "last" in place else None
                with explained(self.folder):
                    one = SourceExtraction(
                        info, number, self.finder, tracker, self.folder, self.settings, self.journal, begun
                    )
                try:
                    one.run(bar.advance)
                finally:
                    self.tracks |= one.tracks

    def _take_out_others(self, person: Person) -> None:
        """Leave the tracks of one person only; where nobody is alike, all stay and another `keep` goes on from there.

        What is to stay is noted before the first crop is deleted: a run killed here goes on with the same choice.
        """
        records = read_records(self.folder / ALIGNMENTS)
        place = self.journal.place or {}
        self.tracks = set(place["kept"]) if "kept" in place else tracks_of(person, self.folder, records)
        if "kept" not in place:
            self.journal.mark({"kept": sorted(self.tracks), "keep": self.settings.keep})
        kept = [record for record in records if record.track in self.tracks]
        remove_crops(self.folder, (record.file for record in records if record.track not in self.tracks))
        write_text(self.folder / ALIGNMENTS, "".join(record.to_json() + "\n" for record in kept))
        logger.info("kept %d of %d faces: those of person=", len(kept), len(records))
        counts = Counter((record.source, record.frame) for record in kept)
        self.journal.entries = [
            replace(entry, faces=counts[entry.source, entry.frame]) for entry in self.journal.entries
        ]

    def _write_report(self, completed: bool) -> None:
        seconds = time.monotonic() - self.began
        report = report_of(self.sources, self.journal.entries, len(self.tracks), self.settings)
        done = len(self.journal.entries) - self.frames_before
        fps = round(done / seconds, 1) if seconds > 0 else 0.0
        write_json(self.folder / REPORT, report | {"seconds": round(seconds, 3), "fps": fps, "completed": completed})
