import numpy as np

from faceswap.core.outlines import fill_outline


def test_an_outline_is_filled_to_fractions_of_a_pixel():
    picture = np.zeros((20, 20), np.uint8)
    fill_outline(picture, np.array([[4.5, 4.5], [14.5, 4.5], [14.5, 14.5], [4.5, 14.5], [9, 9]]), 200)
    assert (picture[6:14, 6:14] == 200).all() and not picture[:4].any() and not picture[:, 17:].any()
    assert ((picture > 0) & (picture < 200)).any()


def test_a_margin_widens_it_all_around():
    narrow, wide = np.zeros((2, 40, 40), np.uint8)
    points = np.array([[15, 15], [25, 15], [25, 25], [15, 25]])
    fill_outline(narrow, points, 255)
    fill_outline(wide, points, 255, margin_px=4)
    assert narrow[20, 28] == 0 and wide[20, 28] == 255 and wide[12, 20] == 255 and wide[20, 32] == 0
