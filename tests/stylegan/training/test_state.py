"""Checkpoints of the training, also those that somebody changed."""

import io
import re
import resource
import zipfile
from dataclasses import asdict

import pytest
import torch

from faceswap.engine.accelerator import choose_accelerator
from faceswap.stylegan.training.adversarial import AdversarialStep
from faceswap.stylegan.training.state import CHECKPOINT, TrainingNetworks, restore_checkpoint
from faceswap.stylegan.training.warm_up import AutoencoderStep, ReconstructionLosses
from faceswap.utils.errors import UserError
from tests.stylegan.training.small import SETTINGS, train_generator


def test_a_damaged_checkpoint_is_said(data, whole, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes((whole / CHECKPOINT).read_bytes()[:5000])
    with pytest.raises(UserError, match="restart=true begins anew"):
        train_generator(data, tmp_path, kimg=0.012, **SETTINGS)


def test_the_average_follows_faster_at_first():
    networks = TrainingNetworks(choose_accelerator("cpu", "fp32"), 32, [8] * 4, 8, 1)
    weight, mean = networks.generator.synthesis.b4.const, networks.average.synthesis.b4.const
    with torch.no_grad():
        weight.fill_(1)
        mean.fill_(0)
    networks.follow(200, 10)  # half-life: 5 % of 200 pictures, as long as one batch
    assert mean.max().item() == pytest.approx(0.5)


def spoil_moment(state):
    state["optimisers"][0]["state"][0]["exp_avg"] = torch.tensor(1.0)


def spoil_step(state):
    state["optimisers"][0]["state"][0]["step"] = torch.ones(3)


def swell_average(state):
    next(iter(state["networks"]["average"].values())).fill_(1e38)


def spoil_weight(state):
    state["networks"]["generator"]["synthesis.b4.const"].fill_(float("inf"))


def add_moments(state):
    state["optimisers"][0]["state"][10_000] = state["optimisers"][0]["state"][0]


def lose_moments(state):
    del state["optimisers"][0]["state"][0]["exp_avg"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("images", None), ("images", -1), ("steps", 10**30), ("contested", 1.5), ("seconds", torch.zeros(3)),
     ("seconds", float("nan")), ("p", 2.0), ("p", "x"), ("path_mean", -1), ("path_mean", torch.zeros(3))],
)  # fmt: skip
def test_the_numbers_of_a_checkpoint_are_checked(whole, tmp_path, name, value):
    state = torch.load(whole / CHECKPOINT, weights_only=True) | {name: value}
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(UserError, match="restart=true begins anew"):
        restored(tmp_path)


@pytest.mark.parametrize("spoil", [spoil_moment, spoil_step, spoil_weight, swell_average, add_moments, lose_moments])
def test_what_a_checkpoint_gives_to_torch_is_checked(whole, tmp_path, spoil):
    state = torch.load(whole / CHECKPOINT, weights_only=True)
    spoil(state)
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(UserError, match="restart=true begins anew"):
        restored(tmp_path)


def pack(content):
    """The same archive with its records packed, and one more that unpacks to 2 GB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        with new.open(old.namelist()[0].split("/")[0] + "/data/99999", "w", force_zip64=True) as record:
            for _ in range(128):
                record.write(bytes(1 << 24))
    return packed.getvalue()


def test_packed_records_are_refused_before_they_are_unpacked(whole, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(pack((whole / CHECKPOINT).read_bytes()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=r"torch did not write.*restart=true begins anew") as told:
        restored(tmp_path)
    assert "\n" not in str(told.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def swap_networks(state):
    state["networks"] = list(state["networks"].values())


def empty_optimizers(state):
    state["optimisers"] = {}


def list_memory(state):
    state["optimisers"][0]["state"] = [1, 2]


def list_moments(state):
    state["optimisers"][0]["state"][0] = [1, 2]


def shape_weight(state):
    state["networks"]["encoder"] = {name: value[None] for name, value in state["networks"]["encoder"].items()}


def repeat_numbers(state):
    state["networks"]["generator"]["synthesis.b4.const"] = torch.zeros(1).expand(10**9)


def no_generator_state(state):
    state["random"] = torch.zeros(3)


@pytest.mark.parametrize(
    "spoil", [swap_networks, empty_optimizers, list_memory, list_moments, shape_weight, repeat_numbers,
              no_generator_state, dict.clear]
)  # fmt: skip
def test_a_checkpoint_of_another_build_is_told_in_words_of_ours(whole, tmp_path, spoil):
    state = torch.load(whole / CHECKPOINT, weights_only=True)
    spoil(state)
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(UserError, match="restart=true begins anew") as told:
        restored(tmp_path)
    assert not re.search(r"attribute|zip\(|NoneType|argument|\n|Error", str(told.value))


def test_options_of_an_optimizer_are_never_the_files(whole, tmp_path):
    state = torch.load(whole / CHECKPOINT, weights_only=True)
    for group in state["optimisers"][0]["param_groups"]:
        group |= {"fused": True, "amsgrad": True, "capturable": True, "weight_decay": 1e9}
    torch.save(state, tmp_path / CHECKPOINT)
    for group in restored(tmp_path)[0].param_groups:
        assert not (group["fused"] or group["amsgrad"] or group["capturable"] or group["weight_decay"])


def test_a_checkpoint_of_which_a_part_was_lost_is_said(whole, tmp_path):
    content = bytearray((whole / CHECKPOINT).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(4096)
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(UserError, match="not what was written"):
        restored(tmp_path)


def restored(run):
    networks = TrainingNetworks(choose_accelerator("cpu", "fp32"), **asdict(SETTINGS["plan"]))
    compare = ReconstructionLosses(SETTINGS["reconstruction"], networks)
    optimizers = [AutoencoderStep(SETTINGS["warm_up"], networks, compare).optimizer,
                  *AdversarialStep(SETTINGS["adversarial"], networks, compare).optimizers]  # fmt: skip
    restore_checkpoint(run, networks, optimizers)
    return optimizers
