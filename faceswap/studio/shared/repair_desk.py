"""The faces of a film as the page of repairs needs them: read once, found in a box that is drawn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS, FaceSet
from faceswap.core.values import Frame
from faceswap.curation.repair import history

_SETS_KEPT = 4


class RepairDesk:
    """Reads face sets by frame, and finds points.

    Args:
        device: Where points are found.
    """

    def __init__(self, device: str = "auto") -> None:
        self._device = device
        self._lock = threading.Lock()
        self._sets: dict[tuple[str, int], FaceSet] = {}
        self._predictor: Any = None

    def face_set(self, folder: Path) -> FaceSet:
        """Return a face set with its faces that were taken out. Raises UserError when it is none."""
        key = (str(folder), (folder / ALIGNMENTS).stat().st_mtime_ns if (folder / ALIGNMENTS).is_file() else 0)
        with self._lock:
            if key not in self._sets:
                found = FaceSet.open(folder, with_deleted=True)
                for other in [one for one in self._sets if one[0] == key[0]] + list(self._sets)[_SETS_KEPT:]:
                    self._sets.pop(other, None)
                self._sets[key] = found
            return self._sets[key]

    def told(self, folder: Path, source: int, frame: int) -> dict[str, Any]:
        """Return as plain values the faces in a frame, the tracks around it, and how many repairs can be undone."""
        face_set = self.face_set(folder)
        records = [one for one in face_set.records if one.source == source]
        here = [one for one in records if one.frame == frame]
        original, by_hand = history.as_extracted(folder)
        repaired = sorted({one.frame for one in records if one.file in original})
        return {
            "faces": [_plain(folder, one, one.file in by_hand) for one in here],
            "tracks": _tracks(records, frame),
            "repaired": repaired,
            "repairs": len(history.numbers(folder)),
        }

    def points_in_box(self, frame: Frame, box: NDArray) -> NDArray[np.float32]:
        """Return the points (68, 2) that the landmark network sees in a box (4,). Raises UserError."""
        from faceswap.curation.repair.reading import points_in_box
        from faceswap.facenets.landmarks import LandmarkPredictor

        with self._lock:
            if self._predictor is None:
                self._predictor = LandmarkPredictor(self._device)
            return points_in_box(frame, box, self._predictor)


def _plain(folder: Path, record: FaceRecord, is_by_hand: bool) -> dict[str, Any]:
    return {
        "file": record.file,
        "track": record.track,
        "points": np.round(record.points.astype(float), 2).tolist(),
        "is_taken_out": history.place_of(folder, record.file) != "used",
        "is_by_hand": is_by_hand,
    }


def _tracks(records: Sequence[FaceRecord], frame: int) -> list[dict[str, int]]:
    """Return the tracks, those nearest to a frame first, with their first and last frame."""
    spans: dict[int, tuple[int, int]] = {}
    for one in records:
        first, last = spans.get(one.track, (one.frame, one.frame))
        spans[one.track] = (min(first, one.frame), max(last, one.frame))
    away = {track: max(first - frame, frame - last, 0) for track, (first, last) in spans.items()}
    return [
        {"track": track, "first": spans[track][0], "last": spans[track][1]}
        for track in sorted(spans, key=lambda track: (away[track], track))
    ]
