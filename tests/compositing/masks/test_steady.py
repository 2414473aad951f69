"""What masks see, steadied by both sides."""

import numpy as np
import pytest

from faceswap.compositing.masks.kept import KeptParts
from faceswap.compositing.masks.layers import Layers
from faceswap.compositing.masks.painted import PaintedMask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.masks.steady import steadied, steady_shares, without_memory
from tests.compositing.masks.test_parsed import FakeParser, parsed


def level(*values: float) -> list[np.ndarray]:
    return [np.full((4, 4), value, np.float32) for value in values]


def test_noise_is_averaged_and_a_hand_passes_at_once():
    seen = level(0.8, 0.8, 0.9, 0.8, 0.8)
    assert 0.8 < steadied(seen, 2, [0.5])[0, 0] < 0.86
    np.testing.assert_allclose(steadied(level(0.9, 0.9, 0.1, 0.1), 2, [0.5]), 0.1, atol=1e-6)
    np.testing.assert_array_equal(steadied(seen, 2, [0.0]), seen[2])


def test_each_mask_of_several_by_its_own_share():
    stacks = [np.stack(level(value, value)) for value in (0.8, 0.9, 0.8)]
    result = steadied(stacks, 1, [0.5, 0.0])
    assert result.shape == (2, 4, 4) and result[0, 0, 0] < 0.87 and result[1, 0, 0] == np.float32(0.9)


def test_a_view_of_another_size_says_nothing():
    seen = [np.zeros((8, 8), np.float32), np.full((4, 4), 0.1, np.float32)]
    np.testing.assert_array_equal(steadied(seen, 1, [0.5]), seen[1])


def test_shares_are_those_of_each_mask_and_memory_is_taken_out_of_all():
    mask = Layers([HullMask(), Layers([parsed(steady=0.7), PaintedMask()], np.maximum),
                   KeptParts(["eyes"], parser=FakeParser())], np.minimum)  # fmt: skip
    assert steady_shares(mask) == pytest.approx([0, 0.7, 0, 0.5])
    assert steady_shares(without_memory(mask)) == pytest.approx([0, 0, 0, 0.5])
    assert steady_shares(mask)[1] == 0.7  # the one that was chosen stays
