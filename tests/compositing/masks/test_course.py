"""Edges of masks along a film."""

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.shapes import BoxMask, HullMask
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.utils.errors import UserError
from tests.compositing.fakes import face_points
from tests.compositing.masks.test_parsed import parsed, view
from tests.compositing.masks.test_shapes import POINTS


@pytest.mark.parametrize("kind", [HullMask, BoxMask, LearnedMask, parsed])
def test_a_mask_by_frames_is_the_one_of_each_frame(kind):
    course = kind(erode="{0: 0, 10: 0.2}", feather="{0: 0.1}")
    for frame, erode in ((0, 0.0), (5, 0.1), (99, 0.2)):
        here = course.at(frame)
        assert (here.erode, here.feather) == (pytest.approx(erode), 0.1)
        same = kind(erode=erode, feather=0.1)
        np.testing.assert_allclose(here.alpha(POINTS, 128, None), same.alpha(POINTS, 128, None), atol=1e-6)
    assert kind(erode=0.1).at(7).erode == 0.1


def test_what_is_warned_of_once_is_so_along_the_film(caplog):
    mask = LearnedMask(erode="{0: 0, 10: 0.2}")
    for frame in range(3):
        mask.at(frame).alpha(POINTS, 128, None)
    assert len(caplog.records) == 1


def test_frames_are_pasted_with_their_own_edge():
    points = face_points((330, 250), 160, 20)
    changed = []
    for index in (0, 10):
        frame = Frame(np.full((480, 640, 3), 200, np.uint8), index, 0.0)
        drawn = Decoded(np.zeros((1, 96, 96, 3), np.float32), None)
        seen = [view(frame, points=points)]
        out = blend(frame, seen, drawn, mask=HullMask("{0: 0, 10: 0.2}"), colour=NoColour(), blender=AlphaBlender())
        changed.append((out.image != 200).any(-1).sum())
    assert changed[1] < 0.7 * changed[0]


@pytest.mark.parametrize(("said", "why"), [("{0: 0.7}", "0.7: a number from 0 to 0.5"), ("wide", "mask.erode=wide")])
def test_other_edges_are_refused(said, why):
    with pytest.raises(UserError, match=why):
        HullMask(erode=said)
