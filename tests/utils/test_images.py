"""Pictures to tensors and back: nothing is lost."""

import numpy as np
import pytest

from faceswap.utils.images import channels_last, from_signed_range, from_unit_range, to_signed_range, to_unit_range

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("there", "back", "low"), [(to_unit_range, from_unit_range, 0), (to_signed_range, from_signed_range, -1)]
)
def test_pictures_come_back_as_they_were(there, back, low):
    images = there(PICTURES)
    assert images.shape == (2, 3, 5, 4) and low <= float(images.min()) < float(images.max()) <= 1
    np.testing.assert_array_equal(back(images), PICTURES)
    np.testing.assert_array_equal(back(images * 10), back((images * 10).clamp(low, 1)))


def test_values_keep_their_places():
    np.testing.assert_allclose(channels_last(to_unit_range(PICTURES)), PICTURES / np.float32(255))
