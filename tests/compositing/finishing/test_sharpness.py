"""A drawn face is brought to the sharpness of the face it covers, and by an unsharp mask beyond it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.compositing.finishing.sharpness import laplacian, matched, octave_count, sharpened

SIZE_PX = 192
INSIDE = np.ones((SIZE_PX, SIZE_PX), np.float32)


def face(blur_px: float = 0.0, seed: int = 0, contrast: float = 60.0) -> np.ndarray:
    """Texture in every octave, (S, S, 3) in [0, 1]."""
    rng = np.random.default_rng(seed)
    picture = np.full((SIZE_PX, SIZE_PX), 128.0, np.float32)
    for step in (1, 2, 4, 8, 16):
        noise = rng.normal(0, contrast / 4, (SIZE_PX // step,) * 2).astype(np.float32)
        picture += cv2.resize(noise, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    if blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_px)
    return np.repeat(np.clip(picture, 0, 255)[..., None], 3, 2).astype(np.float32) / 255


def energies(picture: np.ndarray) -> np.ndarray:
    details, _ = laplacian(np.ascontiguousarray(picture[..., 0]), 3)
    return np.array([np.sqrt(np.mean(detail[4:-4, 4:-4] ** 2)) for detail in details])


def frame(picture: np.ndarray) -> np.ndarray:
    return np.round(picture * 255).astype(np.float32) / 255


def change_to(drawn: np.ndarray, film: np.ndarray, weights: np.ndarray, face_px: float) -> np.ndarray:
    return matched(drawn[..., 0].copy(), film[..., 0].copy(), weights, face_px)


@pytest.mark.parametrize("blur_px", [1.0, 2.0])
def test_a_sharp_face_becomes_as_soft_as_an_unfocused_one(blur_px):
    drawn, film = face(), face(blur_px, seed=1)
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    np.testing.assert_allclose(energies(done), energies(film), rtol=0.5, atol=0.3 / 255)
    assert (energies(drawn) / energies(film))[0] > 2.5


def test_a_soft_face_becomes_as_sharp_as_the_film_as_far_as_it_has_something():
    film, drawn = face(), face(0.5, seed=1)
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    before, after = energies(drawn) / energies(film), energies(done) / energies(film)
    assert before[0] < 0.75 and abs(after[0] - 1) < 0.15
    much_softer = face(3.0, seed=1)
    gained = energies(much_softer + change_to(much_softer, frame(film), INSIDE, 200)[..., None]) / energies(much_softer)
    assert gained.max() < 2.8  # noise is not brought out


def test_what_is_raised_stays_in_its_octave():
    film, drawn = face(seed=1), face(seed=1)
    fine = drawn[..., 0] - cv2.pyrUp(cv2.pyrDown(drawn[..., 0]))
    drawn -= 0.5 * fine[..., None]
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    before, after = energies(drawn) / energies(film), energies(done) / energies(film)
    assert before[0] < 0.65 and after[0] > 0.85
    assert (after[1:] < 1.02).all()


def test_a_rough_film_is_made_up_for_where_something_was_drawn():
    film, drawn = face(), face(0.5, seed=1)
    drawn[:, SIZE_PX // 2 :] = cv2.GaussianBlur(drawn, (0, 0), 6)[:, SIZE_PX // 2 :]  # nothing there to raise
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    places = [energies(picture[:, : SIZE_PX // 2 - 8])[0] for picture in (film, done)]
    assert 1.15 < places[1] / places[0] < 2


def test_the_faint_grid_of_a_network_is_not_raised():
    grid = np.indices((SIZE_PX, SIZE_PX)).sum(0) % 2 * np.float32(1 / 255)
    drawn = (np.float32(0.5) + grid.astype(np.float32))[..., None].repeat(3, 2)
    done = drawn + change_to(drawn, frame(face(seed=1, contrast=8)), INSIDE, 200)[..., None]
    assert energies(done)[0] / energies(drawn)[0] < 2


def test_a_face_as_sharp_as_the_film_stays():
    drawn = face()
    assert np.abs(change_to(drawn, frame(drawn), INSIDE, 200)).max() < 2 / 255


def test_only_what_lies_under_the_mask_is_measured():
    film = face(2.5, seed=1)
    film[:, : SIZE_PX // 2] = face(seed=2)[:, : SIZE_PX // 2]  # a sharp backdrop
    inside = INSIDE.copy()
    inside[:, : SIZE_PX // 2 + 12] = 0
    drawn = face()
    change = change_to(drawn, frame(film), inside, 200)
    right = (drawn + change[..., None])[:, SIZE_PX // 2 + 16 :]
    assert energies(right)[0] < 0.4 * energies(drawn)[0]


def test_parts_of_a_face_are_not_its_sharpness():
    assert [octave_count(px, (500, 500)) for px in (20, 60, 120, 400)] == [0, 1, 2, 4]
    assert octave_count(1e4, (16, 16)) == 2
    assert not change_to(face(), frame(face(2.5)), INSIDE, 20).any()
    assert not change_to(face(), frame(face(2.5)), 0 * INSIDE, 200).any()


def test_an_unsharp_mask_adds_by_its_strength():
    drawn = face(1.0)
    once, twice = sharpened(drawn[..., 0].copy(), 1.0, 1.0), sharpened(drawn[..., 0].copy(), 2.0, 1.0)
    np.testing.assert_allclose(twice, 2 * once, atol=1e-6)
    assert 1.05 < energies(drawn + once[..., None])[0] / energies(drawn)[0] < 2
    assert not sharpened(np.full_like(drawn[..., 0], 0.5), 1.0, 1.0).any()


def test_a_part_that_is_sharp_already_stays_while_a_soft_one_is_raised():
    film, drawn = face(), face(seed=1)
    half = SIZE_PX // 2
    drawn[:, :half] = face(0.6, seed=1)[:, :half]
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    gained = [
        energies(done[:, part])[0] / energies(drawn[:, part])[0] for part in (np.s_[: half - 20], np.s_[half + 20 :])
    ]
    assert gained[0] > 1.3 and abs(gained[1] - 1) < 0.1


def test_detail_where_the_film_has_none_is_not_taken_away():
    """A's brow may lie on B's bare skin: only a film that is soft all over softens."""
    film = face()
    film[60:120, 60:120] = 0.5
    drawn = face(seed=1)
    done = drawn + change_to(drawn, frame(film), INSIDE, 200)[..., None]
    kept = energies(done[70:110, 70:110])[0] / energies(drawn[70:110, 70:110])[0]
    assert kept > 0.85
