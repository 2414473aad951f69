"""Journals and reports that somebody damaged, or wrote with care."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.extraction.journal import JOURNAL, Journal, PlannedCrops, read_note, settings_of
from faceswap.extraction.settings import stored_settings
from faceswap.utils.errors import UserError

DEEP = "[" * 100_000
BAD_LINES = ["", "7", "null", "[1,2]", "[1,2,3,null]", "[1,2,3,-4]", "[1,2,3,4,5]", "[1e400,0,0,0]", "[0,0,10001]",
             '["1",0,0,0]', "[1.5,0,0,0]", "[true,0,0,0]", "[0,1000000000,1,0]", DEEP, '{"a":' * 100_000]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:12])
def test_what_is_no_note_is_none(line):
    with pytest.raises(ValueError):
        read_note(line.encode())


@pytest.mark.parametrize("line", BAD_LINES[1:], ids=lambda line: line[:12])
def test_a_bad_note_ends_what_is_known(tmp_path, line):
    with Journal.begin(tmp_path, {"every": 1}) as journal:
        journal.add(0, 0, ["{}"])
        journal.add(0, 1, ["{}"])
        journal.mark({"source": 0})
    with open(tmp_path / JOURNAL, "a") as notes:
        notes.write(f'{line}\n[0, 3, 1, 9]\n{{"source": 1}}\n')
    with Journal.resume(tmp_path) as journal:
        assert [entry.frame for entry in journal.entries] == [0, 1] and journal.place == {"source": 0}
    assert (tmp_path / JOURNAL).read_text().count("\n") == 4
    assert (tmp_path / ALIGNMENTS).read_text() == "{}\n{}\n"


def test_what_comes_after_the_last_mark_is_taken_back_with_its_crops(tmp_path):
    with Journal.begin(tmp_path, {"image_format": "jpg"}) as journal:
        for frame in range(3):
            journal.plan(1, frame, 2)
            for name in PlannedCrops(1, frame, 2).names("jpg"):
                (tmp_path / name).touch()
            journal.add(1, frame, ["{}", "{}"])
            if frame == 1:
                journal.mark({"source": 0})
        journal.plan(1, 3, 1)
        (tmp_path / "s01_000003_00.jpg").touch()
    (tmp_path / "000002_00.jpg").touch()  # a picture of somebody else's
    with Journal.resume(tmp_path) as journal:
        assert [entry.frame for entry in journal.entries] == [0, 1]
    left = sorted(path.name for path in tmp_path.glob("*.jpg"))
    assert left == ["000002_00.jpg", *(f"s01_00000{frame}_0{face}.jpg" for frame in (0, 1) for face in (0, 1))]


@pytest.mark.parametrize("name", [ALIGNMENTS, JOURNAL])
def test_nothing_is_written_through_a_link(tmp_path, name):
    (tmp_path / "precious").write_text("mine")
    folder = tmp_path / "set"
    Journal.begin(folder, {"every": 1}).__exit__(None, None, None)
    (folder / name).unlink()
    (folder / name).symlink_to(tmp_path / "precious")
    for open_again in (Journal.resume, lambda folder: Journal.begin(folder, {})):
        with suppress(UserError, OSError):
            open_again(folder).__exit__(None, None, None)
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000, "\udcff{"], ids=lambda text: text[:5])
def test_a_report_or_a_journal_that_cannot_be_read_is_one_line(tmp_path, text):
    for name in (REPORT, JOURNAL):
        (tmp_path / name).write_text(text + "\n", encoding="utf-8", errors="surrogateescape")
        with pytest.raises(UserError, match="restart=true") as caught:
            stored_settings(tmp_path)
        assert name in str(caught.value) and "\n" not in str(caught.value)
        (tmp_path / name).unlink()


@pytest.mark.parametrize("value", [[], "x", 1, None])
def test_settings_that_are_no_settings(tmp_path, value):
    (tmp_path / JOURNAL).write_text(json.dumps(value) + "\n")
    assert settings_of(tmp_path) is None
