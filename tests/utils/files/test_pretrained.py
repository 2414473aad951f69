"""The project's own networks: found, checked, and one line when something is wrong with them."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from faceswap.utils.errors import UserError
from faceswap.utils.files import pretrained
from faceswap.utils.files.pretrained import (
    MANIFEST,
    entry_of,
    listed,
    load_pretrained,
    pretrained_folder,
    save_pretrained,
)

WEIGHTS = {"layer.weight": np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6), "count": np.array(7)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one tiny network, chosen by the variable."""
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(tmp_path))
    save_pretrained(tmp_path, "tiny", WEIGHTS, {"channels": 4}, licence="Apache-2.0")
    return tmp_path


def replace_file(folder: Path, data: bytes) -> None:
    """Puts other bytes there and has the manifest agree, as a hostile folder would."""
    (folder / "eyes-tiny.safetensors").write_bytes(data)
    change_manifest(folder, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def change_manifest(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["tiny"] |= changes
    (folder / MANIFEST).write_text(json.dumps(manifest))


def with_header(header: object, length: int | None = None, data: bytes = bytes(16)) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def test_a_network_comes_back_as_float32_with_its_settings(folder: Path) -> None:
    tensors, metadata = load_pretrained("tiny")
    assert json.loads(metadata["settings"]) == {"channels": 4}
    assert {value.dtype for value in tensors.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(tensors["layer.weight"], WEIGHTS["layer.weight"], atol=1e-3)
    assert tensors["count"].shape == () and tensors["count"] == 7 and listed() == ("tiny",)
    about = entry_of("tiny").about
    assert about["licence"] == "Apache-2.0" and about["bytes"] == (folder / about["file"]).stat().st_size


def test_a_second_network_leaves_the_first(folder: Path) -> None:
    save_pretrained(folder, "other", WEIGHTS, {})
    assert listed() == ("other", "tiny")
    assert load_pretrained("other")[1] == {"settings": "{}"}


def test_weights_too_large_for_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not finite or too large"):
        save_pretrained(tmp_path, "huge", {"w": np.array([1e6])}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        bytes(64),
        struct.pack("<Q", 2**63) + bytes(32),
        struct.pack("<Q", 10**9) + bytes(32),
        with_header({}, length=99),
        with_header([]),
        with_header({"w": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}}),
        with_header({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 10**15]}}),
        with_header({"w": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}}),
        with_header({"w": {"dtype": "WORDS", "shape": [4], "data_offsets": [0, 16]}}),
        with_header({"__metadata__": {"settings": 5}, "w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
    ],
)
def test_hostile_files_give_one_line(folder: Path, data: bytes) -> None:
    replace_file(folder, data)
    with pytest.raises(UserError) as caught:
        load_pretrained("tiny")
    assert "\n" not in str(caught.value) and "get it again" in str(caught.value)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e38])
def test_weights_that_no_training_makes_are_refused(number: float, folder: Path) -> None:
    replace_file(folder, save({"layer.weight": np.array([[0.5, number]], np.float32)}, {"settings": "{}"}))
    with pytest.raises(UserError, match=r"'layer.weight' holds impossible numbers; get it again"):
        load_pretrained("tiny")


def test_damage_and_other_files_are_told_by_the_checksum(folder: Path) -> None:
    path = folder / "eyes-tiny.safetensors"
    whole = path.read_bytes()
    for data in (whole[:-1], whole + b"\0", whole[:-1] + b"\xff"):
        path.write_bytes(data)
        with pytest.raises(UserError, match="damaged or not the file"):
            load_pretrained("tiny")
    path.unlink()
    with pytest.raises(UserError, match=r"cannot read the network .*no such file"):
        load_pretrained("tiny")
    path.mkdir()
    with pytest.raises(UserError, match="cannot read the network"):
        load_pretrained("tiny")


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../outside.safetensors"}, {"file": "/etc/passwd"}, {"file": "weights.pth"}, {"file": 3},
        {"bytes": 10**12}, {"bytes": -1}, {"bytes": True}, {"bytes": "9"}, {"sha256": None},
    ],
)  # fmt: skip
def test_senseless_entries_are_refused(folder: Path, changes: dict) -> None:
    change_manifest(folder, **changes)
    with pytest.raises(UserError, match="makes no sense"):
        load_pretrained("tiny")


@pytest.mark.parametrize("text", ["", "[]", '{"files": []}', "[" * 100_000, '{"files": {"tiny": 5}}', "\0" * (2 << 20)])
def test_a_damaged_manifest_gives_one_line(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(UserError) as caught:
        load_pretrained("tiny")
    assert "\n" not in str(caught.value) and MANIFEST in str(caught.value)


def test_an_unknown_network_names_those_there_are(folder: Path) -> None:
    with pytest.raises(UserError, match=r"lists no network 'nose' \(it has: tiny"):
        load_pretrained("nose")


def test_a_missing_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(UserError, match=r"FACESWAP_PRETRAINED=.* holds none"):
        pretrained_folder()
    monkeypatch.delenv(pretrained.FOLDER_VARIABLE)
    monkeypatch.setattr(pretrained, "_PACKAGE", tmp_path / "faceswap")
    with pytest.raises(UserError, match="install the package again"):
        pretrained_folder()


def test_the_projects_own_files_are_whole_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pretrained.FOLDER_VARIABLE, raising=False)
    for name in listed():
        tensors, _ = load_pretrained(name)
        assert tensors and all(np.isfinite(value).all() for value in tensors.values())
    sizes = {name: entry_of(name).size_bytes for name in listed()}
    generic = sum(size for name, size in sizes.items() if name.startswith("generic-"))
    assert generic <= 40e6 and sum(sizes.values()) - generic <= 24e6


def test_reading_needs_no_torch() -> None:
    code = "import sys; import faceswap.utils.files.pretrained; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
