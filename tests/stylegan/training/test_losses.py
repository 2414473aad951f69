"""Losses, penalties and the discriminator, against formulas written out."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from faceswap.stylegan.metrics.frechet import frechet_distance
from faceswap.stylegan.networks.discriminator import EqualizedConv2d, ResidualDiscriminator, with_minibatch_stddev
from faceswap.stylegan.training.ada import LARGEST_P, AdaptiveAugmentation, augmented
from faceswap.stylegan.training.losses import d_logistic, g_nonsaturating, path_lengths, r1_gamma, r1_penalty


def test_losses_at_a_guess_and_when_sure():
    guess, sure = torch.zeros(3), torch.full((3,), 30.0)
    assert g_nonsaturating(guess) == pytest.approx(math.log(2))
    assert g_nonsaturating(sure) < 1e-6
    assert d_logistic(guess, guess) == pytest.approx(2 * math.log(2))
    assert d_logistic(sure, -sure) < 1e-6 < d_logistic(-sure, sure)


def test_r1_of_a_linear_discriminator_is_its_squared_gradient():
    slopes = torch.tensor([1.0, -2.0, 0.5])
    images = torch.randn(5, 3, 4, 4, requires_grad=True)
    logits = (images * slopes[:, None, None]).sum((1, 2, 3))
    assert r1_penalty(logits, images) == pytest.approx(16 * float(slopes.square().sum()))


def test_gamma_is_the_published_heuristic():
    assert r1_gamma(64, 32) == pytest.approx(0.0256)


def test_path_lengths_of_a_linear_generator_have_the_expected_mean():
    torch.manual_seed(0)
    matrix = torch.randn(3 * 8 * 8, 6)
    rows = torch.randn(2000, 2, 6, requires_grad=True)
    images = (rows.sum(1) @ matrix.T).unflatten(1, (3, 8, 8))
    lengths = path_lengths(images, rows)
    # the slope of each row is matrix^T noise / 8: its mean square is the squared norm of the matrix / 64
    assert lengths.square().mean().item() == pytest.approx(float(matrix.square().sum()) / 64, rel=0.1)


def test_the_discriminator_takes_every_resolution_and_starts_alive():
    torch.manual_seed(0)
    for resolution, plan in ((32, [8] * 4), (64, [8] * 5)):
        discriminator = ResidualDiscriminator(resolution, plan)
        logits = discriminator(torch.randn(8, 3, resolution, resolution))
        assert logits.shape == (8,)
        assert logits.std() > 0.01


def test_equal_pictures_show_in_the_deviation():
    features = torch.randn(1, 4, 4, 4).expand(8, -1, -1, -1)
    assert with_minibatch_stddev(features)[:, 4].max() < 1e-3
    varied = with_minibatch_stddev(torch.randn(8, 4, 4, 4))
    assert varied.shape == (8, 5, 4, 4)
    assert varied[:, 4].min() > 0.5
    assert with_minibatch_stddev(torch.randn(3, 4, 4, 4)).shape == (3, 5, 4, 4)  # no whole group


def test_a_down_convolution_filters_before_it_skips():
    layer = EqualizedConv2d(1, 1, 3, down=True)
    stripes = torch.ones(1, 1, 16, 16)
    stripes[..., ::2] = -1  # the highest frequency there is: the low-pass filter removes it
    assert layer(stripes)[..., 2:-2, 2:-2].abs().max() < 1e-5


@settings(max_examples=20)
@given(p=st.floats(0, 0.99), count=st.integers(1, 5))
def test_augmentation_keeps_shape_and_lets_gradients_through(p, count):
    images = torch.rand(count, 3, 16, 16, requires_grad=True)
    changed = augmented(images, p)
    assert changed.shape == images.shape
    assert changed.isfinite().all()
    changed.sum().backward()
    assert images.grad is not None and images.grad.isfinite().all()


def test_without_probability_nothing_changes_and_with_it_much():
    images = torch.rand(16, 3, 16, 16)
    assert augmented(images, 0.0) is images
    torch.manual_seed(0)
    assert (augmented(images, 0.8) - images).abs().mean() > 0.1


def test_p_rises_while_the_discriminator_is_too_sure_and_stays_in_range():
    adaptive = AdaptiveAugmentation(images_to_one=100)
    adaptive.learn(torch.ones(10))
    assert adaptive.p == pytest.approx(0.1)
    adaptive.learn(torch.tensor([1.0, -1.0] * 5))  # a mean sign of 0 is below the target
    assert adaptive.p == 0
    for _ in range(50):
        adaptive.learn(torch.ones(10))
    assert adaptive.p == LARGEST_P


def test_frechet_distance_of_known_clouds():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(4000, 5))
    assert frechet_distance(cloud, cloud) == pytest.approx(0, abs=1e-8)
    moved = cloud * 2 + 3  # means 3 apart in 5 dimensions, deviations 1 and 2
    expected = 5 * 9 + 5 * (2 - 1) ** 2
    assert frechet_distance(cloud, moved) == pytest.approx(expected, rel=0.05)
    assert frechet_distance(moved, cloud) == pytest.approx(frechet_distance(cloud, moved))


def test_convolutions_scale_their_weights_when_used():
    layer = EqualizedConv2d(4, 2, 3)
    plain = nn.functional.conv2d(torch.ones(1, 4, 5, 5), layer.weight / 6, padding=1)
    torch.testing.assert_close(layer(torch.ones(1, 4, 5, 5)), plain)
