"""Entropies, held out and not; edit consistency; confidence intervals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from faceswap.stylegan.directions.directions import Direction
from faceswap.stylegan.metrics.confidence import bootstrap
from faceswap.stylegan.metrics.consistency import edit_consistency
from faceswap.stylegan.metrics.separability import conditional_entropy, most_certain, separability
from tests.stylegan.toy import LinearGenerator


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_entropy_is_between_nothing_and_that_of_the_truth(pairs):
    truth, said = np.array(pairs).T
    share = truth.mean()
    most = -sum(p * np.log(p) for p in (share, 1 - share) if p > 0)
    assert -1e-12 <= conditional_entropy(truth, said) <= most + 1e-12
    assert conditional_entropy(truth, truth) == 0
    assert conditional_entropy(truth, np.zeros_like(truth)) == pytest.approx(most)


def test_random_labels_tell_nothing_though_they_look_separable_where_fitted():
    rng = np.random.default_rng(0)
    codes, scores = rng.normal(size=(400, 150)), rng.normal(size=400)
    found = separability(codes, {"nothing": scores})
    assert found.entropies["nothing"] == pytest.approx(np.log(2), abs=0.05)
    assert found.fitted["nothing"] < 0.2  # 200 points in 150 dimensions: the published code calls this separable
    assert found.as_published < 1.25 < 1.8 < found.held_out.value


def test_a_linear_attribute_is_separable():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(1200, 10))
    scores = codes @ rng.normal(size=10)
    found = separability(codes, {"linear": scores, "random": rng.normal(size=1200), "never": np.full(1200, -3.0)})
    assert set(found.entropies) == {"linear", "random"}  # what never occurs is left out
    assert found.entropies["linear"] < 0.1 < 0.6 < found.entropies["random"]
    assert found.held_out.low <= found.held_out.value <= found.held_out.high
    assert found.held_out.value == pytest.approx(np.exp(sum(found.entropies.values())))
    with pytest.raises(ValueError, match="no attribute"):
        separability(codes, {"never": np.full(1200, -3.0)})


def test_the_surest_are_farthest_from_the_middle():
    places, labels = most_certain(np.array([-3.0, -0.1, 0.2, 2.0]))
    assert places.tolist() == [0, 3] and labels.tolist() == [False, True]
    places, labels = most_certain(np.array([20.0, 30, 41, 70]))
    assert sorted(places) == [0, 3] and labels.sum() == 1


def test_a_bootstrap_holds_the_mean_and_shrinks():
    samples = np.random.default_rng(0).normal(5, 1, 2000)
    few, many = bootstrap(samples[:50]), bootstrap(samples)
    assert many.low < 5 < many.high and many.count == 2000
    assert many.high - many.low == pytest.approx(2 * 1.96 / np.sqrt(2000), rel=0.2) and many.high - many.low < (
        few.high - few.low
    )
    with pytest.raises(ValueError, match="nothing was measured"):
        bootstrap(np.zeros(0))


class Exact(torch.nn.Module):
    """Reads the one w of a linear generator's picture; `deaf` to one direction."""

    def __init__(self, generator, deaf=None):
        super().__init__()
        self.back, self.rows, self.deaf = torch.linalg.pinv(generator.matrix), generator.rows, deaf

    def forward(self, images):
        w = images.flatten(1) @ self.back.T
        if self.deaf is not None:
            w = w - (w @ self.deaf)[:, None] * self.deaf
        return w[:, None].expand(-1, self.rows, -1)


def test_an_exact_encoder_is_consistent_and_a_deaf_one_is_not():
    generator = LinearGenerator(spread=0.005)
    step = np.eye(16, dtype=np.float32)[0]
    direction = Direction("x", step, step, scale=0.5)
    images = generator(torch.randn(5, 16))
    assert edit_consistency(generator, Exact(generator), images, direction).max() < 1e-3
    deaf = Exact(generator, torch.from_numpy(step))
    np.testing.assert_allclose(edit_consistency(generator, deaf, images, direction, 3.0), 1.5, rtol=1e-3)
    assert edit_consistency(generator, deaf, images, direction, 0.0).max() < 1e-3
