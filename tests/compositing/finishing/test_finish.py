"""What a face takes on of the frame: each switch by itself, inside the mask alone, nothing unless asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.geometry import frame_to_crop_for, mean_face_in_crop
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour

SIZE_PX = 256
POINTS = mean_face_in_crop(SIZE_PX)


def textured(blur_px: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(128, 70, (SIZE_PX, SIZE_PX, 1)).repeat(3, 2).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), blur_px) * 2 - 128, 0, 255).astype(np.uint8)


def pasted(film: np.ndarray, finish: Finish | None, motion: tuple[float, float] = (0, 0)) -> np.ndarray:
    """The film's frame with a face of fine texture."""
    frame = Frame(film, 0, 0.0)
    view = view_of(frame, POINTS, frame_to_crop_for(POINTS, 128), 128, 1.0, 128)
    drawn = Decoded(
        cv2.resize(textured(2.0, 1), (128, 128), interpolation=cv2.INTER_AREA)[None] / np.float32(255), None
    )
    return blend(
        frame, [view], drawn, mask=HullMask(), colour=NoColour(), blender=AlphaBlender(), finish=finish,
        motions=[np.float32(motion)], tracks=[0],
    ).image  # fmt: skip


def energy(image: np.ndarray) -> float:
    middle = image[110:150, 110:150, 0].astype(np.float32)
    return float((middle - cv2.GaussianBlur(middle, (0, 0), 1.5)).std())


def test_nothing_asked_for_is_nothing_done():
    film = textured(2.0)
    np.testing.assert_array_equal(pasted(film, None), pasted(film, Finish()))


@pytest.mark.parametrize(
    ("finish", "blur_px", "factor"),
    [
        (Finish(sharpen=1.0), 2.0, (1.1, 3)),
        (Finish(sharpen="auto"), 1.2, (1.05, 2)),
        (Finish(sharpen="auto"), 6.0, (0, 0.6)),
    ],
)  # fmt: skip
def test_a_face_becomes_sharper_or_softer_inside_the_mask_alone(finish, blur_px, factor):
    film = textured(blur_px)
    plain, done = pasted(film, None), pasted(film, finish)
    assert factor[0] < energy(done) / energy(plain) < factor[1]
    np.testing.assert_array_equal(done[:30], film[:30])
    np.testing.assert_array_equal(done[:, :30], film[:, :30])


def test_motion_is_handed_on_to_the_shutter():
    finish = Finish(motion_blur=True)
    still = textured(2.0)
    plain = pasted(still, finish)  # learns what the faces are like without motion
    film = cv2.blur(still, (15, 1))
    for _ in range(3):
        moving = pasted(film, finish, (20, 0))
    assert energy(moving) < 0.8 * energy(plain)
    assert energy(pasted(still, Finish(motion_blur=True), (20, 0))) > 0.95 * energy(plain)


@pytest.mark.parametrize("wrong", [-0.1, 3.5, float("nan")])
def test_the_strength_is_checked(wrong):
    with pytest.raises(ValueError, match="sharpen must be auto or from 0 to 3"):
        Finish(sharpen=wrong)
