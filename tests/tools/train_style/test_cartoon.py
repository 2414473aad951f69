"""The generator that is trained on to draw cartoons."""

import cv2
import numpy as np
import torch

from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.networks.generator import Generator
from tools.train_style.cartoon import simplified, trained_on


def test_cartoons_are_flatter_and_more_colourful():
    ramp = np.linspace(60, 200, 64, dtype=np.float32)
    image = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp * 0.7, (64, 1)), np.tile(ramp * 0.6, (64, 1))], 2)
    drawn = simplified(image.astype(np.uint8))
    assert drawn.shape == (64, 64, 3) and drawn.dtype == np.uint8
    slopes = np.abs(np.diff(drawn[32, :, 0].astype(int)))
    assert (slopes <= 1).mean() > 0.5 and slopes.max() > 5  # steps instead of a ramp
    assert np.ptp(drawn[32, 40]) > np.ptp(image[32, 40])


def test_outlines_are_as_wide_in_larger_pictures():
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.integers(0, 255, (8, 8, 3), np.uint8), (128, 128), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_AREA)
    reduced = cv2.resize(simplified(coarse), (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - simplified(small)).mean() < 3


def test_a_copy_learns_to_draw_them_and_the_original_stays():
    torch.manual_seed(0)
    people = Generator(32, [8] * 4, 16, 16, 2).eval().requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in people.state_dict().items()}
    cartoons = trained_on(people, 6, 1e-2, batch_size=2)
    assert all(torch.equal(before[name], tensor) for name, tensor in people.state_dict().items())
    assert all(
        torch.equal(a, b) for a, b in zip(people.mapping.parameters(), cartoons.mapping.parameters(), strict=True)
    )
    rows = people.spread(styles_of(people, [0], 0.9))
    assert not torch.equal(people.synthesis(rows), cartoons.synthesis(rows))
    assert not any(weight.requires_grad for weight in cartoons.parameters())
