"""Likeness in per cent: calibrated, rising, and refused where nothing can be told."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.lookalike.calibration import Calibration, calibration_error, fit


def pairs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.normal(0.7, 0.12, 1500).clip(-1, 1), chance.normal(0.1, 0.2, 4000).clip(-1, 1)


def test_likeness_holds_on_pairs_it_was_not_fitted_on():
    curve = fit(*pairs(1))
    assert calibration_error(curve, *pairs(2)) < 3
    assert calibration_error(Calibration(1.0, 0.0, curve.strangers), *pairs(2)) > 10
    told = curve.likeness_percent(np.linspace(-1, 1, 50))
    assert (np.diff(told) > 0).all() and told[0] < 1 and told[-1] > 99


def test_strangers_tell_how_rare_a_likeness_is():
    _, different = pairs(1)
    curve = fit(*pairs(1))
    assert curve.closer_than_percent(np.median(different)) == pytest.approx(50, abs=1)
    assert curve.closer_than_percent(np.float64(1)) == 100 and curve.closer_than_percent(np.float64(-1)) == 0
    assert Calibration.of_plain(curve.plain()) == curve


def test_what_tells_nothing_is_refused():
    same, different = pairs(1)
    for one, other in ((same[:0], different), (same, different[:0]), (different, same)):
        with pytest.raises(ValueError, match=r"pairs|told"):
            fit(one, other)
    for value in (None, {}, {"slope": -1, "offset": 0, "strangers": [0, 1]},
                  {"slope": 1, "offset": 0, "strangers": [1, 0]}, {"slope": "x", "offset": 0, "strangers": [0, 1]},
                  {"slope": float("nan"), "offset": 0, "strangers": [0, 1]}):  # fmt: skip
        with pytest.raises(ValueError):
            Calibration.of_plain(value)
