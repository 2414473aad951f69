"""The encoder and the crop it looks at."""

import numpy as np
import pytest
import torch

from faceswap.core.geometry import CROP_WIDTH_UNITS, invert, transform_points
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face, Frame
from faceswap.stylegan.data.alignment import STYLE_COVERAGE, align_style, frame_to_style_for, style_of_stored
from faceswap.stylegan.networks.encoder import Encoder, grown_encoder, normal_divergence
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.images import from_signed_range


@pytest.fixture
def pair():
    torch.manual_seed(0)
    generator = Generator(32, [8] * 4, 16, 16, 2)
    encoder = Encoder(32, generator.rows, 16, (8, 8, 8)).eval()
    encoder.take_mapping(generator.mapping)
    return generator, encoder


def test_rows_begin_in_w_and_offsets_leave_it(pair):
    generator, encoder = pair
    images = torch.randn(3, 3, 32, 32)
    rows = encoder(images)
    assert rows.shape == (3, generator.rows, 16)
    assert torch.equal(rows, encoder(images, shared=True))  # its offsets start at nothing
    torch.nn.init.normal_(encoder.offset[-1].bias)
    assert not torch.allclose(encoder(images), rows)
    assert torch.equal(encoder(images, shared=True), rows)


def test_it_says_z_in_the_generators_own_words(pair):
    generator, encoder = pair
    images = torch.randn(2, 3, 32, 32)
    mean, _ = encoder.codes(encoder.features(images))
    assert torch.equal(encoder(images, shared=True)[:, 0], generator.mapping(mean))


def test_an_encoder_with_fewer_widths_sees_a_smaller_picture():
    torch.manual_seed(0)
    whole, shrunk = Encoder(32, 8, 16, (8, 8, 8)).eval(), Encoder(64, 8, 16, (8, 8, 8)).eval()
    shrunk.load_state_dict(whole.state_dict())
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(shrunk(images), whole(torch.nn.functional.avg_pool2d(images, 2)))
    with pytest.raises(ValueError, match="1 to 4 widths"):
        Encoder(64, 10, 16, (8, 8, 8, 8, 8))


def test_a_grown_encoder_says_what_it_said_and_the_last_row_again():
    torch.manual_seed(0)
    encoder = Encoder(32, 8, 16, (8, 8, 8)).eval()
    torch.nn.init.normal_(encoder.offset[-1].weight)
    images = torch.randn(2, 3, 64, 64)
    before, after = encoder(torch.nn.functional.avg_pool2d(images, 2)), grown_encoder(encoder, 64, 10).eval()(images)
    torch.testing.assert_close(after[:, :8], before)
    torch.testing.assert_close(after[:, 8:], before[:, -1:].expand(-1, 2, -1))
    assert grown_encoder(encoder, 32, 8) is encoder


def test_divergence_is_zero_at_the_normal_and_known_beside_it():
    nothing = torch.zeros(4, 3)
    assert normal_divergence(nothing, nothing) == 0
    assert normal_divergence(nothing + 2, nothing) == pytest.approx(3 * 2.0)  # mean^2 / 2 each


def test_the_mean_face_lies_upright_in_the_style_crop():
    angle = np.radians(25)
    turn = 90 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = MEAN_FACE[:, :2] @ turn.T + [150, 130]
    frame = Frame(np.random.default_rng(0).integers(0, 255, (300, 320, 3), np.uint8), 0, 0.0)
    aligned = align_style(frame, Face(np.array([0, 0, 1, 1]), points), 64)
    expected = (MEAN_FACE[:, :2] / (CROP_WIDTH_UNITS * STYLE_COVERAGE) + 0.5) * 64 - 0.5
    assert aligned.image.shape == (64, 64, 3)
    np.testing.assert_allclose(aligned.points, expected, atol=1e-3)
    back = transform_points(invert(aligned.frame_to_crop), aligned.points)
    np.testing.assert_allclose(back, points, atol=1e-3)
    np.testing.assert_allclose(frame_to_style_for(points, 64), aligned.frame_to_crop)


def test_a_stored_crop_gives_its_middle():
    crop = np.zeros((100, 100, 3), np.uint8)
    crop[10:90, 10:90] = 200
    inner = style_of_stored(crop, 64)
    assert inner.shape == (64, 64, 3)
    assert inner[0, 0, 0] == 0 and inner[32, 32, 0] == 200
    bright = (inner[32, :, 0] > 100).sum() / 64
    assert bright == pytest.approx(0.8 / STYLE_COVERAGE, abs=0.03)


def test_pictures_are_cut_to_their_range():
    images = torch.tensor([-3.0, -1.0, 0.0, 1.0, 9.0])[None, None, None].expand(1, 3, 5, 5)
    assert from_signed_range(images)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
