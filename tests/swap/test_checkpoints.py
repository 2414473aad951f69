from __future__ import annotations

import json
import logging
import pickle

import pytest
import torch
from safetensors import SafetensorError

from faceswap.faces.errors import UserError
from faceswap.swap import checkpoints
from faceswap.swap.checkpoints import (
    MODEL_FILE,
    OPTIMISER_FILE,
    STATE_FILE,
    TrainingState,
    find_weights,
    list_checkpoints,
    load_model,
    read_description,
    restore_latest,
    save_checkpoint,
)
from faceswap.swap.lite import Lite
from faceswap.swap.models import MODELS
from faceswap.swap.optimisers import Adam
from tests.swap.fakes import Tiny


@pytest.fixture(autouse=True)
def tiny_is_known(monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Tiny)


def trained(seed: int = 0, steps: int = 2):
    torch.manual_seed(seed)
    model = Tiny().to(memory_format=torch.channels_last)
    optimiser = Adam().build(model)
    for _ in range(steps):
        decoded = model(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16))
        optimiser.zero_grad()
        sum(images.mean() + masks.mean() for images, masks in decoded.values()).backward()
        optimiser.step()
    return model, optimiser


def save(run, iteration, keep=2, seed=0):
    return save_checkpoint(run, *trained(seed), TrainingState(iteration, 1.5 * iteration, 7), keep)


def test_model_moments_and_generator_come_back(tmp_path):
    model, optimiser = trained()
    save_checkpoint(tmp_path, model, optimiser, TrainingState(12, 3.5, 7), keep=2)
    expected = torch.rand(3)

    other, its_optimiser = trained(seed=1, steps=1)
    state = restore_latest(tmp_path, other, its_optimiser)
    assert state == TrainingState(12, 3.5, 7)
    assert (torch.rand(3) == expected).all(), "the random generator goes on where it was"
    for mine, its in zip(model.parameters(), other.parameters(), strict=True):
        assert (mine == its).all()
        for key, value in optimiser.state[mine].items():
            assert (its_optimiser.state[its][key] == value).all()
            assert its_optimiser.state[its][key].stride() == value.stride()


def test_an_empty_run_has_nothing_to_restore(tmp_path):
    assert restore_latest(tmp_path, *trained()) is None


def test_only_the_last_ones_stay(tmp_path):
    for iteration in (5, 10, 100):
        save(tmp_path, iteration, keep=2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["00000100", "00000010"]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2, "no temporary folder stays"


@pytest.mark.parametrize("name", [MODEL_FILE, OPTIMISER_FILE, STATE_FILE])
def test_a_cut_checkpoint_is_passed_over(tmp_path, caplog, name):
    save(tmp_path, 5)
    newest = save(tmp_path, 10)
    content = (newest / name).read_bytes()
    (newest / name).write_bytes(content[: len(content) // 2])
    with caplog.at_level(logging.WARNING):
        state = restore_latest(tmp_path, *trained())
    assert state.iteration == 5
    assert "00000010" in caplog.text and "damaged" in caplog.text


def test_all_cut_is_said_in_one_line(tmp_path):
    (save(tmp_path, 5) / MODEL_FILE).write_bytes(b"")
    with pytest.raises(UserError, match="restart=true"):
        restore_latest(tmp_path, *trained())
    with pytest.raises(UserError, match="damaged"):
        find_weights(tmp_path)


def test_a_temporary_folder_is_no_checkpoint(tmp_path):
    folder = save(tmp_path, 5)
    (folder.parent / ".00000009.123.part").mkdir()
    assert list_checkpoints(tmp_path) == [folder]


def test_a_full_disk_is_said_in_one_line_and_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    kept = save(tmp_path, 5)

    def refuse(*arguments):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoints, "save_file", refuse)
    with pytest.raises(UserError, match="no space left"):
        save(tmp_path, 6)
    assert list((tmp_path / "checkpoints").iterdir()) == [kept]


def test_another_model_than_the_runs_is_refused(tmp_path):
    save(tmp_path, 5)
    model = Lite()
    with pytest.raises(UserError, match="model=tiny, not lite"):
        restore_latest(tmp_path, model, Adam().build(model))


def test_the_weights_file_alone_says_what_it_is(tmp_path):
    path = save(tmp_path, 5) / MODEL_FILE
    description = read_description(path)
    assert (description["model"], description["iteration"]) == ("tiny", 5) and description["version"]
    model, _ = load_model(path)
    assert isinstance(model, Tiny) and model.coverage == 0.8


@pytest.mark.parametrize("how", ["run", "checkpoint", "file"])
def test_weights_are_found_from_run_checkpoint_or_file(tmp_path, how):
    newest = save(tmp_path, 5)
    source = {"run": tmp_path, "checkpoint": newest, "file": newest / MODEL_FILE}[how]
    assert find_weights(source) == newest / MODEL_FILE


def test_a_damaged_newest_one_is_not_used_for_weights(tmp_path):
    older, newest = save(tmp_path, 5), save(tmp_path, 6)
    (newest / MODEL_FILE).write_bytes(b"cut")
    assert find_weights(tmp_path) == older / MODEL_FILE


def test_a_pickle_is_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UserError, match=r"model\.pth"):
        load_model(path)
    assert not (tmp_path / "exploded").exists()


def test_a_foreign_name_in_the_header_builds_nothing(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "x.safetensors"
    save_file({"w": torch.zeros(1)}, path, {"faceswap": json.dumps({"model": "os", "settings": {}})})
    with pytest.raises(UserError, match="unknown model 'os'"):
        load_model(path)
    save_file({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="does not say"):
        load_model(path)
