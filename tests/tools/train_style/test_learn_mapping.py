"""A mapping that learns a bent distribution of codes, which no normal distribution is."""

import sys

import numpy as np
import torch

from faceswap.stylegan.weights import files as weights
from tests.stylegan.tiny import tiny_encoder, tiny_generator
from tools.train_style import learn_mapping
from tools.train_style.mapping import fit_mapping


def bent_codes(generator, count=1024):
    """Return codes on a ring in two of their numbers, with a little of everything."""
    torch.manual_seed(0)
    codes = 0.05 * torch.randn(count, generator.w_size) + 1
    angle = torch.rand(count) * 2 * torch.pi
    codes[:, 0] += 2 * angle.cos()
    codes[:, 1] += 2 * angle.sin()
    return codes


def radii(generator):
    with torch.no_grad():
        w = generator.mapping(torch.randn(512, generator.z_size, generator=torch.Generator().manual_seed(3)))
    return (w[:, :2] - 1).norm(dim=1)


def test_it_finds_a_ring_where_a_normal_distribution_fills_the_disc(monkeypatch):
    monkeypatch.setattr(learn_mapping, "RATE", 2e-3)
    monkeypatch.setattr(learn_mapping, "KEPT", 0.98)
    generator = tiny_generator()
    codes = bent_codes(generator)
    learned = learn_mapping.Learned(codes)
    learned.fit(codes, 1500)
    made = learned.given_to(generator)
    fit_mapping(generator, codes)
    assert 1.5 < float(radii(made).mean()) < 2.5
    assert float(radii(made).std()) < 0.5 * float(radii(generator).std())
    wide = learned.given_to(generator, 1.5)
    assert 1.1 < float(radii(wide).mean() / radii(made).mean()) < 1.8


def test_synthesis_stays_and_a_seed_gives_the_same_again():
    generator = tiny_generator()
    codes = bent_codes(generator, 200)
    made = []
    for _ in range(2):
        learned = learn_mapping.Learned(codes)
        learned.fit(codes, 3)
        made.append(learned.given_to(generator))
    assert weights.generator_hash(made[0]) == weights.generator_hash(made[1])
    before, now = generator.synthesis.state_dict(), made[0].synthesis.state_dict()
    assert all(torch.equal(now[name], value) for name, value in before.items())
    z = torch.randn(5, generator.z_size, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(made[0].mapping(z), learned(z), rtol=1e-4, atol=1e-5)


def test_the_command_writes_a_generator(tmp_path, monkeypatch):
    generator = tiny_generator()
    weights.save_generator(generator, tmp_path / "generator.safetensors", {})
    weights.save_encoder(tiny_encoder(generator), tmp_path / "encoder.safetensors", {})
    (tmp_path / "crops").mkdir()
    for name in ("seen.npy", "targets.npy"):
        np.save(tmp_path / "crops" / name, np.random.default_rng(0).integers(0, 255, (12, 32, 32, 3), np.uint8))
    parts = [f"--{part}={tmp_path / part}.safetensors" for part in ("generator", "encoder")]
    out = tmp_path / "made.safetensors"
    monkeypatch.setattr(sys, "argv", ["learn_mapping", str(out), str(tmp_path / "crops"), "--steps=2", *parts])
    learn_mapping.main()
    assert weights.load_generator(out).settings["mapping_layers"] == learn_mapping.LAYERS
