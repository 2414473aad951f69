"""The generator: shapes, rows, truncation, noise, precision, and the same image for a seed on every run."""

import numpy as np
import pytest
import torch

from faceswap.stylegan.networks.generator import Generator, draw_z, noise_rngs, plan_channels


def tiny(resolution: int = 32, **settings) -> Generator:
    torch.manual_seed(0)
    channels = [16, 12, 8, 8, 4, 4, 4, 4, 4][: resolution.bit_length() - 2]
    generator = Generator(resolution, channels, 24, 20, 2, **settings).eval().requires_grad_(False)
    generator.mapping.w_avg.normal_()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(0.5)
    return generator


@pytest.mark.parametrize(("resolution", "rows"), [(32, 8), (64, 10), (256, 14)])
def test_sizes_and_rows(resolution, rows):
    generator = tiny(resolution)
    assert generator.rows == rows
    images = generator(draw_z([1], 24))
    assert images.shape == (1, 3, resolution, resolution) and images.dtype == torch.float32


def test_the_usual_plan_of_channels():
    assert plan_channels(1024, 32768) == {
        4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32,
    }  # fmt: skip


def test_fused_and_plain_paths_agree():
    generator = tiny(clamp=1.0)
    rows = torch.randn(3, generator.rows, 20)
    plain, fused = (generator.synthesis(rows, fused=fused) for fused in (False, True))
    torch.testing.assert_close(plain, fused, rtol=0, atol=1e-5 * plain.std().item())


def test_truncation_draws_rows_towards_the_average():
    generator = tiny()
    rows = torch.randn(2, generator.rows, 20)
    assert torch.equal(generator.truncated(rows, 1.0), rows)
    torch.testing.assert_close(generator.truncated(rows, 0.0), generator.average.expand_as(rows))
    cut = generator.truncated(rows, 0.5, cutoff=3)
    torch.testing.assert_close(cut[:, :3], (rows[:, :3] + generator.average) / 2)
    assert torch.equal(cut[:, 3:], rows[:, 3:])


def test_each_row_moves_its_own_layers_only():
    generator = tiny()
    rows = torch.randn(1, generator.rows, 20)
    before = generator.synthesis(rows)
    for number in range(generator.rows):
        moved = rows.clone()
        moved[:, number] += 1
        assert not torch.equal(generator.synthesis(moved), before), number
    colours_only = rows.clone()
    colours_only[:, -1] += 1  # of the last block's colours: the skips below stay as they are
    generator.synthesis.b32.torgb.weight.zero_()
    torch.testing.assert_close(generator.synthesis(colours_only), generator.synthesis(rows))


@pytest.mark.parametrize("noise", ["const", "random", "none"])
def test_a_seed_gives_the_same_image_in_every_batch(noise):
    generator = tiny()
    seeds = [5, 1, 99, 2**32 - 1]
    together = generator(draw_z(seeds, 24), noise=noise, rng=noise_rngs(seeds))
    again = generator(draw_z(seeds, 24), noise=noise, rng=noise_rngs(seeds))
    assert torch.equal(together, again)
    for seed, image in zip(seeds, together, strict=True):
        alone = generator(draw_z([seed], 24), noise=noise, rng=noise_rngs([seed]))[0]
        torch.testing.assert_close(alone, image, rtol=0, atol=1e-5 * together.std().item())


def test_kinds_of_noise_differ():
    generator, z = tiny(), draw_z([3], 24)
    const, none = generator(z), generator(z, noise="none")
    first, second = (generator(z, noise="random", rng=noise_rngs([seed])) for seed in (1, 2))
    images = [const, none, first, second]
    assert all(not torch.allclose(a, b) for i, a in enumerate(images) for b in images[:i])
    drawn = torch.Generator().manual_seed(1)
    assert torch.equal(generator(z, noise="random", rng=drawn), generator(z, noise="random", rng=drawn.manual_seed(1)))


def test_a_seed_draws_what_published_programs_draw_of_it():
    golden = torch.tensor([1.624345, -0.611756, -0.528172, -1.072969])  # numpy's of the seed 1, the same for ever
    torch.testing.assert_close(draw_z([0, 1, 7], 4)[1], golden, rtol=0, atol=1e-6)
    for seed in (0, 85, 2**32 - 1):
        theirs = torch.from_numpy(np.random.RandomState(seed).randn(1, 512)).float()  # NVIDIA's generate.py
        assert torch.equal(draw_z([3, seed], 512)[1:], theirs)


def test_clamped_features_bound_the_colours():
    generator = tiny(clamp=0.01)
    images = generator.synthesis(torch.randn(2, generator.rows, 20) * 10)
    assert images.abs().max() <= 4 * 0.01 + 1e-6  # one summand a resolution


def test_half_precision_is_near_and_the_images_are_float32():
    generator, z = tiny(64), draw_z([1, 2], 24)
    exact = generator(z)
    with torch.autocast("cpu", torch.bfloat16):
        half = generator(z)
        assert torch.equal(generator.mapping(z), generator.mapping(z)) and half.dtype == torch.float32
    assert 0 < (half - exact).abs().max() < 0.1 * exact.std()


def test_gradients_reach_every_weight_twice():
    generator = tiny().requires_grad_(True)
    rows = torch.randn(2, generator.rows, 20, requires_grad=True)
    images = generator.synthesis(rows)
    penalty = torch.autograd.grad((images * torch.randn_like(images)).sum(), rows, create_graph=True)[0]
    penalty.square().sum().backward()  # as path-length regularisation does
    named = dict(generator.synthesis.named_parameters())
    unreached = {name for name, weight in named.items() if weight.grad is None}
    assert unreached <= {name for name in named if name.endswith("bias") and "torgb.bias" in name}
