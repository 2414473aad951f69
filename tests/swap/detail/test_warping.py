import cv2
import numpy as np
import pytest

from faceswap.core.geometry import mean_face_in_crop
from faceswap.swap.detail.warping import plate_maps, warped_onto

SIDE = 128


def smooth_picture(side: int = SIDE) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 255, (9, 9, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_onto_its_own_points_a_picture_stays_as_it_is():
    picture, points = smooth_picture(), mean_face_in_crop(SIDE)
    (same,) = warped_onto([picture], [points], points, SIDE)
    assert np.abs(same.astype(int) - picture)[2:-2, 2:-2].max() <= 2


@pytest.mark.parametrize("side", [64, 200])
def test_a_similarity_of_the_points_is_one_of_the_picture(side):
    """Turned, scaled and moved, from a picture of another size."""
    points = mean_face_in_crop(SIDE)
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 12, 0.9)
    onto = points @ turn[:, :2].T + turn[:, 2]
    (places,) = plate_maps((points[None] + 0.5) / SIDE, onto, SIDE)
    back = cv2.invertAffineTransform(turn)
    middle = (np.arange(len(places)) + 0.5) / len(places) * SIDE - 0.5
    grid = np.stack(np.meshgrid(middle, middle), -1) @ back[:, :2].T + back[:, 2]
    np.testing.assert_allclose(places, (grid + 0.5) / SIDE, atol=1e-3)
    small = [(points + 0.5) * side / SIDE - 0.5]
    wanted = cv2.warpAffine(
        smooth_picture(), turn, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    (got,) = warped_onto([cv2.resize(smooth_picture(), (side, side), interpolation=cv2.INTER_AREA)], small, onto, SIDE)
    inner = slice(20, -20), slice(20, -20)
    assert np.abs(got[inner].astype(int) - wanted[inner]).mean() < 4


def test_a_part_that_moves_takes_its_neighbourhood_with_it_and_no_more():
    points = mean_face_in_crop(SIDE)
    onto = points.copy()
    onto[48:68, 1] += 6  # the mouth is lower in the result
    (places,) = plate_maps((points[None] + 0.5) / SIDE, onto, SIDE)
    mouth, brow = onto[48:68].mean(0), onto[17:27].mean(0)

    def shift_at(place):
        row, column = (np.clip((place[::-1] + 0.5) / SIDE * len(places), 0, len(places) - 1)).astype(int)
        return (places[row, column] - (np.array([column, row]) + 0.5) / len(places)) * SIDE

    assert shift_at(mouth)[1] == pytest.approx(-6, abs=1)
    assert np.abs(shift_at(brow)).max() < 1


def test_points_on_one_spot_still_give_pictures():
    points = np.full((68, 2), 60.0)
    (view,) = warped_onto([smooth_picture()], [points], points, SIDE)
    assert view.shape == (SIDE, SIDE, 3)
