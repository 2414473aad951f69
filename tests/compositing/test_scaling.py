"""Drawn faces larger or smaller than those they cover."""

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender, PoissonBlender
from faceswap.compositing.compositor import blend
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from tests.compositing.masks.test_parsed import POINTS, film, parsed, view


def changed(scale: float, mask=None, frame: Frame | None = None, blender=None) -> np.ndarray:
    frame = frame or Frame(np.full((480, 640, 3), 200, np.uint8), 0, 0.0)
    drawn = Decoded(np.zeros((1, 96, 96, 3), np.float32), None)
    out = blend(
        frame, [view(frame, coverage=0.9)], drawn, mask=mask or HullMask(), colour=NoColour(),
        blender=blender or AlphaBlender(), scale=scale,
    )  # fmt: skip
    return (out.image != frame.image).any(-1)


@pytest.mark.parametrize("scale", [0.5, 0.9, 1.1])
def test_the_face_grows_about_its_middle(scale):
    usual, scaled = changed(1.0), changed(scale)
    for axis in (0, 1):
        one, other = (np.flatnonzero(picture.any(axis)) for picture in (usual, scaled))
        assert len(other) == pytest.approx(scale * len(one), abs=4)
        middle = POINTS.mean(0)[axis]
        assert (other[0] - middle) == pytest.approx(scale * (one[0] - middle), abs=3)


def test_a_hand_stays_where_it_is():
    frame = film(hidden=True)
    hidden = (frame.image == (255, 0, 0)).all(-1)
    for scale in (0.9, 1.1):
        picture = changed(scale, parsed(), frame)
        assert picture.sum() > 3000 and (picture & hidden).sum() < 0.12 * picture.sum()


def test_the_size_of_one_is_as_without_it():
    frame = film(hidden=False)
    drawn = Decoded(np.zeros((1, 96, 96, 3), np.float32), None)
    parts = {"mask": HullMask(), "colour": NoColour(), "blender": PoissonBlender()}
    one, other = (blend(frame, [view(frame)], drawn, **parts, **more).image for more in ({}, {"scale": 1.0}))
    np.testing.assert_array_equal(one, other)
    larger = blend(frame, [view(frame)], drawn, scale=1.1, **parts).image
    assert (larger != frame.image).any(-1).sum() > (one != frame.image).any(-1).sum()
