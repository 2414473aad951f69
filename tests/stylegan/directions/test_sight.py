"""Changes as the face embedder sees them."""

import numpy as np
import pytest
import torch

from faceswap.engine.accelerator import choose_accelerator
from faceswap.stylegan.directions.paired import directions_of_pairs
from faceswap.stylegan.directions.sight import SeenChanges, embedder_sight, equal_weights
from tests.stylegan.directions.test_paired import COUNT, planted


def test_the_embedder_sees_each_picture_as_one_row():
    see = embedder_sight("cpu")
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    pictures.requires_grad_()
    seen = see(pictures)
    assert seen.shape == (2, 12 * 12 * (32 + 48 + 96) + 6 * 6 * 192)
    seen.square().sum().backward()
    assert pictures.grad.abs().max() > 0
    torch.testing.assert_close(see(pictures[:1]), seen[:1], atol=1e-4, rtol=1e-3)


def plain(images):
    return images.flatten(1)


def test_a_drawing_that_changes_as_the_picture_does_has_no_error():
    _, _, seen, _ = planted()
    before, after = seen.pairs.before[:5], seen.pairs.after[:5]
    changes = SeenChanges(plain, seen, seen.images + 0.1)  # drawn otherwise, but moved alike
    right = changes.error(seen.images[after] + 0.1, before, after)
    torch.testing.assert_close(right, torch.zeros(5), atol=1e-3, rtol=0)
    still = changes.error(seen.images[before] + 0.1, before, after)
    own = (seen.images[after] - seen.images[before]).square().sum((1, 2, 3))
    torch.testing.assert_close(still, own, atol=1e-2, rtol=1e-2)


def test_factors_count_alike():
    steps = np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 1.0]])
    assert equal_weights(torch.tensor([1.0, 3.0, 10.0]), steps).tolist() == pytest.approx([0.5, 0.5, 0.1])


def test_moves_are_refined_by_what_is_seen():
    generator, moves, seen, _ = planted(blind=True)
    found = directions_of_pairs(generator, choose_accelerator("cpu", "fp32"), seen, held_out=0.2, steps=40, sight=plain)
    assert len(seen.pairs) == COUNT
    step = torch.from_numpy(found["smile"].step).mean(0)
    assert float(torch.cosine_similarity(step, moves[0], dim=0)) > 0.95
