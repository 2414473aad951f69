"""The layers equal what the papers define, in both formulations, and keep their memory layout."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.stylegan.networks import layers
from tests.stylegan import reference

sizes = st.integers(1, 5)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=25)
@given(sizes, sizes, sizes, st.integers(1, 6), st.integers(1, 6), st.booleans(), st.booleans())
def test_modulated_convolution_is_the_papers(count, inputs, outputs, height, width, up, fused):
    features, weight = drawn(count, inputs, height, width), drawn(outputs, inputs, 3, 3, seed=1)
    styles, shift = drawn(count, inputs, seed=2), drawn(outputs, 1, 1, seed=3)
    ours = layers.modulated_convolution(features, weight, styles, shift, gain=1.5, up=up, fused=fused).numpy()
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64 if up else None
    for image, style, result in zip(features.numpy(), styles.numpy(), ours, strict=True):
        expected = reference.modulated(image, weight.numpy(), style, kernel) * 1.5 + shift.numpy()
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-10)


def test_colours_are_not_demodulated():
    features, weight, styles = drawn(2, 4, 3, 3), drawn(3, 4, 1, 1, seed=1), drawn(2, 4, seed=2)
    expected = (weight[:, :, 0, 0] @ (styles[:, :, None] * features.flatten(2))).unflatten(2, (3, 3))
    for fused in (False, True):
        ours = layers.modulated_convolution(features, weight, styles, demodulate=False, fused=fused)
        torch.testing.assert_close(ours, expected)


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6))
def test_doubling_and_halving_filter_as_published(channels, height, width):
    image = drawn(1, channels, height, width)
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
    np.testing.assert_allclose(
        layers.upsampled(image)[0], reference.doubled(image[0].numpy(), kernel * 4), rtol=0, atol=1e-12
    )
    large = drawn(1, channels, 2 * height, 2 * width).float()
    smooth = reference.filtered(reference.padded(large[0].double().numpy(), 1, 1), kernel)
    np.testing.assert_allclose(layers.downsampled(large)[0], smooth[:, ::2, ::2], rtol=0, atol=1e-5)


def test_a_grey_picture_stays_grey_when_doubled_and_halved():
    grey = torch.full((1, 3, 8, 8), 0.5)
    assert (layers.upsampled(grey)[..., 1:-1, 1:-1] == 0.5).all()
    assert (layers.downsampled(grey)[..., 1:-1, 1:-1] == 0.5).all()


@pytest.mark.parametrize("up", [False, True])
def test_features_stay_channels_last(up):
    features = torch.randn(2, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    result = layers.modulated_convolution(
        features, torch.randn(4, 8, 3, 3), torch.randn(2, 8), torch.zeros(4, 1, 1), up=up
    )
    assert result.is_contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def test_dense_layers_learn_at_their_rate():
    slow, fast = layers.Dense(64, 32, rate=0.01), layers.Dense(64, 32)
    assert slow.weight.std() == pytest.approx(100, rel=0.1)  # stored large, so that steps of Adam are small beside it
    values = torch.randn(256, 64)
    assert slow(values).std() == pytest.approx(1, rel=0.1) and fast(values).std() == pytest.approx(1, rel=0.1)


@torch.no_grad()
def test_styles_are_exact_under_autocast():
    dense, values = layers.Dense(16, 8, bias=1.0), torch.randn(4, 16)
    with torch.autocast("cpu", torch.bfloat16):
        half = dense(values)
    assert torch.equal(half, dense(values))
