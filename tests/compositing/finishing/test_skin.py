"""Colours are measured on skin: lips, eyes and brows of either face have no say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.finishing.skin import skin_weights
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.geometry import frame_to_crop_for, mean_face_in_crop
from faceswap.core.landmarks import EYE_LEFT, EYE_RIGHT, MOUTH
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import MongeKantorovich, Reinhard

SIZE_PX = 128


@settings(max_examples=20)
@given(size_px=st.integers(64, 300), out_px=st.integers(48, 128), shift=st.floats(-0.1, 0.1))
def test_lips_eyes_and_brows_count_nothing_and_cheeks_all(size_px, out_px, shift):
    points = mean_face_in_crop(size_px) + shift * size_px
    weights = skin_weights(points, size_px, out_px)
    assert weights.shape == (out_px, out_px) and weights.dtype == np.float32
    parts = np.stack([points[part].mean(0) for part in (MOUTH, EYE_LEFT, EYE_RIGHT, slice(17, 22), slice(22, 27))])
    cheek = points[[2, 30]].mean(0)
    x, y = np.round((parts + 0.5) * out_px / size_px - 0.5).astype(int).T
    assert (weights[y, x] == 0).all()
    x, y = np.round((cheek + 0.5) * out_px / size_px - 0.5).astype(int)
    assert weights[y, x] == 1


@pytest.mark.parametrize("colour", [Reinhard(), MongeKantorovich()])
def test_lipstick_on_the_drawn_face_leaves_the_cheeks_as_they_are(colour):
    random = np.random.default_rng(0)
    image = np.clip(random.normal([190, 150, 130], 6, (SIZE_PX, SIZE_PX, 3)), 0, 255).astype(np.uint8)
    points = mean_face_in_crop(SIZE_PX)
    frame = Frame(image, 0, 0.0)
    view = view_of(frame, points, frame_to_crop_for(points, SIZE_PX), SIZE_PX, 1.0, SIZE_PX)
    plain = image.astype(np.float32) / 255
    painted = plain.copy()
    lips = skin_weights(points, SIZE_PX, SIZE_PX) == 0
    lips[: SIZE_PX // 2] = False  # the mouth alone
    painted[lips] = [0.8, 0.05, 0.15]
    cheek = tuple(np.round(points[[2, 30]].mean(0)).astype(int)[::-1])

    def blended(face):
        drawn = Decoded(face[None], None)
        return blend(frame, [view], drawn, mask=HullMask(), colour=colour, blender=AlphaBlender()).image[cheek]

    assert np.abs(blended(painted).astype(float) - blended(plain)).max() <= 2
