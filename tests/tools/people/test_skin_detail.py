"""The skin's noise: blurred in its spectrum as scipy blurs it in place."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft, ndimage

from tools.people.skin_detail import _blur


@pytest.mark.parametrize("sigmas", [(0.7, 0.7), (1.6, 1.0), (40.0, 40.0)])  # the last one is wider than the picture
def test_a_spectrum_is_blurred_as_a_picture_that_wraps_around(sigmas):
    picture = np.random.default_rng(0).standard_normal((64, 96)).astype(np.float32)
    blurred = fft.irfft2(fft.rfft2(picture) * _blur(picture.shape, sigmas, truncate=3), picture.shape)
    wanted = ndimage.gaussian_filter(picture, sigmas, mode="wrap", truncate=3)
    assert blurred.dtype == np.float32
    np.testing.assert_allclose(blurred, wanted, atol=1e-5)
