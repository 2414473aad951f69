"""Unions and intersections of masks."""

import numpy as np
import pytest

from faceswap.compositing.masks.layers import IntersectionMask, Layers, UnionMask
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.protocol import alpha_of, mask_at
from faceswap.compositing.masks.shapes import BoxMask, HullMask
from tests.compositing.masks.test_parsed import film, parsed, view
from tests.compositing.masks.test_shapes import POINTS, _disc


def test_a_union_has_the_larger_alpha_and_an_intersection_the_smaller():
    learned = _disc(radius=30)
    parts = [LearnedMask().alpha(POINTS, 128, learned), BoxMask().alpha(POINTS, 128, learned)]
    union, both = UnionMask(["learned", "box"]), IntersectionMask(["learned", "box"])
    np.testing.assert_array_equal(union.alpha(POINTS, 128, learned), np.maximum(*parts))
    np.testing.assert_array_equal(both.alpha(POINTS, 128, learned), np.minimum(*parts))


def test_a_mask_with_itself_is_itself():
    for kind in (UnionMask, IntersectionMask):
        np.testing.assert_array_equal(
            kind(["hull", "hull"]).alpha(POINTS, 128, None), HullMask().alpha(POINTS, 128, None)
        )


def test_edges_said_for_all_are_those_of_all_and_change_along_the_film():
    union = UnionMask(["hull", "box"], erode="{0: 0, 10: 0.2}", feather=0.05)
    here = mask_at(union, 10)
    one, other = HullMask(0.2, 0.05), BoxMask(0.2, 0.05)
    expected = np.maximum(one.alpha(POINTS, 128, None), other.alpha(POINTS, 128, None))
    np.testing.assert_allclose(here.alpha(POINTS, 128, None), expected, atol=1e-6)


def test_what_one_of_them_sees_hides_its_own_part_alone():
    """A hand hides the parsed mask, not the hull that is united with it, nor does it come back in an intersection."""
    frame = film(hidden=True)
    seen = view(frame)
    for join, hidden in ((np.maximum, False), (np.minimum, True)):
        mask = Layers([parsed(), Layers([HullMask(), parsed()], np.maximum)], join)
        (free,) = mask.free([frame], [seen], [0])
        assert free.shape == (3, 128, 128)
        alpha = alpha_of(mask, seen.points, seen.size_px, None, free)
        x, y = ((seen.points[[45, 54]].mean(0) + 0.5) * 128 / seen.size_px).astype(int)
        assert alpha[y, x] == pytest.approx(0 if hidden else 1, abs=0.05)


def test_masks_of_several_sizes_meet_at_the_finest():
    learned = np.ones((256, 256), np.float32)
    assert UnionMask(["hull", "learned"]).alpha(POINTS, 128, learned).shape == (256, 256)
