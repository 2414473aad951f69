"""The way from samples to directions, on a generator whose attributes are planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.stylegan.directions.directions import move
from faceswap.stylegan.directions.discovery import (
    Sample,
    corrected,
    draw_sample,
    effects,
    find_directions,
    principal_directions,
    styles_of,
)
from faceswap.utils.errors import UserError
from tests.stylegan.toy import LinearGenerator


@pytest.fixture(scope="module")
def planted():
    """A generator, a scorer of three attributes and their normals; the first two have a cosine of 0.6."""
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(16, 3)))[0].T
    normals = {"age": basis[0], "glasses": 0.6 * basis[0] + 0.8 * basis[1], "smile": basis[2]}
    generator = LinearGenerator()
    scorer = generator.reader(**normals)
    return generator, scorer, normals, draw_sample(generator, scorer, 1500)


def test_scores_of_pictures_are_those_planted(planted):
    generator, _, normals, sample = planted
    assert sample.w.shape == (1500, 16)
    for name, normal in normals.items():
        expected = sample.w @ normal
        np.testing.assert_allclose(sample.scores[name], expected, atol=0.15)
        assert expected.std() > 0.5
    again = styles_of(generator, [7], 1.0)
    torch.testing.assert_close(again[0], torch.from_numpy(sample.w[7]))
    torch.testing.assert_close(styles_of(generator, [7], 0.0)[0], generator.average)


def test_plain_directions_leak_as_planted(planted):
    generator, scorer, normals, sample = planted
    found = find_directions(generator, scorer, sample, list(normals), apart={}, probes=64, confident=0.5)
    for name, normal in normals.items():
        assert found[name].normal @ normal > 0.97
        right = found[name].accuracy
        assert right["surest"] >= right["confident"] > 0.97 and right["all"] > 0.9
    assert found.leakage.shape == (3, 3)
    assert found.leakage[0, 1] > 0.4 * found.leakage[0, 0]  # glasses come with age


def test_parted_directions_move_their_own_attribute_alone(planted):
    generator, scorer, normals, sample = planted
    names = list(normals)
    apart = {name: names for name in names}
    found = find_directions(generator, scorer, sample, names, apart=apart, probes=64, confident=0.5)
    own = np.diag(found.leakage)
    np.testing.assert_allclose(own, 2.0, rtol=0.15)  # an edit of 2 sigmas is one of 2 standard deviations
    assert np.abs(found.leakage - np.diag(own)).max() < 0.1
    only_glasses = find_directions(
        generator, scorer, sample, names, apart={"age": ["glasses"]}, probes=64, confident=0.5
    )
    assert abs(only_glasses.leakage[0, 1]) < 0.15 and only_glasses.leakage[1, 0] > 0.4


def test_a_correction_undoes_a_measured_leakage(planted):
    generator, scorer, normals, sample = planted
    plain = list(
        find_directions(
            generator, scorer, sample, list(normals), apart={}, probes=64, confident=0.5
        ).directions.values()
    )
    w = torch.from_numpy(sample.w[:64])
    before = effects(generator, scorer, plain, w)
    after = effects(generator, scorer, corrected(plain, before), w)
    assert abs(before[0, 1]) > 0.5
    np.testing.assert_allclose(after, np.diag(np.diag(after)), atol=0.1)
    np.testing.assert_allclose(np.diag(after), [2 * sample.scores[name].std() for name in normals], rtol=0.15)


def test_effects_are_what_moving_does(planted):
    generator, scorer, normals, sample = planted
    found = find_directions(generator, scorer, sample, ["age"], apart={}, probes=32)
    w = torch.from_numpy(sample.w[:40])
    change = (move(generator.spread(w), found["age"], 2.0).mean(1) - w).numpy() @ normals["age"]
    assert effects(generator, scorer, [found["age"]], w)[0, 0] == pytest.approx(change.mean(), rel=0.05)


def test_samples_join_and_unknown_scores_are_passed_over(planted):
    generator, scorer, normals, sample = planted
    extra = Sample(sample.w[:100], {"smile": sample.scores["smile"][:100], "hat": sample.scores["age"][:100]})
    both = sample + extra
    assert len(both.w) == 1600 and np.isnan(both.scores["hat"][:1500]).all()
    assert np.isnan(both.scores["age"][1500:]).all()
    found = find_directions(generator, scorer, both, ["smile"], apart={}, probes=8, confident=0.5)
    assert found["smile"].normal @ normals["smile"] > 0.97


def test_what_cannot_be_parted_is_told(planted):
    generator, scorer, _, sample = planted
    constant = Sample(sample.w, {"bald": np.zeros(1500)})
    with pytest.raises(UserError, match="no direction can be found for 'bald': its scores do not differ"):
        find_directions(generator, scorer, constant, ["bald"], apart={})
    few = Sample(sample.w[:30], {"age": sample.scores["age"][:30]})
    with pytest.raises(UserError, match="take more samples=, pictures or labels"):
        find_directions(generator, scorer, few, ["age"], apart={})


def test_principal_directions_are_named_and_scaled(planted):
    *_, sample = planted
    found = principal_directions(sample.w, 3)
    assert list(found) == ["pca1", "pca2", "pca3"]
    scores = found["pca1"].score(torch.from_numpy(sample.w)).numpy()
    assert scores.mean() == pytest.approx(0, abs=1e-3) and scores.std() == pytest.approx(1, abs=1e-2)


def test_labels_that_no_scorer_tells_of_give_directions_without_a_measure(planted, caplog):
    generator, scorer, normals, sample = planted
    labelled = Sample(sample.w, {"mine": sample.scores["age"], "smile": sample.scores["smile"]})
    found = find_directions(generator, scorer, labelled, ["mine", "smile"], apart={}, probes=8)
    assert found["mine"].normal @ normals["age"] > 0.9 and found.leakage is None
    assert "no scorer tells of all of mine, smile" in caplog.text
