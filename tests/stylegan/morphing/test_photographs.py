"""Morphs of photographs whose points and pixels are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from faceswap.core.geometry import transform_points
from faceswap.core.values import AlignedFace, Frame
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.stylegan.data.portraits import AlignedPortrait
from faceswap.stylegan.directions.scoring import mean_points_in_style
from faceswap.stylegan.morphing.config import MorphFilmSettings
from faceswap.stylegan.morphing.photographs import RAYS, Photograph, PhotoMorph, head_outline, photograph_of
from faceswap.stylegan.morphing.results import write_film
from faceswap.stylegan.morphing.subjects import Subject
from faceswap.stylegan.networks.generator import Generator

SIZE = 160
GREY = np.full((32, 32, 3), 0.5, np.float32)  # a generator that says nothing
UPPER_LIP, LOWER_LIP = [61, 62, 63], [65, 66, 67]


def moved(dx: float, dy: float, opened: float = 0.0) -> np.ndarray:
    """The mean face's points, moved as one, with lips further apart by twice `opened` pixels."""
    points = mean_points_in_style(SIZE).astype(np.float64) + (dx, dy)
    points[[*range(49, 54), *UPPER_LIP], 1] -= opened
    points[[*range(55, 60), *LOWER_LIP], 1] += opened
    return points


def photograph(image: np.ndarray, points: np.ndarray) -> Photograph:
    """A picture with a head that is an ellipse about its points."""
    return Photograph(image, np.concatenate([points, head_outline(head(points), points)]))


def head(points: np.ndarray) -> np.ndarray:
    x, y = points[27]
    mask = np.zeros((SIZE, SIZE), np.float32)
    cv2.ellipse(mask, (round(x), round(y)), (55, 60), 0, 0, 360, 1, -1)
    return mask


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 215, (SIZE, SIZE, 3)).astype(np.uint8)


def sharpness(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(picture.astype(np.float32), -1)[20:-20, 20:-20].std())


def test_ends_are_the_photographs_whatever_the_generator_draws():
    first, second = photograph(noise(0), moved(-6, 2)), photograph(noise(1), moved(5, -3, opened=4))
    drawings = [np.random.default_rng(seed).random((32, 32, 3), np.float32) for seed in (2, 3)]
    morph = PhotoMorph(first, second, *drawings)
    np.testing.assert_allclose(morph.frame(0, drawings[0]).astype(int), first.image, atol=1)
    np.testing.assert_allclose(morph.frame(1, drawings[1]).astype(int), second.image, atol=1)


def test_the_middle_is_as_sharp_as_its_ends():
    first, second = photograph(noise(0), moved(-2, 1)), photograph(noise(1), moved(2, -1))
    middle = PhotoMorph(first, second, GREY, GREY).frame(0.5, GREY)
    ends = [sharpness(one.image) for one in (first, second)]
    assert 0.7 * min(ends) < sharpness(middle) < 1.1 * max(ends)


@pytest.mark.parametrize("way", [0.25, 0.5, 0.75])
def test_features_lie_between_those_of_the_ends(way):
    shapes = [moved(-8, 4), moved(8, -4)]
    pictures = []
    for points in shapes:  # one dot on the tip of the nose
        picture = np.zeros((SIZE, SIZE, 3), np.uint8)
        cv2.circle(picture, tuple(points[30].round().astype(int)), 4, (240,) * 3, -1)
        pictures.append(picture)
    morph = PhotoMorph(*map(photograph, pictures, shapes), GREY, GREY)
    light = cv2.threshold(morph.frame(way, GREY)[..., 0], 60, 255, cv2.THRESH_BINARY)[1]
    count, _, _, centres = cv2.connectedComponentsWithStats(light)
    assert count == 2  # the dark and one dot
    expected = (1 - way) * shapes[0][30] + way * shapes[1][30]
    np.testing.assert_allclose(centres[1], expected, atol=1.0)


@pytest.mark.parametrize("opens", [True, False])
def test_the_open_one_of_two_mouths_is_shown_most_of_the_way(opens):
    shut, wide = moved(0, 0), moved(0, 0, opened=8)
    dark, light = np.full((SIZE, SIZE, 3), 20, np.uint8), np.full((SIZE, SIZE, 3), 220, np.uint8)
    ends = [photograph(dark, shut), photograph(light, wide)]
    middle = PhotoMorph(*(ends if opens else ends[::-1]), GREY, GREY).frame(0.5, GREY)
    (x, y), (cheek_x, cheek_y) = shut[62:67:4].mean(0).round().astype(int), shut[30].round().astype(int)
    assert middle[y, x, 0] == 220 and 110 < middle[cheek_y, cheek_x, 0] < 130


def test_broad_colour_follows_the_generator_and_its_detail_does_not():
    same = photograph(np.full((SIZE, SIZE, 3), 128, np.uint8), moved(0, 0))
    lighter = np.clip(GREY + 0.1 + np.random.default_rng(0).normal(0, 0.1, GREY.shape), 0, 1).astype(np.float32)
    frame = PhotoMorph(same, same, GREY, GREY).frame(0.5, lighter)
    assert abs(frame.mean() - 128 - 25.5) < 3 and frame.std() < 8 < 255 * lighter.std()


def test_the_outline_is_where_the_head_ends():
    points = moved(0, 0)
    outline = head_outline(head(points), points)
    away = (outline - points[27]) / (55, 60)
    assert outline.shape == (len(RAYS), 2)
    np.testing.assert_allclose(np.linalg.norm(away, axis=1)[3:-3], 1, atol=0.12)
    unseen = head_outline(np.zeros((SIZE, SIZE), np.float32), points).astype(np.float32)  # no head: about the face
    assert all(cv2.pointPolygonTest(unseen, tuple(map(float, point)), False) > 0 for point in points[17:27])


def test_a_film_between_photos_begins_and_ends_with_them(tmp_path):
    torch.manual_seed(0)
    generator = Generator(32, [8] * 4, 16, 16, 2).eval().requires_grad_(False)
    subjects = []
    for index, rows in enumerate(generator.spread(torch.randn(2, 16))):
        frame, matrix = Frame(cv2.GaussianBlur(noise(index), (0, 0), 6), 0, 0.0), np.array([[0.2, 0, 0], [0, 0.2, 0]])
        aligned = AlignedFace(np.zeros((32, 32, 3), np.uint8), transform_points(matrix, moved(index, 0)), matrix)
        portrait = AlignedPortrait(str(index), frame, aligned, np.ones((32, 32), np.float32))
        subjects.append(Subject(str(index), rows, portrait))
    films = {}
    for pixels in ("photos", "generator"):
        how = MorphFilmSettings(
            0.5, 0.4, 0.1, pixels=pixels, frames_per_second=10, size_px=64, crf=4, preset="ultrafast"
        )
        film = write_film(generator, *subjects, tmp_path / f"{pixels}.mp4", how)
        films[pixels] = [frame.image.astype(int) for frame in read_frames(probe(film))]
    assert [len(frames) for frames in films.values()] == [1 + 5 + 1, 1 + 4 + 5 + 4 + 1]
    first, second = (photograph_of(subject, 64).image for subject in subjects)
    for frames in films.values():
        assert abs(frames[0] - first).mean() < 6 and abs(frames[-1] - second).mean() < 6
