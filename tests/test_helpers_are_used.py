"""Rooms read and write through the helpers: what bypasses them would follow links, hang at a pipe or take any size."""

import os
import re
from pathlib import Path

import pytest

from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceSet
from faceswap.detect.landmark_formats import read_fsa, read_json, read_npz
from faceswap.stylegan.data.labels import read_labels
from faceswap.stylegan.metrics.report import measure_inversions
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.torch_files import read_torch_file

PACKAGE = Path(__file__).resolve().parents[1] / "faceswap"
BYPASSES = {
    r"\.mkdir\(": "links.own_folder",
    r"\brmtree\(": "atomic.remove",
    r"\bos\.(truncate|symlink|link|makedirs|mkdir)\(": "links.truncate, links.own_folder",
    # a temp is the process's own
    r"open\((?!temp,|os\.devnull,)[^()\n]*[\"'](a|ab|a\+|r\+b?)[\"']": "links.open_append",
    # packed records, and sizes that are not true
    r"torch\.load\((?!path, map_location=\"cpu\", weights_only=True\)\))": "untrusted.torch_files.read_torch_file",
    r"json\.loads?\([^\n]*\.(read_text|read_bytes)\(": "untrusted.read_json",
}


@pytest.mark.parametrize("pattern", BYPASSES)
def test_no_room_bypasses_the_helpers(pattern):
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if "utils" not in path.relative_to(PACKAGE).parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(pattern, line)
    ]
    assert not found, f"use {BYPASSES[pattern]} (faceswap/utils): {found}"


def face_set(path: Path) -> None:
    (path.parent / ALIGNMENTS).write_text("")
    path.rename(path.parent / REPORT)
    FaceSet.open(path.parent)


READERS = {
    "a.npz": read_npz, "a.json": read_json, "a.fsa": read_fsa, "a.csv": read_labels, "a.jsonl": read_labels,
    "inversions.json": measure_inversions, "a.pt": read_torch_file, "report.json": face_set,
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises((UserError, ValueError)) as caught:
        READERS[name](tmp_path / name)
    assert "\n" not in str(caught.value)
