"""Faces outside of what a generator draws are told, by no more of its own faces than that takes."""

import torch

from faceswap.stylegan.inversion import domain_check
from faceswap.stylegan.inversion.domain_check import FIRST_SEED, SAMPLES, DomainCheck, encoder_loss
from faceswap.stylegan.networks.generator import draw_z
from tests.stylegan.tiny import by_pixels, tiny_encoder, tiny_generator


def test_the_answer_is_that_of_all_samples(monkeypatch):
    generator = tiny_generator()
    encoder, loss = tiny_encoder(generator), by_pixels()
    faces = generator(draw_z(range(FIRST_SEED, FIRST_SEED + SAMPLES), 32)).clamp(-1, 1)
    losses = encoder_loss(generator, encoder, loss, faces)
    worst = float(losses.quantile(0.95))
    drawn = []

    def counted(*arguments):
        drawn.append(len(arguments[3]))
        return encoder_loss(*arguments)

    monkeypatch.setattr(domain_check, "encoder_loss", counted)
    check = DomainCheck(generator, encoder, loss)
    assert check.warning("x", 0.0) is None and not drawn
    assert check.warning("x", float(losses[:8].median())) is None and drawn == [8]
    assert check.warning("x", 1.99 * worst) is None
    told = check.warning("x", 2.01 * worst)
    assert told is not None and f"its own {float(losses.median()):.3f} (95% below {worst:.3f})" in told
    assert sum(drawn) == SAMPLES
    for found in torch.linspace(0.5, 3, 40).mul(worst).tolist():
        fresh = DomainCheck(generator, encoder, loss)
        assert (fresh.warning("x", found) is None) == (found <= 2 * worst)
