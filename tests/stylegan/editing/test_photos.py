"""Edits in pictures: what does not change stays bit for bit; film codes follow their faces."""

import numpy as np
import pytest
import torch

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.masks.parsed import HeadMask
from faceswap.compositing.masks.shapes import BoxMask
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.editing.film_latents import LatentTracker
from faceswap.stylegan.editing.flow import motion_and_rest
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.stylegan.inversion.pipeline import Inverter
from faceswap.stylegan.networks.generator import draw_z
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import by_pixels, tiny_encoder, tiny_generator

FACE = Face.from_points(MEAN_FACE[:, :2] * 60 + [100, 100])
FRAME = Frame(np.random.default_rng(0).integers(60, 200, (200, 200, 3)).astype(np.uint8), 0, 0.0)
VIEW = align_style(FRAME, FACE, 32)


WAYS = ["move", "change"]


def paster(way="change"):
    return Paster(BoxMask(), NoColour(), AlphaBlender(), way)


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_of_nothing_leaves_the_picture_bit_for_bit(way):
    drawn = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    assert (paster(way).paste(FRAME, [VIEW], drawn, drawn, [-1], None).image == FRAME.image).all()


@pytest.mark.parametrize("way", WAYS)
def test_a_change_is_added_inside_the_mask_alone(way):
    before = np.full((1, 32, 32, 3), 0.4, np.float32)
    after = before + np.float32([0.1, 0, -0.1])
    edited = paster(way).paste(FRAME, [VIEW], before, after, [-1], None).image.astype(int) - FRAME.image
    assert np.abs(edited[100, 100] - [25, 0, -25]).max() <= 1  # a tenth of 255, on every pixel's own value
    assert (edited[:15] == 0).all() and FRAME.image.std() > 30


def test_what_moves_is_moved_in_the_picture():
    """The drawn blob goes to the right: so does the picture's own, which is sharper."""
    columns = np.arange(64, dtype=np.float32)
    before, after = (
        np.exp(-((columns[None, :] - x) ** 2 + (columns[:, None] - 31.5) ** 2) / 50)[..., None].repeat(3, 2)
        for x in (30.5, 33.5)
    )
    flow, rest = motion_and_rest(before, after)
    middle = flow[56:72, 56:72].mean((0, 1))
    assert -7.5 < middle[0] < -4 and abs(middle[1]) < 0.5  # three of 64 px are six of 128; it comes from the left
    assert np.abs(rest).max() < 0.5 * np.abs(after - before).max()
    image = np.zeros((200, 200, 3), np.uint8)
    image[95:105, 95:105] = 200
    frame, view = Frame(image, 0, 0.0), align_style(Frame(image, 0, 0.0), FACE, 64)
    moved = paster("move").paste(frame, [view], before[None], after[None], [-1], None).image
    centre = (moved[100, 60:140, 0] > 100) @ np.arange(60, 140) / max((moved[100, 60:140, 0] > 100).sum(), 1)
    assert centre > 99.5 + 3


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
    return Inverter(generator, tiny_encoder(generator), by_pixels(), InversionSettings())


def whole_masks(chosen):
    return torch.ones(len(chosen), 1, 32, 32)


def losses(inverter, rows, images):
    return inverter.loss.parts(inverter.generator.synthesis(rows), inverter.loss.target(images))["pixels"]


def test_a_person_s_correction_is_learned_and_kept(inverter):
    images = inverter.generator(draw_z([700, 701, 702], 32)).clamp(-1, 1)
    plain = LatentTracker(inverter, 0, 0).codes(images[:1], [0], whole_masks)
    torch.testing.assert_close(plain, inverter.encoder(images[:1]), rtol=1e-3, atol=1e-3)
    latent_tracker = LatentTracker(inverter, 30, 0)
    first = latent_tracker.codes(images[:1], [0], whole_masks)
    assert losses(inverter, first, images[:1]) < losses(inverter, plain, images[:1])
    again = latent_tracker.codes(images[:1], [0], whole_masks)  # goes on with the correction, without a step
    torch.testing.assert_close(again, first)
    both = latent_tracker.codes(images, [0, 5, 0], whole_masks)
    torch.testing.assert_close(both[0], first[0], rtol=1e-3, atol=1e-3)


def test_a_film_needs_an_encoder(inverter):
    with pytest.raises(UserError, match="needs the generator's encoder"):
        LatentTracker(Inverter(inverter.generator, None, inverter.loss), 5, 1)
