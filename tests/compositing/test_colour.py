from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.compositing.colour import ColourSmoother
from faceswap.media.pictures.colour_transfer import ColourStatistics, MongeKantorovich, NoColour, Reinhard
from faceswap.utils.errors import UserError

ONES = np.ones((64, 64), np.float32)


def _picture(seed: int = 0, size: int = 64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.uniform(0.02, 0.12, (3, 3))
    return np.clip(rng.standard_normal((size, size, 3)) @ mixing + 0.5, 0.02, 0.98).astype(np.float32)


def _match(matcher, face: np.ndarray, target: np.ndarray, weights: np.ndarray = ONES) -> np.ndarray:
    return matcher.match(face, matcher.measure(face, weights), matcher.measure(target, weights))


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
def test_takes_the_target_colours(matcher) -> None:
    target = _picture(1)
    face = np.clip(target[::-1] * (0.8, 0.85, 0.9) + (0.02, 0.0, -0.02), 0, 1).astype(np.float32)
    matched = _match(matcher, face, target)
    assert np.abs(matched.mean((0, 1)) - target.mean((0, 1))).max() < 0.01
    assert np.abs(matched.std((0, 1)) - target.std((0, 1))).max() < 0.02


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
def test_leaves_equal_colours_alone(matcher) -> None:
    face = _picture()
    np.testing.assert_allclose(_match(matcher, face, face), face, atol=2e-3)


def test_mkl_undoes_a_mixing_of_channels_where_reinhard_cannot() -> None:
    target = _picture(2)
    mixing = np.array([[0.9, 0.1, 0], [0.1, 0.8, 0.1], [0, 0.1, 0.9]])  # symmetric: a map of least displacement
    face = np.clip(target @ mixing, 0, 1).astype(np.float32)
    assert np.abs(_match(MongeKantorovich(), face, target) - target).max() < 0.02


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
def test_only_the_mask_counts(matcher) -> None:
    target, face = _picture(1), _picture(3)
    weights = ONES.copy()
    weights[:, 40:] = 0
    spoilt = target.copy()
    spoilt[:, 40:] = (1, 0, 0)
    np.testing.assert_allclose(_match(matcher, face, spoilt, weights), _match(matcher, face, target, weights))


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
def test_tiny_masks_are_refused(matcher) -> None:
    weights = np.zeros((64, 64), np.float32)
    assert matcher.measure(_picture(), weights) is None
    weights[3, 3:6] = 1
    assert matcher.measure(_picture(), weights) is None


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_pictures_give_finite_colours(matcher, level: float) -> None:
    flat = np.full((64, 64, 3), level, np.float32)
    for face, target in ((flat, _picture()), (_picture(), flat), (flat, flat)):
        matched = _match(matcher, face, target)
        assert np.isfinite(matched).all() and matched.min() > -0.5 and matched.max() < 1.5
    np.testing.assert_allclose(_match(matcher, flat, flat), flat, atol=2e-3)


def test_contrast_is_not_blown_up() -> None:
    faint = np.clip(0.5 + 0.02 * np.random.default_rng(0).standard_normal((64, 64, 3)), 0, 1).astype(np.float32)
    harsh = np.random.default_rng(1).choice([0.0, 1.0], (64, 64, 1)).repeat(3, 2).astype(np.float32)
    for matcher in (Reinhard(), MongeKantorovich()):
        assert _match(matcher, faint, harsh).std() < 0.06


def test_contrast_grows_with_the_light_alone() -> None:
    """B's skin may spread wider than A's: that is no reason to make A's eyes and lips harsher."""
    face = 0.6 * _picture(3)
    rougher = np.clip((face - face.mean((0, 1))) * 1.5 + face.mean((0, 1)), 0, 1)
    assert np.abs(_match(Reinhard(), face, rougher).std((0, 1)) / face.std((0, 1)) - 1).max() < 0.05
    brighter = 1.25 * face
    assert np.abs(_match(Reinhard(), face, brighter).std((0, 1)) / brighter.std((0, 1)) - 1).max() < 0.05


def test_none_measures_nothing() -> None:
    assert NoColour().measure(_picture(), ONES) is None


def test_works_on_larger_faces_than_it_measures() -> None:
    matcher, target = Reinhard(), _picture(1)
    large = cv2.resize(_picture(3), (256, 256))
    small = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)
    matched = matcher.match(large, matcher.measure(small, ONES), matcher.measure(target, ONES))
    assert matched.shape == large.shape
    assert np.abs(matched.mean((0, 1)) - target.mean((0, 1))).max() < 0.02


def _grey(level: float) -> ColourStatistics:
    return ColourStatistics(np.full(3, level), np.eye(3) * 0.01)


def test_memory_averages_along_a_track() -> None:
    memory, rng = ColourSmoother(0.9), np.random.default_rng(0)
    seen = [
        memory.smoothed(0, i, _grey(0.3), _grey(0.5 + v))[1].mean[0] for i, v in enumerate(rng.normal(0, 0.003, 200))
    ]
    assert np.std(np.diff(seen[20:])) < 0.1 * np.std(np.diff(rng.normal(0, 0.003, 200)))
    assert abs(np.mean(seen[20:]) - 0.5) < 0.02


@pytest.mark.parametrize("change", [0.4, -0.4, 0.02])
def test_memory_follows_light_at_once(change: float) -> None:
    memory = ColourSmoother(0.9)
    for frame in range(20):
        memory.smoothed(0, frame, _grey(0.5), _grey(0.5))
    dim = ColourStatistics(np.full(3, 0.5 + change), np.eye(3) * 0.0001)
    source, target = memory.smoothed(0, 20, _grey(0.5), dim)
    assert np.abs(target.mean - dim.mean).max() <= 2.01 / 255 and np.abs(source.mean - 0.5).max() < 1e-9
    assert np.trace(target.covariance) <= 1.31 * np.trace(dim.covariance)


def test_memory_begins_anew() -> None:
    memory = ColourSmoother(0.9)
    for frame in range(10):
        memory.smoothed(0, frame, _grey(0.1), _grey(0.1))
    assert memory.smoothed(1, 10, _grey(0.9), _grey(0.9))[1].mean[0] == 0.9  # another track: a cut
    assert memory.smoothed(-1, 10, _grey(0.8), _grey(0.8))[1].mean[0] == 0.8  # no track
    assert memory.smoothed(0, 60, _grey(0.9), _grey(0.9))[1].mean[0] == 0.9  # long unseen
    assert ColourSmoother(0).smoothed(0, 1, _grey(0.2), _grey(0.7))[1].mean[0] == 0.7
    with pytest.raises(UserError, match="smooth_colour"):
        ColourSmoother(1.0)


def test_reinhard_agrees_with_lab_for_every_pixel() -> None:
    """On skin-like colours the affine map stays close to the conversion of each pixel to Lab and back."""
    rng = np.random.default_rng(4)
    light = rng.normal(0, 0.12, (64, 64, 1))
    face = np.clip((0.75, 0.55, 0.45) + light + rng.normal(0, 0.02, (64, 64, 3)), 0, 1).astype(np.float32)
    target = np.clip((0.5, 0.42, 0.38) + 0.7 * light + rng.normal(0, 0.02, (64, 64, 3)), 0, 1).astype(np.float32)
    lab, wanted = cv2.cvtColor(face, cv2.COLOR_RGB2LAB), cv2.cvtColor(target, cv2.COLOR_RGB2LAB)
    gain = wanted.std((0, 1)) / lab.std((0, 1))
    exact = cv2.cvtColor((lab - lab.mean((0, 1))) * gain + wanted.mean((0, 1)), cv2.COLOR_LAB2RGB)
    assert np.abs(_match(Reinhard(), face, target) - exact).mean() < 1 / 255
