"""Edits in pictures: what does not change stays bit for bit; film codes follow their faces."""

import numpy as np
import pytest
import torch

from faceswap.blend.blenders import AlphaBlender
from faceswap.blend.masks import BoxMask
from faceswap.blend.parsed_mask import HeadMask
from faceswap.faces.errors import UserError
from faceswap.faces.landmarks import MEAN_FACE
from faceswap.faces.values import Face, Frame
from faceswap.media.colour_transfer import NoColour
from faceswap.style.alignment import align_style
from faceswap.style.following import Follower
from faceswap.style.generator import draw_z
from faceswap.style.inverting import How, Inverter
from faceswap.style.pasting import Paster
from tests.style.tiny import by_pixels, tiny_encoder, tiny_generator

FACE = Face.from_points(MEAN_FACE[:, :2] * 60 + [100, 100])
FRAME = Frame(np.random.default_rng(0).integers(60, 200, (200, 200, 3)).astype(np.uint8), 0, 0.0)
VIEW = align_style(FRAME, FACE, 32)


def paster(way="change"):
    return Paster(BoxMask(), NoColour(), AlphaBlender(), way)


def test_an_edit_of_nothing_leaves_the_picture_bit_for_bit():
    drawn = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    assert (paster().paste(FRAME, [VIEW], drawn, drawn, [-1], None).image == FRAME.image).all()


def test_a_change_is_added_inside_the_mask_alone():
    before = np.full((1, 32, 32, 3), 0.4, np.float32)
    after = before + np.float32([0.1, 0, -0.1])
    edited = paster().paste(FRAME, [VIEW], before, after, [-1], None).image.astype(int) - FRAME.image
    assert np.abs(edited[100, 100] - [25, 0, -25]).max() <= 1  # a tenth of 255, on every pixel's own value
    assert (edited[:15] == 0).all() and FRAME.image.std() > 30


def test_whole_puts_the_drawn_face_in():
    after = np.full((1, 32, 32, 3), 0.5, np.float32)
    edited = paster("whole").paste(FRAME, [VIEW], after, after, [-1], None).image
    assert np.abs(edited[95:105, 95:105].astype(int) - 127).max() <= 1


def test_the_head_mask_fades_towards_the_border():
    alpha = HeadMask(_parser=object()).alpha(VIEW.points, 32, None)
    assert alpha[64, 64] == 1 and alpha[0].max() == 0 and alpha[:, -1].max() == 0
    assert (np.diff(alpha[64, :64]) >= 0).all()


@pytest.fixture(scope="module")
def inverter():
    generator = tiny_generator()
    return Inverter(generator, tiny_encoder(generator), by_pixels(), How())


def whole_masks(chosen):
    return torch.ones(len(chosen), 1, 32, 32)


def losses(inverter, rows, images):
    return inverter.loss.parts(inverter.generator.synthesis(rows), inverter.loss.target(images))["pixels"]


def test_a_person_s_correction_is_learned_and_kept(inverter):
    images = inverter.generator(draw_z([700, 701, 702], 32)).clamp(-1, 1)
    plain = Follower(inverter, 0, 0).codes(images[:1], [0], whole_masks)
    torch.testing.assert_close(plain, inverter.encoder(images[:1]), rtol=1e-3, atol=1e-3)
    follower = Follower(inverter, 30, 0)
    first = follower.codes(images[:1], [0], whole_masks)
    assert losses(inverter, first, images[:1]) < losses(inverter, plain, images[:1])
    again = follower.codes(images[:1], [0], whole_masks)  # goes on with the correction, without a step
    torch.testing.assert_close(again, first)
    both = follower.codes(images, [0, 5, 0], whole_masks)
    torch.testing.assert_close(both[0], first[0], rtol=1e-3, atol=1e-3)


def test_a_film_needs_an_encoder(inverter):
    with pytest.raises(UserError, match="needs the generator's encoder"):
        Follower(Inverter(inverter.generator, None, inverter.loss), 5, 1)
