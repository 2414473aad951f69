"""The words in the corner of every frame."""

import numpy as np
import pytest

from faceswap.souvenir.label import labelled


@pytest.mark.parametrize("size", [(320, 320), (406, 422), (32, 32), (8, 200)])
def test_the_corner_has_letters_and_the_rest_is_as_it_was(size):
    image = np.full((*size, 3), 200, np.uint8)
    done = labelled(image)
    changed = (done != image).any(2)
    assert done.shape == image.shape and (image == 200).all() and changed[0, 0]
    assert not changed[size[0] // 2 :, size[1] // 2 :].any() or min(size) < 100
    corner = done[:5]
    assert corner.min() < 110  # the strip
    if min(size) >= 100:
        assert done[:20, :80].max() > 230  # the letters


def test_all_black_and_all_white_pictures_show_it():
    for ground in (0, 255):
        done = labelled(np.full((300, 300, 3), ground, np.uint8))[:25, :90].astype(int)
        assert done.max() - done.min() > 100
