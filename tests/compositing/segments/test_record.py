"""What is known of a segment comes back as it was written, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faceswap.compositing.segments.record import Counts, SegmentRecord
from faceswap.media.parts import Part

LAYERS = {
    "mask": Part(Path("work", "segment_00003_mask.nut"), "cd", (0.28, 1 / 3), (0, 1)),
    "patch": Part(Path("work", "segment_00003_patch"), "ef"),
}
RECORD = SegmentRecord(
    3, Counts(2, 3, [7], [6], 1), Part(Path("work", "segment_00003.nut"), "ab", (0.28, 1 / 3), (1, 0), LAYERS)
)


def stored() -> dict:
    return json.loads(json.dumps(RECORD.as_json()))


def test_it_comes_back_from_a_file():
    assert SegmentRecord.read(stored(), Path("work")) == RECORD
    nothing = SegmentRecord(4, Counts(), None)
    assert SegmentRecord.read(json.loads(json.dumps(nothing.as_json())), Path("work")) == nothing


@pytest.mark.parametrize("name", sorted(RECORD.as_json()))
def test_a_changed_number_is_not_counted(name):
    changed = stored()
    changed[name] = 99
    with pytest.raises(ValueError, match="not what was written"):
        SegmentRecord.read(changed, Path("work"))
    del changed[name]
    with pytest.raises((ValueError, KeyError)):
        SegmentRecord.read(changed, Path("work"))
