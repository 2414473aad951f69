"""What a finder's faces are worth against the marks of a film or picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import INNER
from faceswap.core.values import Face
from tools.reference.marks import Marks, pairs_by_overlap

LEAST_SIDE_PX = 40  # smaller marked faces need not be found


@dataclass
class Tally:
    """What was counted on one film or picture (or on several, added up by `total`).

    `errors` in % of the face's size; `jitter`, `reference_jitter`: of the same triples of frames, in % of the face's
    height; `fragments`: how often a marked track gets another number; `swaps`: how often that number had been another
    marked track's; `false_faces`: frame, box and score of each.
    """

    frames: int = 0
    required: int = 0
    found: int = 0
    false_faces: list[tuple[int, list[int], float]] = field(default_factory=list)
    false_rejected: int = 0
    errors: list[float] = field(default_factory=list)
    jitter: list[float] = field(default_factory=list)
    reference_jitter: list[float] = field(default_factory=list)
    people: int = 0
    tracks: int = 0
    fragments: int = 0
    swaps: int = 0
    cuts: list[int] = field(default_factory=list)
    tracks_across_cuts: int = 0
    seconds: float = 0.0

    def summary(self) -> dict:
        """Return the numbers that are looked at; None where there is nothing to compare."""
        return {
            "frames": self.frames,
            "required": self.required,
            "recall": round(self.found / self.required, 4) if self.required else None,
            "false_per_200": round(200 * len(self.false_faces) / self.frames, 2) if self.frames else None,
            "false_rejected": self.false_rejected,
            "nme_median": _rounded(np.median, self.errors),
            "nme_p95": _rounded(lambda values: np.percentile(values, 95), self.errors),
            "jitter": _rounded(np.median, self.jitter),
            "reference_jitter": _rounded(np.median, self.reference_jitter),
            "jitter_ratio": self.jitter_ratio,
            "people": self.people,
            "tracks": self.tracks,
            "fragments": self.fragments,
            "swaps": self.swaps,
            "cuts": self.cuts,
            "tracks_across_cuts": self.tracks_across_cuts,
            "seconds": round(self.seconds, 2),
        }

    @property
    def jitter_ratio(self) -> float | None:
        if not self.jitter or np.median(self.reference_jitter) <= 0:
            return None
        return round(float(np.median(self.jitter) / np.median(self.reference_jitter)), 3)


def total(tallies: Sequence[Tally]) -> Tally:
    """Return all in one: counts added, lists joined; the cuts of several films say nothing and are left out."""
    whole = Tally()
    for tally in tallies:
        for name, value in vars(tally).items():
            if name != "cuts":
                setattr(whole, name, getattr(whole, name) + value)
    return whole


def tally_of(marks: Marks, found: dict[int, Sequence[Face]], cuts: Sequence[int] = ()) -> Tally:
    """Compare the faces found in each frame that was looked at, with their tracks, to the marks."""
    tally = Tally(frames=len(found), cuts=list(cuts))
    partners: dict[int, Face] = {}  # by row of the marks
    for frame, faces in sorted(found.items()):
        rows = marks.rows_at(frame)
        boxes = np.array([_mark_like_box(face) for face in faces], np.float32).reshape(-1, 4)
        pairs = pairs_by_overlap(boxes, marks.box[rows])
        partners.update({int(rows[j]): faces[i] for i, j in pairs})
        required = (marks.valid[rows] == 1) & (marks.side_px[rows] >= LEAST_SIDE_PX)
        tally.required += int(required.sum())
        tally.found += sum(bool(required[j]) for _, j in pairs)
        matched = {i for i, _ in pairs}
        unmatched = [i for i in range(len(faces)) if i not in matched]
        rejected = marks.rejected_box[marks.rejected_frame == frame]
        tally.false_rejected += len(pairs_by_overlap(boxes[unmatched], rejected))
        tally.false_faces += [
            (frame, boxes[i].round().astype(int).tolist(), round(faces[i].score, 3)) for i in unmatched
        ]
    tally.errors = [nme(face.points, marks.points[row]) for row, face in partners.items() if marks.reliable[row]]
    _add_jitter(tally, marks, partners)
    _add_identities(tally, marks, partners, found, cuts)
    return tally


def nme(points: NDArray, reference: NDArray) -> float:
    """Return mean distance of the inner 51 points in % of the square root of the reference points' box (68, 2 each)."""
    width, height = np.ptp(reference, axis=0)
    distances = np.linalg.norm(points[INNER] - reference[INNER], axis=1)
    return float(distances.mean() / np.sqrt(width * height) * 100)


def _mark_like_box(face: Face) -> NDArray[np.float32]:
    """Return the box of a face as the marks have it: with the forehead, which the 68 points leave out."""
    low, high = face.points.min(0), face.points.max(0)
    return np.array([low[0], low[1] - 0.2 * (high[1] - low[1]), high[0], high[1]], np.float32)


def _add_jitter(tally: Tally, marks: Marks, partners: dict[int, Face]) -> None:
    row_at = {(int(marks.track[row]), int(marks.frame[row])): row for row in partners if marks.reliable[row]}
    for (track, frame), row in row_at.items():
        before, after = row_at.get((track, frame - 1)), row_at.get((track, frame + 1))
        if before is None or after is None:
            continue
        height = float(marks.box[row, 3] - marks.box[row, 1])
        three = [partners[r].points[INNER] for r in (before, row, after)]
        marked = [marks.points[r][INNER] for r in (before, row, after)]
        for values, series in ((tally.jitter, three), (tally.reference_jitter, marked)):
            second = series[0] - 2 * series[1] + series[2]
            values.append(float(np.linalg.norm(second, axis=1).mean() / height * 100))


def _add_identities(
    tally: Tally, marks: Marks, partners: dict[int, Face], found: dict[int, Sequence[Face]], cuts: Sequence[int]
) -> None:
    certain = [row for row in partners if marks.valid[row] == 1 and marks.side_px[row] >= LEAST_SIDE_PX]
    owner: dict[int, int] = {}  # which marked track a number belonged to last
    last: dict[int, int] = {}  # the number that a marked track had last
    for row in sorted(certain, key=lambda row: (marks.frame[row], row)):
        person, number = int(marks.track[row]), partners[row].track
        if last.get(person, number) != number:
            tally.fragments += 1
            tally.swaps += owner.get(number, person) != person
        last[person] = number
        owner[number] = person
    tally.people, tally.tracks = len(last), len({face.track for faces in found.values() for face in faces})
    spans: dict[int, list[int]] = {}
    for frame, faces in found.items():
        for face in faces:
            spans.setdefault(face.track, []).append(frame)
    tally.tracks_across_cuts = sum(any(min(span) < cut <= max(span) for cut in cuts) for span in spans.values())


def _rounded(measure, values: Sequence[float]) -> float | None:
    return round(float(measure(values)), 3) if len(values) else None
