"""At which resolution codes are looked for."""

import torch

from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.stylegan.inversion.domain_check import DomainCheck
from faceswap.stylegan.inversion.inversion import CodeSearch
from faceswap.stylegan.inversion.resolution import SearchResolution
from faceswap.stylegan.networks.encoder import grown_encoder
from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.networks.growing import grown_generator
from faceswap.stylegan.networks.whitening import Whitening
from tests.stylegan.tiny import by_pixels, tiny_encoder, tiny_generator


def both():
    before = tiny_generator()
    encoder = tiny_encoder(before)
    torch.nn.init.normal_(encoder.offset[1].weight, std=0.01)
    grown = grown_generator(before, 8)
    torch.nn.init.normal_(grown.synthesis.b64.torgb.weight)
    return before, encoder, grown, grown_encoder(encoder, 64, grown.rows).eval().requires_grad_(False)


def inverted(generator, encoder, photos, masks, **settings):
    search = CodeSearch(
        generator, encoder, by_pixels(), InversionSettings(steps=5, **settings), Whitening.of(generator, 200)
    )
    return search.invert(photos, masks)


def test_a_grown_generator_finds_the_codes_that_it_found_before():
    before, encoder, grown, its_encoder = both()
    small = before(draw_z(range(2), 32)).clamp(-1, 1)
    photos, masks = small.repeat_interleave(2, 2).repeat_interleave(2, 3), torch.zeros(2, 1, 64, 64)
    masks[..., 16:48, 16:48] = 1
    found = inverted(before, encoder, small, masks[..., ::2, ::2])
    again = inverted(grown, its_encoder, photos, masks)
    torch.testing.assert_close(again.rows[:, :8], found.rows, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(again.history, found.history, atol=1e-6, rtol=1e-5)
    assert torch.equal(again.rows[:, 8], again.rows[:, 7])
    assert torch.equal(again.rows[:, 9], again.rows[:, 7])
    drawn = grown.synthesis(again.rows)
    wanted = by_pixels().parts(drawn, by_pixels().target(photos, masks))["pixels"]
    torch.testing.assert_close(again.parts["pixels"], wanted)  # told of the whole picture


def test_a_tuned_generator_is_tuned_to_the_whole_picture():
    _, _, grown, its_encoder = both()
    photos = torch.rand(1, 3, 64, 64) * 2 - 1
    found = inverted(grown, its_encoder, photos, None, fidelity=1.0, tuning_steps=2)
    assert found.draw(grown).shape == photos.shape


def test_without_an_encoder_or_with_one_that_sees_all_the_whole_picture_is_searched():
    before, encoder, grown, _ = both()
    assert SearchResolution.of(grown, None) == SearchResolution(64, 10, 10)
    assert SearchResolution.of(before, encoder) == SearchResolution(32, 8, 8)


def test_the_domain_is_told_at_the_same_resolution():
    before, encoder, grown, its_encoder = both()
    checks = DomainCheck(before, encoder, by_pixels()), DomainCheck(grown, its_encoder, by_pixels())
    for check in checks:
        check.warning("a.jpg", 1e9)  # needs all samples
    # Drawn larger and seen smaller again: about what they were, but for what the new block has added.
    assert 0.5 < float(checks[1]._losses.median() / checks[0]._losses.median()) < 2
