"""Evenly spread picks, smooth steps, the half cosine."""

import numpy as np
import pytest

from faceswap.utils.numbers import evenly_spread, half_cosine, smoothstep


@pytest.mark.parametrize(
    ("count", "most", "expected"), [(5, 3, [0, 2, 4]), (3, 8, [0, 1, 2]), (1, 4, [0]), (0, 4, []), (10, 1, [0])]
)
def test_picks_lie_evenly_over_all(count, most, expected):
    assert evenly_spread(count, most).tolist() == expected


def test_curves_run_from_end_to_end():
    assert smoothstep(0.0) == 0 and smoothstep(1.0) == 1
    np.testing.assert_allclose(smoothstep(np.array([0.25, 0.75])).sum(), 1)
    assert [half_cosine(share) for share in (0, 0.5, 1, 2)] == pytest.approx([1, 0.5, 0, 0])
