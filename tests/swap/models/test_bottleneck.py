"""Gaussian codes: drawn in training, their mean in a conversion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from faceswap.swap.initialisation.schemes import start_from
from faceswap.swap.models.bottleneck import Gaussian, draw
from faceswap.swap.models.df import Df
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from tests.swap.fakes import SMALL_UD as SMALL
from tests.swap.fakes import NarrowOriginal
from tests.swap.models.test_df_and_liae import faces, save, small


def test_the_divergence_is_that_of_two_normal_distributions():
    layer = Gaussian(3, 5)
    nn.init.normal_(layer.spread.weight)
    features = torch.rand(4, 3)
    _, nats = layer.draw(features)
    code = torch.distributions.Normal(layer(features), torch.exp(layer.spread(features) / 2))
    wanted = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(nats, wanted)


def test_samples_have_the_codes_mean_and_spread():
    torch.manual_seed(0)
    layer = Gaussian(1, 1)
    nn.init.constant_(layer.spread.bias, 2 * np.log(0.5))
    samples, _ = layer.draw(torch.ones(20_000, 1))
    assert samples.mean().item() == pytest.approx(layer(torch.ones(1, 1)).item(), abs=0.02)
    assert samples.std().item() == pytest.approx(0.5, abs=0.02)


VARIATIONAL = [(NarrowOriginal, {}), (Lite, {}), (Df, SMALL), (Liae, SMALL)]


@pytest.mark.parametrize(("kind", "settings"), VARIATIONAL)
def test_training_draws_codes_and_conversion_takes_the_mean(kind, settings):
    torch.manual_seed(0)
    model = kind(**settings, beta=0.5)
    a, b = faces(3, model.resolution).split([1, 2])
    one, other = model(a, b), model(a, b)
    for side in "ab":
        assert (one[side].images != other[side].images).any()
        assert one[side].divergence.shape == () and one[side].divergence > 0
    code = model.encode(b)
    assert (code == model.encode(b)).all()
    assert (model.decode(code, "a")[0] == model.decode(code, "a")[0]).all()


def test_beta_weighs_the_divergence_for_each_value_of_the_picture():
    nats = {}
    for beta in (1.0, 2.0):
        model = small(Df, beta=beta)
        with torch.no_grad():
            _, drawn = draw(model.inter, model.encoder(faces()))
            divergence = model(faces(), faces())["a"].divergence
        torch.testing.assert_close(divergence, beta * drawn.mean() / (3 * 64**2))
        nats[beta] = drawn
    assert (nats[1.0] == nats[2.0]).all()


def test_liae_pays_for_both_codes_of_b_and_the_shared_one_of_a():
    model = small(Liae, beta=1.0)
    same = faces()
    with torch.no_grad():
        decoded = model(same, same)
    torch.testing.assert_close(decoded["b"].divergence, 2 * decoded["a"].divergence)


def test_a_plain_models_weights_become_a_gaussian_codes_mean(tmp_path):
    plain, variational = small(Df), small(Df, beta=0.2)
    nn.init.zeros_(variational.inter[0].weight)
    report = start_from(variational, save(plain, tmp_path))
    assert report.fresh == ("inter.0.spread.weight", "inter.0.spread.bias") and not report.skipped
    with torch.no_grad():
        assert (variational.encode(faces()) == plain.encode(faces())).all()
