"""Landmark files of other programs and of strangers: nothing in them runs, or takes more than its share."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest

from faceswap.detect import landmark_formats
from faceswap.utils.errors import UserError
from tests.detect.test_landmark_files import counts, dfl_metadata, found, fsa, fsa_face, jpeg_with
from tests.extraction.made import points_at


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.path,)


def test_a_bomb_of_json_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmark_formats, "TABLE_BYTES", 10_000)
    (tmp_path / "a.json").write_text("[" + "[],\n" * 10_000 + "[]]")
    with pytest.raises(UserError, match="larger than"):
        found(tmp_path / "a.json")


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_in_an_aligned_jpeg_is_refused_in_one_line_and_not_run(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "owned"
    metadata = dfl_metadata("00001.png", source_landmarks=Evil(target))
    (tmp_path / "00001_0.jpg").write_bytes(jpeg_with(pickle.dumps(metadata, protocol)))
    with pytest.raises(UserError, match=r"00001_0\.jpg") as caught:
        found(tmp_path)
    assert not target.exists() and "\n" not in str(caught.value)


def test_code_in_an_fsa_is_refused_in_one_line_and_not_run(tmp_path: Path) -> None:
    target = tmp_path / "owned"
    (tmp_path / "evil.fsa").write_bytes(fsa({"clip_000001.mp4": {"faces": [fsa_face(thumb=Evil(target))]}}))
    with pytest.raises(UserError, match=r"evil\.fsa.*not plain data") as caught:
        found(tmp_path / "evil.fsa")
    assert not target.exists() and "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmark_formats, "ARRAY_BYTES", 100_000)
    (tmp_path / "bomb.fsa").write_bytes(zlib.compress(bytes(1_000_000)))
    np.savez_compressed(tmp_path / "bomb.npz", frame=np.zeros(1), points=np.zeros((1, 68, 2)), score=np.zeros(100_000))
    for name in ("bomb.fsa", "bomb.npz"):
        with pytest.raises(UserError, match="unpacks to more"):
            found(tmp_path / name)


def test_nested_lists_do_not_explode(tmp_path: Path) -> None:
    laughs: list = [0.0]
    for _ in range(60):
        laughs = [laughs, laughs]
    (tmp_path / "a.fsa").write_bytes(fsa({"clip_000001.mp4": {"faces": [fsa_face(landmarks_xy=laughs)]}}))
    with pytest.raises(UserError, match="no face"):
        found(tmp_path / "a.fsa")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04 not an archive",
        b"{",
        b"[]",
        b'{"faces": 3}',
        b'[{"frame": 0, "points": [[1, 2]]}]',
        b'[{"frame": 0.5, "points": []}]',
        b"[" * 100_000,
        b'{"frame": [0], "points": [[[0, 0], [1]]]}',
        zlib.compress(b"no pickle"),
        zlib.compress(pickle.dumps([1, 2])),
        zlib.compress(pickle.dumps({"a": 3})),
        fsa({"a": {"faces": [3]}}),
        fsa({"clip_000001.mp4": {"faces": [fsa_face()]}})[:-20],
        jpeg_with(b"no pickle"),
        jpeg_with(pickle.dumps([1])),
        jpeg_with(pickle.dumps({"source_filename": "1.png"})),
        jpeg_with(b"", 0xE1),
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_landmark_file_gives_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd name (1).bin"
    path.write_bytes(content)
    with pytest.raises(UserError, match="odd name") as caught:
        found(path)
    assert "\n" not in str(caught.value)


def test_an_archive_of_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", frame=[0], points=np.array([Evil(tmp_path / "owned")], object))
    with pytest.raises(UserError):
        found(tmp_path / "a.npz")
    assert not (tmp_path / "owned").exists()


def test_a_crowd_of_a_stranger_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", frame=np.zeros(3000, int), points=np.stack([points_at(60, 60)] * 3000))
    with pytest.raises(UserError, match="3000 faces in one frame; up to 200"):
        found(tmp_path / "a.npz")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_json_as_windows_saves_it(tmp_path: Path, encoding: str) -> None:
    rows = [{"frame": 0, "points": points_at(60, 60).tolist(), "name": "Zoë"}]
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "a.json").write_text(mark + json.dumps(rows, ensure_ascii=False), encoding)
    assert counts(tmp_path / "a.json") == [1, 0, 0, 0, 0]
