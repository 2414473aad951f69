"""Points found in a box that somebody has drawn."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.core.geometry import landmark_error_percent
from faceswap.curation.repair.reading import points_in_box
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError
from tests.test_layout import PACKAGE


@pytest.fixture(scope="module")
def frame():
    return next(iter(read_frames(PACKAGE.parent / "demo" / "hanna.mp4", 0, 1)))


def test_a_careless_box_gives_the_same_face(frame):
    predictor = LandmarkPredictor("cpu")
    middle, side = np.array([frame.width, frame.height]) / 2, 0.5 * min(frame.width, frame.height)
    first = points_in_box(frame, np.concatenate([middle - side / 2, middle + side / 2]), predictor)
    box = np.concatenate([first.min(0), first.max(0)])
    width = box[2] - box[0]
    tight = points_in_box(frame, box, predictor)
    careless = points_in_box(frame, box + np.array([-0.2, -0.1, 0.1, 0.25]) * width, predictor)
    assert landmark_error_percent(careless, tight, width) < 2


def test_a_box_that_is_none_is_told(frame):
    for box in ((10, 10, 15, 15), (-90, -90, -10, -10), (10, 10, np.nan, 90), (90, 90, 10, 10)):
        with pytest.raises(UserError, match="draw the box"):
            points_in_box(frame, np.array(box, float), LandmarkPredictor("cpu"))
