"""The mask of a film, with painted masks and parts that stay."""

import numpy as np
import pytest

from faceswap.compositing.masks.film import check_edges, film_mask, leaves
from faceswap.compositing.masks.kept import KeptParts
from faceswap.compositing.masks.layers import Layers, UnionMask
from faceswap.compositing.masks.painted import PaintedMask, PaintedPictures
from faceswap.compositing.masks.shapes import HullMask
from faceswap.utils.errors import UserError

PAINTED = PaintedPictures((0,), ())


def test_a_mask_alone_is_left_as_it_is():
    mask = HullMask()
    assert film_mask(mask) is mask and film_mask(mask, keep=[]) is mask


def test_what_is_painted_limits_a_mask_unless_the_mask_names_it():
    limited = film_mask(HullMask(), PAINTED)
    assert isinstance(limited, Layers) and limited.join is np.minimum
    united = film_mask(UnionMask(["hull", "painted"]), PAINTED)
    assert isinstance(united, Layers) and united.join is np.maximum
    for mask in (limited, united, film_mask(PaintedMask(), PAINTED)):
        assert [one.pictures for one in leaves(mask) if isinstance(one, PaintedMask)] == [PAINTED]


def test_parts_are_kept_out_of_all_of_it():
    mask = film_mask(HullMask(), PAINTED, ["eyes", "eyes", "mouth"], "cpu")
    *_, kept = leaves(mask)
    assert isinstance(kept, KeptParts) and kept.parts == ("eyes", "mouth")


def test_keyframes_past_the_end():
    mask = film_mask(UnionMask(["hull", "box"], feather="{0: 0.1, 50: 0}"), PAINTED)
    check_edges(mask, 51)
    check_edges(mask, None)
    with pytest.raises(UserError, match=r"mask\.feather: frame 50 is past the end: the last of 50 is 49"):
        check_edges(mask, 50)
