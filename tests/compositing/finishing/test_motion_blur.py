"""A drawn face is blurred along its way as far as the film's own face is, and not where that is sharp."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.compositing.finishing.motion_blur import Shutter, Still, lacking_share

SIZE_PX = 220
INSIDE = np.zeros((SIZE_PX, SIZE_PX), np.float32)
INSIDE[30:-30, 30:-30] = 1


def face(seed: int) -> np.ndarray:
    """Something like a face: soft blobs with edges, (S, S, 3) in [0, 1]."""
    rng = np.random.default_rng(seed)
    picture = np.full((SIZE_PX, SIZE_PX), 150, np.float32)
    for _ in range(150):
        centre, axes = rng.uniform(0, SIZE_PX, 2), rng.uniform(3, 14, 2)
        place = (tuple(np.round(centre).astype(int).tolist()), tuple(np.round(axes).astype(int).tolist()))
        cv2.ellipse(picture, *place, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(60, 220)), -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8)
    return np.repeat(picture[..., None], 3, 2) / np.float32(255)


def filmed(picture: np.ndarray, motion: np.ndarray, shutter: float) -> np.ndarray:
    """What a camera sees of a picture that moves while its shutter is open: the mean of its places."""
    places = (np.arange(24) + 0.5) / 24 - 0.5
    total = np.zeros_like(picture)
    for place in places * shutter:
        matrix = np.float64([[1, 0, place * motion[0]], [0, 1, place * motion[1]]])
        total += cv2.warpAffine(
            picture, matrix, (SIZE_PX, SIZE_PX), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
    return np.round(np.clip(total / 24, 0, 1) * 255).astype(np.uint8)


WAYS = [np.float32(motion) for motion in ((12, 0), (-9, 12), (0, 25), (30, 8))]


def still(number: int) -> Still:
    seen = Still()
    seen.look(face(number), filmed(face(number + 9), WAYS[0], 0.0), INSIDE)
    return seen


@pytest.mark.parametrize("open_share", [0.0, 0.5, 0.9])
def test_how_long_the_shutter_was_open_is_found(open_share):
    found = []
    for number, way in enumerate(WAYS):
        film = filmed(face(number + 9), way, open_share)
        found.append(lacking_share(face(number), film, INSIDE, way, still(number)))
    np.testing.assert_allclose(found, open_share, atol=0.16)


def test_what_the_model_has_blurred_itself_counts():
    way = np.float32([20, 0])
    film = filmed(face(9), way, 0.6)
    already = filmed(face(0), way, 0.6).astype(np.float32) / 255
    assert lacking_share(already, film, INSIDE, way, still(0)) < 0.2
    assert lacking_share(face(0), film, 0 * INSIDE, way) is None


def test_a_blurred_face_looks_like_one_that_was_filmed_so():
    shutter, drawn, inner = Shutter(), face(0), (slice(40, -40), slice(40, -40))
    shutter.blurred(drawn, filmed(face(9), WAYS[0], 0.0), INSIDE, np.zeros(2), 0)
    for way in WAYS:
        done = shutter.blurred(drawn, filmed(face(9), way, 0.6), INSIDE, way, 0)
    right = filmed(face(0), WAYS[-1], 0.6).astype(np.float32) / 255
    assert np.abs(done - right)[inner].mean() < 0.35 * np.abs(drawn - right)[inner].mean()
    assert shutter.blurred(drawn, filmed(face(9), way, 0.6), INSIDE, np.float32([1, 0]), 0) is drawn  # not seen


def test_a_film_of_short_exposures_gets_no_blur():
    shutter, drawn = Shutter(), face(0)
    shutter.blurred(drawn, filmed(face(9), WAYS[0], 0.0), INSIDE, np.zeros(2), 0)
    for way in WAYS:
        assert shutter.blurred(drawn, filmed(face(9), way, 0.0), INSIDE, way, 0) is drawn


def test_tracks_are_forgotten():
    shutter, drawn, film = Shutter(), face(0)[:40, :40], filmed(face(9), WAYS[0], 0.0)[:40, :40]
    for track in range(70):
        shutter.blurred(drawn, film, INSIDE[:40, :40], np.zeros(2), track)
    assert len(shutter._still) == 64
