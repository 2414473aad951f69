"""Adam without torch's optimizers."""

import subprocess
import sys

import pytest
import torch

from faceswap.engine.adam import Adam


@pytest.mark.parametrize("betas", [(0.9, 0.95), (0.9, 0.99)])
def test_steps_are_torchs(betas):
    torch.manual_seed(0)
    ours = [torch.randn(3, 4, requires_grad=True), torch.randn(5, requires_grad=True)]
    theirs = [weight.detach().clone().requires_grad_() for weight in ours]
    adam, reference = Adam(ours, 0.1, betas), torch.optim.Adam(theirs, 0.1, betas)
    for number in range(20):
        adam.rate = 0.1 / (1 + number)
        reference.param_groups[0]["lr"] = adam.rate
        adam.step(ours[0].square().sum() + (ours[1] - 1).abs().sum())
        reference.zero_grad()
        (theirs[0].square().sum() + (theirs[1] - 1).abs().sum()).backward()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


def test_a_weight_that_the_loss_does_not_know_stays():
    known, unknown = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    Adam([known, unknown], 0.1, (0.9, 0.99)).step(known.sum())
    assert (known < 1).all() and (unknown == 1).all()


def test_an_inversion_does_not_import_torchs_compiler():
    program = """
import sys, torch
from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.stylegan.inversion.perceptual import InversionWeights, inversion_loss
from faceswap.stylegan.inversion.inversion import CodeSearch
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.stylegan.weights.files import load_encoder, load_generator
generator, encoder = load_generator(), load_encoder()
images = torch.zeros(1, 3, generator.resolution, generator.resolution)
loss = inversion_loss(InversionWeights(), device="cpu")
settings = InversionSettings(steps=1, fidelity=0.6, tuning_steps=5)
CodeSearch(generator, encoder, loss, settings, Whitening.of(generator, 100)).invert(images)
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
