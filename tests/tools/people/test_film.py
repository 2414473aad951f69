"""Exposure, tone and grain."""

from __future__ import annotations

import numpy as np
import pytest

from tools.people.background import background
from tools.people.film import Film, develop, expose, exposure_of
from tools.people.light import random_light, studio_light


def test_mid_skin_comes_out_the_same_under_any_light():
    dim, bright = exposure_of(0.2, 0.3, 0.0), exposure_of(2.0, 0.3, 0.0)
    assert dim * 0.2 == pytest.approx(bright * 2.0)


def test_face_metering_helps_dark_skin_only_as_far_as_asked():
    assert exposure_of(1.0, 0.05, 0.0) == exposure_of(1.0, 0.6, 0.0)
    assert exposure_of(1.0, 0.05, 0.4) > exposure_of(1.0, 0.3, 0.4) > exposure_of(1.0, 0.6, 0.4)


def test_more_light_never_gets_darker():
    ramp = np.repeat(np.linspace(0, 4, 200, dtype=np.float32)[:, None, None], 3, 2)
    shown = develop(ramp, 1.0)
    assert (np.diff(shown[:, 0, 0]) > -1e-4).all()
    assert shown.min() >= -0.05 and shown.max() <= 1.05


def test_clean_film_is_exact_and_grain_repeats():
    grey = np.full((32, 32, 3), 0.5, np.float32)
    assert (expose(grey, Film()) == 128).all()
    grainy = Film(grain=0.02, seed=4)
    np.testing.assert_array_equal(expose(grey, grainy), expose(grey, grainy))
    assert 2 < expose(grey, grainy).std() < 6


def test_a_background_is_its_seeds_and_not_to_be_written_to():
    assert background(3, 64).shape == (64, 64, 3)
    np.testing.assert_array_equal(background(3, 64), background(3, 64))
    assert np.abs(background(3, 64) - background(4, 64)).mean() > 0.01
    with pytest.raises(ValueError, match="read-only"):
        background(3, 64)[0] = 0


def test_lights_shine_and_point_somewhere():
    for light in (studio_light(), *(random_light(np.random.default_rng(seed)) for seed in range(20))):
        np.testing.assert_allclose(np.linalg.norm(light.directions, axis=1), 1, atol=1e-5)
        assert light.frontal_irradiance() > 0.1
