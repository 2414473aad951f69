"""Colours in time: a face takes on the light of its own frame, and what only flickers is steadied."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.compositing import colour
from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.colour import ColourSmoother
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import ColourMatcher, MongeKantorovich, Reinhard
from tests.clips import draw_face
from tests.compositing.fakes import face_points

FRAMES = 60
POINTS = face_points((96, 80), 90)
FILM = draw_face((192, 160), POINTS, (200, 160, 140)).astype(np.float32)
SCENES = {
    "fade to black": np.concatenate([np.ones(10), np.linspace(1, 0.03, 40), np.full(10, 0.03)]),
    "flash": np.where((np.arange(FRAMES) >= 30) & (np.arange(FRAMES) < 32), 1.25, 0.6),
    "lamp": np.where(np.arange(FRAMES) < 25, 1.0, np.where(np.arange(FRAMES) < 45, 0.25, 1.0)),
    "cut": np.where(np.arange(FRAMES) < 30, 0.35, 1.0),
}


def drawn(view: np.ndarray, tremble: float) -> np.ndarray:
    """What a model gives that has only seen one light: always as bright, of another tint, trembling a little."""
    seen = view.astype(np.float32) / 255
    usual = 0.5 + 0.6 * (seen - seen.mean()) / max(float(seen.std()), 0.02) * 0.15
    return np.clip(usual * (1.0, 0.9, 0.95) + tremble, 0, 1).astype(np.float32)


def swapped(light: np.ndarray, matcher: ColourMatcher, keep: float = 0.8, noise: float = 0.0) -> np.ndarray:
    """Mean brightness of the face in each frame, of the film (T, 0) and of the result (T, 1), grey levels."""
    rng = np.random.default_rng(0)
    memory = ColourSmoother(keep)
    found = []
    for index, gain in enumerate(light):
        image = np.clip(FILM * gain + rng.normal(0, noise, FILM.shape), 0, 255).astype(np.uint8)
        frame = Frame(image, index, index / 25)
        moved = POINTS + rng.normal(0, noise / 4, 2).astype(np.float32)
        view = view_of(frame, moved, frame_to_crop_for(moved, 256), 256, 0.8, 96)
        decoded = Decoded(drawn(view.image, rng.normal(0, noise / 255))[None], None)
        after = blend(frame, [view], decoded, mask=HullMask(), colour=matcher, blender=AlphaBlender(), memory=memory,
                      tracks=[0])  # fmt: skip
        core = slice(60, 100), slice(70, 122)
        found.append((image[core].mean(), after.image[core].mean()))
    return np.array(found)


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()], ids=["reinhard", "mkl"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_face_is_as_bright_as_the_film_in_every_frame(scene, matcher) -> None:
    film, face = swapped(SCENES[scene], matcher).T
    assert np.abs(face - film).max() < 8, (np.abs(face - film).argmax(), np.abs(face - film).max())


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()], ids=["reinhard", "mkl"])
def test_nothing_of_a_face_is_left_in_the_dark(matcher) -> None:
    film, face = swapped(SCENES["fade to black"], matcher).T
    assert np.abs(face - film)[-5:].max() < 3


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()], ids=["reinhard", "mkl"])
def test_a_still_scene_flickers_no_more_than_by_a_plain_average(matcher, monkeypatch) -> None:
    def flicker() -> float:
        film, face = swapped(np.ones(FRAMES), matcher, noise=1.0).T
        return float(np.abs(np.diff(face - film, 2)).mean())

    bounded = flicker()
    monkeypatch.setattr(colour, "FLICKER_LEVELS", 1e9)
    monkeypatch.setattr(colour, "FLICKER_VARIANCE", 1e9)
    assert bounded <= 1.05 * flicker()
