from __future__ import annotations

import json
import logging
import pickle

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from faceswap.engine.optimizers import Adam
from faceswap.engine.state import STATE_FILE, TrainingState
from faceswap.swap.models.df import Df
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.checkpoints import (
    MODEL_FILE,
    OPTIMIZER_FILE,
    CheckpointIO,
    find_weights,
    list_checkpoints,
)
from faceswap.utils.errors import UserError
from faceswap.utils.files import tensor_files
from faceswap.utils.files.tensor_files import read_description
from tests.swap.fakes import SMALL_UD, Tiny

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def trained(seed: int = 0, steps: int = 2):
    torch.manual_seed(seed)
    model = Tiny().to(memory_format=torch.channels_last)
    optimizer = Adam().build(model)
    for _ in range(steps):
        decoded = model(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16))
        optimizer.zero_grad()
        sum(side.images.mean() + side.masks.mean() for side in decoded.values()).backward()
        optimizer.step()
    return model, optimizer


def save(run, iteration, keep=2, seed=0):
    return CheckpointIO(*trained(seed)).save(run, TrainingState(iteration, 1.5 * iteration, 7), keep=keep)


def test_model_moments_and_generator_come_back(tmp_path):
    model, optimizer = trained()
    CheckpointIO(model, optimizer).save(tmp_path, TrainingState(12, 3.5, 7), keep=2)
    expected = torch.rand(3)

    other, its_optimizer = trained(seed=1, steps=1)
    state = CheckpointIO(other, its_optimizer).restore_latest(tmp_path)
    assert state == TrainingState(12, 3.5, 7)
    assert (torch.rand(3) == expected).all(), "the random generator goes on where it was"
    for mine, its in zip(model.parameters(), other.parameters(), strict=True):
        assert (mine == its).all()
        for key, value in optimizer.state[mine].items():
            assert (its_optimizer.state[its][key] == value).all()
            assert its_optimizer.state[its][key].stride() == value.stride()


def test_an_empty_run_has_nothing_to_restore(tmp_path):
    assert CheckpointIO(*trained()).restore_latest(tmp_path) is None


def test_only_the_last_ones_stay(tmp_path):
    for iteration in (5, 10, 100):
        save(tmp_path, iteration, keep=2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["00000100", "00000010"]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2, "no temporary folder stays"


@pytest.mark.parametrize("name", [MODEL_FILE, OPTIMIZER_FILE, STATE_FILE])
def test_a_cut_checkpoint_is_passed_over(tmp_path, caplog, name):
    save(tmp_path, 5)
    newest = save(tmp_path, 10)
    content = (newest / name).read_bytes()
    (newest / name).write_bytes(content[: len(content) // 2])
    with caplog.at_level(logging.WARNING):
        state = CheckpointIO(*trained()).restore_latest(tmp_path)
    assert state.iteration == 5
    assert "00000010" in caplog.text and "damaged" in caplog.text


def test_all_cut_is_said_in_one_line(tmp_path):
    (save(tmp_path, 5) / MODEL_FILE).write_bytes(b"")
    with pytest.raises(UserError, match="restart=true"):
        CheckpointIO(*trained()).restore_latest(tmp_path)
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

    monkeypatch.setattr(tensor_files, "save_file", refuse)
    with pytest.raises(UserError, match="no space left"):
        save(tmp_path, 6)
    assert list((tmp_path / "checkpoints").iterdir()) == [kept]


def test_another_model_than_the_runs_is_refused(tmp_path):
    save(tmp_path, 5)
    model = Lite()
    with pytest.raises(UserError, match="model=tiny, not lite;"):
        CheckpointIO(model, Adam().build(model)).restore_latest(tmp_path)
    for name, sized in (
        ("df_96", Df(**SMALL_UD | {"resolution": 96})),
        ("df_64", Df(**SMALL_UD)),
    ):  # as people choose them
        with pytest.raises(UserError, match=f"model=tiny, not {name};"):
            CheckpointIO(sized, Adam().build(sized)).restore_latest(tmp_path)


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
    path = tmp_path / "x.safetensors"
    save_file({"w": torch.zeros(1)}, path, {"faceswap": json.dumps({"model": "os", "settings": {}})})
    with pytest.raises(UserError, match="unknown model 'os'"):
        load_model(path)
    save_file({"w": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="does not say"):
        load_model(path)


@pytest.mark.parametrize("keep", [1, 2])
def test_a_damaged_newest_one_never_displaces_a_good_one(tmp_path, keep):
    for iteration in (5, 10, 20):
        newest = save(tmp_path, iteration, keep=5)
    (newest / MODEL_FILE).write_bytes(b"cut")
    assert CheckpointIO(*trained()).restore_latest(tmp_path).iteration == 10
    save(tmp_path, 15, keep=keep)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["00000015", "00000010"][:keep]
    assert CheckpointIO(*trained()).restore_latest(tmp_path).iteration == 15


def test_another_coverage_or_pair_than_the_runs_is_refused(tmp_path):
    CheckpointIO(*trained()).save(tmp_path, TrainingState(5, 1.0, 0, ("x", "y")), keep=2)
    tighter = Tiny(coverage=0.4)
    with pytest.raises(UserError, match=r"model\.coverage=0\.8, not 0\.4; .*run=.*restart=true"):
        CheckpointIO(tighter, Adam().build(tighter)).restore_latest(tmp_path, ("x", "y"))
    with pytest.raises(UserError, match=r"pair\.a=x, not y and pair\.b=y, not x; "):
        CheckpointIO(*trained()).restore_latest(tmp_path, ("y", "x"))
    assert CheckpointIO(*trained()).restore_latest(tmp_path, ("x", "y")) == TrainingState(5, 1.0, 0, ("x", "y"))


@pytest.mark.parametrize("model", ["os", ["tiny"], {}, None, 1])
def test_a_header_that_names_no_model(tmp_path, model):
    save_file({"w": torch.zeros(1)}, tmp_path / "x.safetensors", header(model=model, settings={"coverage": 0.8}))
    with pytest.raises(UserError, match="unknown model"):
        load_model(tmp_path / "x.safetensors")


@pytest.mark.parametrize("settings", [None, [], "x", 1, {}, *({"coverage": c} for c in (0, -3, 1.01, True, "1", None))])
def test_a_header_with_impossible_settings(tmp_path, settings):
    save_file(Tiny().state_dict(), tmp_path / "x.safetensors", header(model="tiny", settings=settings))
    with pytest.raises(UserError, match="do not fit the model"):
        load_model(tmp_path / "x.safetensors")


def header(**description):
    return {"faceswap": json.dumps(description)}


@pytest.mark.parametrize("generator", [None, torch.zeros(3), torch.zeros(7, dtype=torch.uint8)])
def test_a_checkpoint_without_the_generators_state_is_damaged(tmp_path, generator):
    save(tmp_path, 5)
    path = save(tmp_path, 6) / OPTIMIZER_FILE
    tensors = load_file(path)
    del tensors["generator/cpu"]
    save_file(tensors if generator is None else tensors | {"generator/cpu": generator}, path)
    state = json.loads((path.parent / STATE_FILE).read_text())
    state["bytes"][OPTIMIZER_FILE] = path.stat().st_size
    del state["sha256"]
    (path.parent / STATE_FILE).write_text(json.dumps(state))
    assert CheckpointIO(*trained()).restore_latest(tmp_path).iteration == 5


@pytest.mark.parametrize(
    "change",
    ['"iteration": -1', '"seconds": NaN', '"seconds": -1', '"seed": -1', '"setbacks": -1', '"batch_size": []',
     '"iteration": ' + "[" * 100_000, '"bytes": 3', '"faces": 3'],
    ids=lambda change: change[:16],
)  # fmt: skip
def test_a_state_that_cannot_be_is_passed_over(tmp_path, change):
    folder = CheckpointIO(*trained()).save(tmp_path, TrainingState(5, 1.0, 0), keep=2)
    state = folder / "state.json"
    state.write_text(state.read_text().rstrip().removesuffix("}") + f", {change}}}\n")
    with pytest.raises(UserError, match="no checkpoint in"):
        CheckpointIO(*trained()).restore_latest(tmp_path)
