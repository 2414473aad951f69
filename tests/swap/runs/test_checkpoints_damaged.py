"""Checkpoints of which a part was lost, and such as nobody honest has written: the one before is taken."""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from faceswap.engine.optimizers import AdaBelief, AdamW
from faceswap.engine.state import STATE_FILE, TrainingState
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.initialisation.schemes import start_from
from faceswap.swap.models.registry import MODELS
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.checkpoints import (
    MODEL_FILE,
    OPTIMIZER_FILE,
    CheckpointIO,
    find_weights,
    list_checkpoints,
)
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import DamagedCheckpoint, read_tensors, save_tensors
from tests.swap.fakes import Tiny
from tests.swap.runs.test_checkpoints import trained

pytestmark = pytest.mark.usefixtures("tiny_is_known")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "tiny", Tiny)
        for iteration in (5, 10):
            CheckpointIO(*trained(), averaged=Tiny()).save(run, TrainingState(iteration, 1.0, 7), keep=2)
    return run


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def zero_half(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)


def restored(run):
    return CheckpointIO(*trained(), averaged=Tiny()).restore_latest(run).iteration


@pytest.mark.parametrize("name", [MODEL_FILE, OPTIMIZER_FILE])
def test_training_goes_on_from_the_one_before_a_half_zeroed_one(run, caplog, name):
    zero_half(list_checkpoints(run)[0] / name)
    with caplog.at_level(logging.WARNING):
        assert restored(run) == 5
    assert "00000010 is damaged" in caplog.text and "does not hold what was written" in caplog.text


def test_weights_are_taken_from_the_one_before_a_half_zeroed_one(run, caplog):
    zero_half(list_checkpoints(run)[0] / MODEL_FILE)
    with caplog.at_level(logging.WARNING):
        assert find_weights(run).parent.name == "00000005"
        assert TrainedSwapper.load(run, device="cpu").description["iteration"] == 5
        assert start_from(Tiny(), run).path.parent.name == "00000005"
    assert caplog.text.count("00000010 is damaged") == 3


def test_a_damaged_one_that_was_asked_for_is_refused(run):
    zero_half(list_checkpoints(run)[0] / MODEL_FILE)
    with pytest.raises(UserError, match="does not hold what was written"):
        TrainedSwapper.load(run, "00000010", device="cpu")
    with pytest.raises(UserError, match="cannot start from"):
        start_from(Tiny(), run / "checkpoints" / "00000010")


@given(place=st.floats(0, 0.999), bit=st.integers(0, 7))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bit_turns_unseen(made, tmp_path, place, bit):
    content = bytearray((list_checkpoints(made)[0] / MODEL_FILE).read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(DamagedCheckpoint):
        expected = json.loads((list_checkpoints(made)[0] / STATE_FILE).read_text())["sha256"][MODEL_FILE]
        read_tensors(path, expected)


def test_files_of_two_checkpoints_are_none(run):
    newest, older = list_checkpoints(run)
    shutil.copy(older / MODEL_FILE, newest / MODEL_FILE)
    assert restored(run) == 5


def without_sums(folder, change=lambda name, tensors: None):
    """A checkpoint as an earlier version wrote it, after `change`."""
    state = json.loads((folder / STATE_FILE).read_text())
    state.pop("sha256", None)
    for name in (MODEL_FILE, OPTIMIZER_FILE):
        tensors, about = load_file(folder / name), json.dumps({"model": "tiny", "settings": {"coverage": 0.8}})
        change(name, tensors)
        save_file(tensors, folder / name, {"faceswap": about})
        state["bytes"][name] = (folder / name).stat().st_size
    (folder / STATE_FILE).write_text(json.dumps(state))


def test_checkpoints_without_sums_are_still_taken(run):
    without_sums(list_checkpoints(run)[0])
    assert restored(run) == 10
    assert TrainedSwapper.load(run, device="cpu").description["model"] == "tiny"


MOMENT, WEIGHT = "encoder.0.0.weight/exp_avg", "encoder.0.0.weight"
CHANGES = {
    "a scalar moment": lambda name, t: MOMENT in t and t.update({MOMENT: torch.tensor(1.0)}),
    "a moment of half precision": lambda name, t: MOMENT in t and t.update({MOMENT: t[MOMENT].half()}),
    "a lost moment": lambda name, t: t.pop(MOMENT, None),
    "a step of three numbers": lambda name, t: MOMENT in t and t.update({WEIGHT + "/step": torch.ones(3)}),
    "a moment that is no number": lambda name, t: MOMENT in t and t[MOMENT].fill_(torch.nan),
    "a weight that is no number": lambda name, t: name == MODEL_FILE and t[WEIGHT].fill_(torch.nan),
    "an infinite weight": lambda name, t: name == MODEL_FILE and t[WEIGHT].fill_(torch.inf),
    "a huge weight": lambda name, t: name == MODEL_FILE and t[WEIGHT].fill_(1e38),
    "a huge weight in training": lambda name, t: name == OPTIMIZER_FILE and t["trained/" + WEIGHT].fill_(1e38),
}


@pytest.mark.parametrize("what", CHANGES)
def test_numbers_that_cannot_be_are_passed_over(run, what):
    without_sums(list_checkpoints(run)[0], CHANGES[what])
    assert restored(run) == 5


MOMENT_DAMAGES = {
    "a scalar": lambda v: torch.tensor(1.0),
    "another shape": lambda v: v.reshape(-1),
    "another type": lambda v: v.double(),
    "no number": lambda v: torch.full_like(v, torch.nan),
}


@pytest.mark.parametrize("settings", [AdamW, AdaBelief])
def test_moments_of_every_optimizer_are_checked(tmp_path, settings):
    model = Tiny()
    optimizer = settings().build(model)
    sum(weight.square().sum() for weight in model.parameters()).backward()
    optimizer.step()
    io = CheckpointIO(model, optimizer)
    folder = io.save(tmp_path, TrainingState(5, 1.0, 7), keep=2)
    assert io.restore_latest(tmp_path).iteration == 5
    sound = load_file(folder / OPTIMIZER_FILE)
    names = [name for name in sound if name.startswith(f"{WEIGHT}/exp_avg")]
    assert len(names) == 2
    for name in names:
        for change in MOMENT_DAMAGES.values():
            damaged = {key: value.clone() for key, value in sound.items()} | {name: change(sound[name])}
            without_sums(folder, lambda file, t, to=damaged: file == OPTIMIZER_FILE and t.update(to))
            with pytest.raises(UserError, match="can be read; restart=true") as told:
                io.restore_latest(tmp_path)
            assert "\n" not in str(told.value)


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf, 1e38])
def test_weights_that_cannot_be_draw_nothing(tmp_path, weights, number):
    tensors = load_file(weights)
    tensors[WEIGHT][0, 0] = number
    path = tmp_path / "x.safetensors"
    save_file(tensors, path, {"faceswap": json.dumps({"model": "tiny", "settings": {"coverage": 0.8}})})
    with pytest.raises(UserError, match="impossible numbers"):
        load_model(path)
    with pytest.raises(UserError, match="impossible numbers"):
        start_from(Tiny(), path)


def test_an_optimizer_that_knows_nothing_is_told(run, caplog):
    def forget(name, tensors):
        for key in [key for key in tensors if "/exp_avg" in key or key.endswith("/step")]:
            del tensors[key]

    without_sums(list_checkpoints(run)[0], forget)
    with caplog.at_level(logging.WARNING):
        assert restored(run) == 10
    assert "Adam begins anew" in caplog.text


@pytest.mark.parametrize("name", ["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 60, "-1", "1.0"])
def test_what_is_called_otherwise_is_no_checkpoint(run, name):
    (run / "checkpoints" / name).mkdir()
    assert restored(run) == 10
    CheckpointIO(*trained()).save(run, TrainingState(12, 1.0, 7), keep=2)


@pytest.mark.parametrize("name", [MODEL_FILE, OPTIMIZER_FILE, STATE_FILE])
def test_a_pipe_in_a_checkpoint_is_not_waited_for(run, name):
    path = list_checkpoints(run)[0] / name
    path.unlink()
    os.mkfifo(path)
    assert restored(run) == 5
    assert find_weights(run).parent.name == ("00000005" if name == MODEL_FILE else "00000010")


@pytest.mark.parametrize("name", [MODEL_FILE, OPTIMIZER_FILE, STATE_FILE])
def test_what_may_not_be_read_is_not_called_damaged(run, monkeypatch, name):
    secret = list_checkpoints(run)[0] / name

    def refuse(path, *arguments, opened=os.open, **more):
        if os.fspath(path) == os.fspath(secret):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UserError, match=r"permission denied; ask its owner") as told:
        restored(run)
    assert "restart" not in str(told.value) and "damaged" not in str(told.value)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_others_may_read_what_the_umask_allows(tmp_path, umask):
    before = os.umask(umask)
    try:
        folder = CheckpointIO(*trained()).save(tmp_path, TrainingState(5, 1.0, 7), keep=2)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys([MODEL_FILE, OPTIMIZER_FILE, STATE_FILE], 0o666 & ~umask)


def test_a_run_whose_name_is_no_utf8_goes_on(made, tmp_path):
    run = tmp_path / os.fsdecode(b"ren\xe9")
    shutil.copytree(made, run)
    assert restored(run) == 10
    assert TrainedSwapper.load(run, device="cpu").description["iteration"] == 10


def test_a_sum_holds_for_every_type_and_for_nothing(tmp_path):
    tensors = {"a": torch.rand(3, 2).bfloat16(), "b": torch.zeros(0), "c": torch.tensor(1.0), "d": torch.ones(2).int()}
    save_tensors(tensors, tmp_path / "x.safetensors", {"about": "this"})
    back = read_tensors(tmp_path / "x.safetensors")
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


def test_a_checkpoint_of_a_later_format_is_not_passed_over(run):
    """To go on from the one before it would lose what the newer program trained."""
    state = list_checkpoints(run)[0] / STATE_FILE
    state.write_text(json.dumps({**json.loads(state.read_text()), "format": 99}))
    with pytest.raises(UserError, match=r"format 99.*update the program"):
        restored(run)
