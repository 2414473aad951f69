"""A built-in network is loaded once a process, and without a trace in the random numbers."""

from __future__ import annotations

import shutil

import pytest
import torch

from faceswap.facenets import loading
from faceswap.facenets.embedder import EmbedderNet
from faceswap.facenets.loading import load_network
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of, pretrained_folder


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(loading, "_LOADED", {})


def test_all_who_ask_get_the_same_network():
    first, place = load_network("embedder", EmbedderNet, "cpu")
    second, _ = load_network("embedder", EmbedderNet, "auto" if not torch.cuda.is_available() else "cpu")
    assert first is second and place == torch.device("cpu")
    assert not first.training and not any(weight.requires_grad for weight in first.parameters())


def test_random_numbers_do_not_tell_who_asked_first():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        load_network("embedder", EmbedderNet, "cpu")
        drawn.append(torch.rand(4))
    torch.manual_seed(3)
    assert torch.equal(drawn[0], drawn[1]) and torch.equal(drawn[0], torch.rand(4))


def test_a_file_that_has_changed_is_read_again(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for file in (pretrained_folder() / "manifest.json", entry_of("embedder").path):
        shutil.copy(file, folder)
    monkeypatch.setenv("FACESWAP_PRETRAINED", str(folder))
    load_network("embedder", EmbedderNet, "cpu")
    path = entry_of("embedder").path
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match="damaged"):
        load_network("embedder", EmbedderNet, "cpu")
    path.unlink()
    with pytest.raises(UserError, match="cannot read"):
        load_network("embedder", EmbedderNet, "cpu")
