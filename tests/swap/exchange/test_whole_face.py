"""Where DeepFaceLab's square of a face lies in ours."""

import numpy as np
import pytest

from faceswap.core.geometry import mean_face_in_crop, similarity, transform_points, view_of_crop
from faceswap.swap.exchange.whole_face import view_in_whole_face, whole_face_in_view
from faceswap.utils.errors import UserError

# Of the mean face of this program (its outer brow ends, nose tip and mouth corners) in a whole face of side 1, as the
# published alignment gives them: a fit of 33 points, 40 % of padding, 7 % towards the forehead.
IN_WHOLE_FACE = {
    17: (0.2756, 0.3437),
    26: (0.7151, 0.3437),
    30: (0.4954, 0.5288),
    48: (0.3947, 0.6668),
    54: (0.5960, 0.6668),
}


@pytest.mark.parametrize(("resolution_px", "coverage"), [(64, 0.8), (96, 0.7), (128, 0.8), (256, 0.8), (512, 0.9)])
def test_the_window_shows_the_faces_points_where_the_model_wants_them(resolution_px, coverage):
    window = view_in_whole_face(resolution_px, coverage)
    points = list(IN_WHOLE_FACE)
    wanted = transform_points(view_of_crop(256, coverage, resolution_px), mean_face_in_crop(256)[points])
    there = np.array(list(IN_WHOLE_FACE.values())) * window.outer_px - (window.left, window.top)
    assert np.abs(there - wanted).max() <= 0.8
    assert similarity(there, wanted)[0, 0] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("side_px", [16, 64, 224, 320, 640])
def test_the_view_around_a_whole_face_has_its_points_there(side_px):
    window, coverage = whole_face_in_view(side_px)
    assert min(window.left, window.top) >= 0
    assert max(window.left, window.top) + side_px <= window.outer_px
    points = list(IN_WHOLE_FACE)
    seen = transform_points(view_of_crop(256, coverage, window.outer_px), mean_face_in_crop(256)[points])
    wanted = np.array(list(IN_WHOLE_FACE.values())) * side_px
    assert np.abs(seen - (window.left, window.top) - wanted).max() <= 0.6


def test_a_view_larger_than_the_square_stays_within_it():
    window = view_in_whole_face(128, 1.0)
    assert window.outer_px >= 128 and max(window.left, window.top) <= window.outer_px - 128


def test_faces_of_any_size_are_not_made_room_for():
    with pytest.raises(UserError, match="a whole face would take"):
        whole_face_in_view(10**6)
