import errno
import json
import os

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

import faceswap
from faceswap.utils.errors import UserError
from faceswap.utils.files import tensor_files
from faceswap.utils.files.tensor_files import (
    HEADER_KEY,
    DamagedCheckpoint,
    read_description,
    read_tensors,
    save_tensors,
)


def test_what_a_file_says_and_holds_comes_back(tmp_path):
    path = tmp_path / "x.safetensors"
    save_tensors({"w": torch.arange(6.0).view(2, 3)}, path, {HEADER_KEY: json.dumps({"model": "tiny"})})
    assert read_description(path) == {"model": "tiny"}
    assert read_tensors(path)["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("version", ["99.0.0", "0.99.0", "99.0"])
def test_what_a_newer_program_wrote_is_refused_in_one_line(tmp_path, version):
    path = tmp_path / "x.safetensors"
    save_file({"w": torch.zeros(1)}, path, {HEADER_KEY: json.dumps({"model": "tiny", "version": version})})
    with pytest.raises(UserError, match=f"written by version {version}.*update the program"):
        read_description(path)


@pytest.mark.parametrize("read", [read_description, read_tensors])
def test_every_file_tells_which_version_wrote_it(tmp_path, monkeypatch, read):
    path = tmp_path / "x.safetensors"
    with monkeypatch.context() as later:
        later.setattr(faceswap, "__version__", "99.0.0")
        save_tensors({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=r"written by version 99.0.0.*update the program"):
        read(path)


@pytest.mark.parametrize("version", [faceswap.__version__, "0.0.1", None, 5, "", "unknown", [], "9" * 400])
def test_older_versions_and_none_pass(tmp_path, version):
    path = tmp_path / "x.safetensors"
    save_file({"w": torch.zeros(1)}, path, {HEADER_KEY: json.dumps({"model": "tiny", "version": version})})
    assert read_description(path)["model"] == "tiny"


@pytest.mark.parametrize("text", ["[" * 100_000, "1e999", "9" * 5000, "{"])
def test_a_header_beyond_reason_is_damage(tmp_path, text):
    path = tmp_path / "x.safetensors"
    save_file({"w": torch.zeros(1)}, path, {HEADER_KEY: text})
    with pytest.raises(DamagedCheckpoint) as caught:
        read_description(path)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("read", [read_description, read_tensors])
def test_a_pipe_is_damage_and_does_not_wait(tmp_path, read):
    os.mkfifo(tmp_path / "x.safetensors")
    with pytest.raises(DamagedCheckpoint, match="a pipe"):
        read(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOMEM, "Cannot allocate memory"), SafetensorError("Cannot allocate memory (os error 12)")]
)
def test_a_file_that_memory_does_not_suffice_for_is_not_called_damaged(tmp_path, monkeypatch, error):
    save_tensors({"x": torch.zeros(3)}, tmp_path / "x.safetensors")

    def no_room(*arguments, **named):
        raise error

    monkeypatch.setattr(tensor_files, "safe_open", no_room)
    with pytest.raises(MemoryError):
        read_tensors(tmp_path / "x.safetensors")
