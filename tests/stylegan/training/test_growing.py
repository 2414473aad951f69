"""A training that begins with a smaller generator."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from faceswap.stylegan.training.config import NetworkSettings, WarmUp
from faceswap.stylegan.training.run_folder import ENCODER_FILE, GENERATOR_FILE
from faceswap.stylegan.weights.files import load_encoder, load_generator
from faceswap.utils.errors import UserError
from tests.stylegan.training.small import GAN, SETTINGS, train_generator, weights_of


@pytest.fixture
def larger(tmp_path):
    folder = tmp_path / "larger"
    folder.mkdir()
    np.save(folder / "targets.npy", np.random.default_rng(1).integers(0, 255, (8, 64, 64, 3), np.uint8))
    return folder


def test_a_smaller_generator_is_grown(larger, whole, tmp_path):
    grown = SETTINGS | {"plan": NetworkSettings(64, [8] * 5, 16), "warm_up": WarmUp(1, 0, 1e-9)}
    run = train_generator(larger, tmp_path / "run", kimg=0.004, grow_from=str(whole / GENERATOR_FILE), **grown)
    before, after = load_generator(whole / GENERATOR_FILE), weights_of(run)["generator"]
    torch.testing.assert_close(after["synthesis.b16.conv1.weight"], before.synthesis.b16.conv1.weight)
    assert after["synthesis.b64.torgb.weight"].abs().max() < 1e-5  # what is new begins at nothing
    with pytest.raises(UserError, match="it is of other"):
        train_generator(
            larger, tmp_path / "other", kimg=0.004, grow_from=str(whole / GENERATOR_FILE),
            **(grown | {"plan": NetworkSettings(64, [9] * 5, 12, 1)}),
        )  # fmt: skip


def test_a_mapping_of_other_layers_is_not_taken_in_half(larger, whole, tmp_path):
    grown = SETTINGS | {"plan": NetworkSettings(64, [8] * 5, 16, mapping_layers=1), "warm_up": WarmUp()}
    with pytest.raises(UserError, match=r"its mapping has 2 layers; say plan.mapping_layers=2"):
        train_generator(larger, tmp_path / "run", kimg=0.004, grow_from=str(whole / GENERATOR_FILE), **grown)


def test_layers_that_were_brought_learn_at_their_own_rate(larger, whole, tmp_path):
    still = SETTINGS | {
        "plan": NetworkSettings(64, [8] * 5, 16),
        "warm_up": WarmUp(),
        "adversarial": replace(GAN, head_start=0, grown_rate=0.0),
        "grow_from": str(whole / GENERATOR_FILE),
        "encoder_from": str(whole / ENCODER_FILE),
    }
    run = train_generator(larger, tmp_path / "run", kimg=0.012, **still)
    before, after = load_generator(whole / GENERATOR_FILE).state_dict(), weights_of(run)["generator"]
    assert all(torch.equal(after[name], value) for name, value in before.items() if not name.endswith("w_avg"))
    assert after["synthesis.b64.torgb.weight"].abs().max() > 0
    grown = load_encoder(run / ENCODER_FILE)
    assert (grown.resolution, grown.rows, grown.shrinks) == (64, 10, 2)
