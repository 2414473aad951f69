"""A training from its first picture to files that can be used, stopped and gone on with."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from faceswap.engine.accelerator import choose_machine
from faceswap.stylegan.training.adversarial import Contest
from faceswap.stylegan.training.state import CHECKPOINT, Networks, mean_of_w
from faceswap.stylegan.training.trainer import ENCODER_FILE, GENERATOR_FILE, Looks, Plan, train_generator
from faceswap.stylegan.training.warm_up import Reconstruction, WarmUp
from faceswap.stylegan.weights.files import load_encoder, load_generator
from faceswap.utils.errors import UserError

CONTEST = Contest(r1_every=2, path_every=2, together=0.5, head_start=4, ada_images=50)
SETTINGS: dict[str, Any] = {
    "plan": Plan(32, [8] * 4, 16),
    "contest": CONTEST,
    "reconstruction": Reconstruction(features=0),
    "looks": Looks(0.008, 0.008, 0.008, 1, 0),
    "warm_up": WarmUp(0.008, 0.004),
    "batch_size": 4,
    "device": "cpu",
    "precision": "fp32",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "targets.npy", np.random.default_rng(0).integers(0, 255, (16, 32, 32, 3), np.uint8))
    return folder


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    return train_generator(data, tmp_path_factory.mktemp("whole"), kimg=0.024, **SETTINGS)


def weights_of(run):
    return torch.load(run / CHECKPOINT, weights_only=True)["networks"]


def test_what_comes_out_can_be_used(whole):
    generator, encoder = load_generator(whole / GENERATOR_FILE), load_encoder(whole / ENCODER_FILE)
    images = generator.synthesis(encoder(torch.randn(2, 3, 32, 32)))
    assert images.shape == (2, 3, 32, 32)
    torch.testing.assert_close(generator.average, mean_of_w(generator))
    assert torch.equal(encoder.mapping.fc0.weight, generator.mapping.fc0.weight)
    assert sorted(path.name for path in (whole / "previews").iterdir())[-1] == "00000024.jpg"


def test_a_resumed_run_equals_an_uninterrupted_one(data, whole, tmp_path):
    train_generator(data, tmp_path, kimg=0.016, **SETTINGS)
    train_generator(data, tmp_path, kimg=0.024, **SETTINGS)
    ours, theirs = weights_of(tmp_path), weights_of(whole)
    for part, tensors in theirs.items():
        assert all(torch.equal(value, ours[part][name]) for name, value in tensors.items()), part


def test_noise_that_is_taken_out_stays_out(data, tmp_path):
    def strengths(part):
        return [float(value) for name, value in weights_of(tmp_path)[part].items() if name.endswith("noise_strength")]

    train_generator(data, tmp_path, kimg=0.016, **SETTINGS)
    assert any(strengths("generator")) and any(strengths("average"))
    train_generator(data, tmp_path, kimg=0.024, **SETTINGS | {"contest": replace(CONTEST, noise=False)})
    assert not any(strengths("generator")) and not any(strengths("average"))


def test_the_plain_way_leaves_the_encoder_alone(data, tmp_path):
    plain = SETTINGS | {"warm_up": WarmUp(), "contest": Contest()}
    train_generator(data, tmp_path, kimg=0.004, **plain)
    first = weights_of(tmp_path)
    train_generator(data, tmp_path, kimg=0.012, **plain)
    later = weights_of(tmp_path)
    assert torch.equal(first["encoder"]["code.weight"], later["encoder"]["code.weight"])
    for part, name in (("generator", "synthesis.b32.conv1.weight"), ("discriminator", "conv.weight")):
        assert not torch.equal(first[part][name], later[part][name])


def test_a_smaller_generator_is_grown(data, whole, tmp_path):
    larger = tmp_path / "larger"
    larger.mkdir()
    np.save(larger / "targets.npy", np.zeros((8, 64, 64, 3), np.uint8))
    grown = SETTINGS | {"plan": Plan(64, [8] * 5, 16), "warm_up": WarmUp(1, 0, 1e-9)}
    run = train_generator(larger, tmp_path / "run", kimg=0.004, grow_from=str(whole / GENERATOR_FILE), **grown)
    before, after = load_generator(whole / GENERATOR_FILE), weights_of(run)["generator"]
    torch.testing.assert_close(after["synthesis.b16.conv1.weight"], before.synthesis.b16.conv1.weight)
    assert after["synthesis.b64.torgb.weight"].abs().max() < 1e-5  # what is new begins at nothing
    with pytest.raises(UserError, match="it is of other"):
        train_generator(
            larger, tmp_path / "other", kimg=0.004, grow_from=str(whole / GENERATOR_FILE),
            **(grown | {"plan": Plan(64, [9] * 5, 12, 1)}),
        )  # fmt: skip


def test_a_damaged_checkpoint_is_said(data, whole, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes((whole / CHECKPOINT).read_bytes()[:5000])
    with pytest.raises(UserError, match="restart=true begins anew"):
        train_generator(data, tmp_path, kimg=0.012, **SETTINGS)


def test_plans_are_checked():
    with pytest.raises(ValueError, match=r"resolution=48"):
        Plan(48)
    with pytest.raises(ValueError, match="4 numbers"):
        Plan(32, [8] * 5)


def test_the_average_follows_faster_at_first():
    networks = Networks(choose_machine("cpu", "fp32"), 32, [8] * 4, 8, 1)
    weight, mean = networks.generator.synthesis.b4.const, networks.average.synthesis.b4.const
    with torch.no_grad():
        weight.fill_(1)
        mean.fill_(0)
    networks.follow(200, 10)  # half-life: 5 % of 200 pictures, as long as one batch
    assert mean.max().item() == pytest.approx(0.5)
