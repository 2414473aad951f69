"""Inversion: from a picture back to its styles, nearer to the average or to the photo."""

import pytest
import torch

from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.stylegan.inversion.inversion import CodeSearch, check_fit
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import by_pixels, tiny_encoder, tiny_generator


@pytest.fixture(scope="module")
def generator():
    return tiny_generator()


@pytest.fixture(scope="module")
def white(generator):
    return Whitening.of(generator, 500)


@pytest.fixture(scope="module")
def photos(generator):
    return generator(draw_z([900, 901], 32))


def inverted(generator, white, photos, **settings):
    chosen = InversionSettings(**{"guess": "average", "steps": 30} | settings)
    return CodeSearch(generator, None, by_pixels(), chosen, white).invert(photos)


def test_samples_have_unit_spread_in_sigmas_and_come_back(generator, white):
    w = generator.mapping(draw_z(range(500), 32))
    sigmas = white.sigmas(w)
    assert sigmas.mean(0).abs().max() < 1e-3
    wide = white.spreads > 0.02 * white.spreads[0]
    torch.testing.assert_close(sigmas.std(0)[wide], torch.ones(int(wide.sum())), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(white.w(sigmas), w, rtol=1e-4, atol=1e-4)


def test_steps_lower_the_loss_of_each_photo_and_the_best_code_is_kept(generator, white, photos):
    found = inverted(generator, white, photos)
    assert found.rows.shape == (2, generator.rows, 32) and found.history.shape == (31, 2) and found.steps == 30
    assert (found.loss < 0.5 * found.history[0]).all()
    assert (found.loss <= found.history.min(0).values * 1.1 + 1e-6).all()
    assert all(weight.grad is None for weight in generator.parameters())


def test_photos_do_not_change_each_other(generator, white, photos):
    alone = inverted(generator, white, photos[1:], steps=5)
    torch.testing.assert_close(alone.rows[0], inverted(generator, white, photos, steps=5).rows[1], rtol=1e-3, atol=1e-3)


def test_no_steps_give_the_guess(generator, white, photos):
    encoder = tiny_encoder(generator)
    found = CodeSearch(generator, encoder, by_pixels(), InversionSettings(steps=0), white).invert(photos)
    torch.testing.assert_close(found.rows, encoder(photos), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.loss, found.history[0])


def test_the_knob_leads_from_one_w_near_the_average_to_a_tuned_generator(generator, white, photos):
    near, free, tuned = (inverted(generator, white, photos, fidelity=knob, tuning_steps=20) for knob in (0.0, 0.5, 1.0))
    torch.testing.assert_close(near.rows, near.rows[:, :1].expand_as(near.rows))
    assert not torch.allclose(free.rows, free.rows[:, :1].expand_as(free.rows))
    assert near.tuning is None and free.tuning is None and tuned.tuning is not None and tuned.steps == 50
    assert near.loss.mean() > free.loss.mean() > tuned.loss.mean()
    assert near.unusual.mean() < free.unusual.mean()


def test_what_is_masked_does_not_count(generator, white, photos):
    masks = torch.zeros(2, 1, 32, 32)
    masks[..., :16, :] = 1
    loss = by_pixels()
    other = photos.clone()
    other[..., 16:, :] = 0
    parts = loss.parts(other, loss.target(photos, masks))["pixels"]
    all_of_it = loss.parts(other, loss.target(photos))["pixels"]
    assert (parts < 0.5 * all_of_it).all() and (parts > 0).all()


def test_a_guess_needs_a_fitting_encoder(generator, white, photos):
    with pytest.raises(UserError, match="guess=encoder needs an encoder"):
        inverted(generator, white, photos, guess="encoder")
    with pytest.raises(UserError, match="encoder is for a generator of"):
        check_fit(generator, Encoder(64, 10, 32, (8, 8, 8, 8)))
    with pytest.raises(UserError, match="fidelity=2"):
        inverted(generator, white, photos, fidelity=2.0)
