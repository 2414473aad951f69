"""Journals and reports that somebody damaged, or wrote with care."""

from __future__ import annotations

import json

import pytest

from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.extraction.journal import JOURNAL, Entry, Journal, settings_of
from faceswap.extraction.settings import stored_settings
from faceswap.utils.errors import UserError

DEEP = "[" * 100_000
BAD_LINES = ["", "7", "null", "{}", "[1,2,3]", "[1,2,3,null]", "[1,2,3,-4]", "[1,2,3,4,5]", "[1e400,0,0,0]",
             '["1",0,0,0]', "[1.5,0,0,0]", "[true,0,0,0]", DEEP, '{"a":' * 100_000]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:12])
def test_what_is_no_note_is_no_entry(line):
    with pytest.raises(ValueError):
        Entry.from_json(line)


@pytest.mark.parametrize("line", BAD_LINES[1:], ids=lambda line: line[:12])
def test_a_bad_note_ends_what_is_known(tmp_path, line):
    with Journal.begin(tmp_path, {"every": 1}) as journal:
        journal.add(0, ["{}"], True)
        journal.add(1, ["{}"], False)
    with open(tmp_path / JOURNAL, "a") as notes:
        notes.write(f"{line}\n[3, 1, 0, 9]\n")
    with Journal.resume(tmp_path) as journal:
        assert [entry.frame for entry in journal.entries] == [0, 1]
    assert (tmp_path / JOURNAL).read_text().count("\n") == 3
    assert (tmp_path / ALIGNMENTS).read_text() == "{}\n{}\n"


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
