"""Fits on planted truths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.stylegan.directions.hyperplane import Ends, accuracy, fit_hyperplane, principal, without


def planted(count: int = 2000, size: int = 16, seed: int = 0, noise: float = 0.0):
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=size)
    normal /= np.linalg.norm(normal)
    points = rng.normal(size=(count, size)) * rng.uniform(0.8, 1.2, size)
    return points, normal, points @ normal + 0.3 + noise * rng.normal(size=count)


def degrees(one, other):
    return np.degrees(np.arccos(np.clip(one @ other / np.linalg.norm(one) / np.linalg.norm(other), -1, 1)))


def test_the_least_loss_is_found():
    """The numbers are those of Newton's method."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(300, 4)) * [1, 2, 3, 0.5] + 1
    plane = fit_hyperplane(points, points @ [1, -0.5, 0.2, 0] + rng.normal(size=300) > 0.3)
    np.testing.assert_allclose(plane.normal, [0.9117713, -0.3774490, 0.1462111, 0.0694816], atol=1e-6)
    assert plane.intercept == pytest.approx(-0.5997685, abs=1e-6)


@pytest.mark.parametrize(("noise", "most"), [(0.0, 5.0), (0.5, 8.0)])
def test_a_planted_hyperplane_is_found(noise, most):
    points, normal, scores = planted(noise=noise)
    plane = fit_hyperplane(points[:1500], scores[:1500] > 0)
    assert degrees(plane.normal, normal) < most
    assert plane.intercept == pytest.approx(0.3, abs=0.1)
    assert np.linalg.norm(plane.normal) == pytest.approx(1)
    assert accuracy(plane, points[1500:], points[1500:] @ normal + 0.3 > 0) > (0.97 if noise == 0 else 0.9)


def test_few_samples_of_many_numbers_do_not_break_it():
    points, _, scores = planted(count=60, size=200)
    plane = fit_hyperplane(points, scores > 0)
    assert np.isfinite(plane.normal).all() and accuracy(plane, points, scores > 0) > 0.95


@given(st.integers(0, 1000), st.floats(0.01, 100))
@settings(max_examples=20)
def test_units_do_not_matter(seed, unit):
    points, _, scores = planted(300, 5, seed)
    plain, scaled = fit_hyperplane(points, scores > 0), fit_hyperplane(points * unit, scores > 0)
    np.testing.assert_allclose(plain.normal, scaled.normal, atol=1e-4)
    assert scaled.intercept == pytest.approx(plain.intercept * unit, rel=1e-3, abs=1e-4 * unit)


def test_constant_coordinates_and_rare_labels_are_borne():
    points, normal, scores = planted()
    points = np.hstack([points, np.full((len(points), 1), 7.0)])
    plane = fit_hyperplane(points, scores > np.quantile(scores, 0.97))
    assert plane.normal[-1] == 0
    assert degrees(plane.normal[:-1], normal) < 12
    with pytest.raises(ValueError, match="all labels are the same"):
        fit_hyperplane(points, scores > 1e9)
    with pytest.raises(ValueError, match="do not differ"):
        fit_hyperplane(np.ones((4, 3)), np.array([True, False, True, False]))


def test_ends_are_the_surest_samples():
    scores = np.arange(100.0)
    ends = Ends.of(scores, 0.1)
    assert ends.chosen(scores).sum() == 20 and ends.labels(scores[ends.chosen(scores)]).sum() == 10
    labels = np.repeat([0.0, 1.0], [90, 10])  # rare, and of two values only
    assert Ends.of(labels, 0.05).labels(labels).sum() == 10
    with pytest.raises(ValueError, match="do not differ"):
        Ends.of(np.ones(5), 0.2)


@given(st.integers(0, 1000), st.booleans())
@settings(max_examples=20)
def test_a_conditional_direction_leaves_the_others_alone(seed, in_spreads):
    rng = np.random.default_rng(seed)
    direction, others = rng.normal(size=12), rng.normal(size=(3, 12))
    factor = rng.normal(size=(12, 12))
    kept = without(direction, others, factor @ factor.T + np.eye(12) if in_spreads else None)
    np.testing.assert_allclose(others @ kept, 0, atol=1e-9)
    assert direction @ kept > 0 and np.linalg.norm(kept) == pytest.approx(1)


def test_gram_schmidt_against_one_is_the_papers_formula():
    one, other = np.array([1.0, 1.0, 0.0]) / np.sqrt(2), np.array([0.0, 1.0, 0.0])
    np.testing.assert_allclose(without(one, other), [1, 0, 0], atol=1e-12)
    with pytest.raises(ValueError, match="nothing of the direction"):
        without(one, one)
    np.testing.assert_allclose(without(one, np.zeros((0, 3))), one)


def test_principal_axes_are_the_widest():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    points = rng.normal(size=(4000, 6)) * [5, 3, 1, 0.5, 0.2, 0.1] @ turn
    axes, spreads = principal(points, 2)
    np.testing.assert_allclose(np.abs(axes @ turn.T)[:, :2], np.eye(2), atol=0.05)
    np.testing.assert_allclose(spreads, [5, 3], rtol=0.05)
    assert (axes[np.arange(2), np.abs(axes).argmax(1)] > 0).all()
