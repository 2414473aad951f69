"""Path lengths of a generator that is linear, where they are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.facenets.embedder import EmbedderNet
from faceswap.stylegan.inversion.lpips import EmbedderDistance, VggLpips
from faceswap.stylegan.metrics.path_length import PathSteps, face_crop, kept_mean, path_lengths, slerp
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.errors import UserError
from tests.stylegan.toy import LinearGenerator


def squared(one, other):
    return (one - other).square().sum((1, 2, 3))


@pytest.mark.parametrize("where", ["full", "end"])
def test_of_a_linear_generator_it_is_the_squared_way(where):
    generator = LinearGenerator()
    found = path_lengths(generator, squared, where=where, steps=PathSteps(6, batch_size=6))
    one, other = draw_z(range(12), 16).chunk(2)
    way = generator.mapping(other) - generator.mapping(one)
    expected = (way @ generator.matrix.T).square().sum(1).numpy()
    np.testing.assert_allclose(found, expected, rtol=5e-3)  # float32, as published


def test_in_z_it_is_the_squared_angle():
    generator = LinearGenerator()
    found = path_lengths(generator, squared, space="z", steps=PathSteps(5, batch_size=5))
    one, other = (torch.nn.functional.normalize(z.double(), dim=1) for z in draw_z(range(10), 16).chunk(2))
    cosine = (one * other).sum(1, keepdim=True)
    tangent = torch.nn.functional.normalize(other - cosine * one, dim=1) * torch.acos(cosine)
    expected = (tangent @ generator.mix.double().T @ generator.matrix.double().T).square().sum(1)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-2)


def test_slerp_ends_at_both_and_keeps_the_length():
    one, other = torch.randn(4, 8), torch.randn(4, 8)
    for t, expected in ((0.0, one), (1.0, other)):
        torch.testing.assert_close(
            slerp(one, other, torch.full((4,), t)), torch.nn.functional.normalize(expected, dim=1), atol=1e-5, rtol=1e-4
        )
    torch.testing.assert_close(slerp(one, other, torch.rand(4)).norm(dim=1), torch.ones(4))


def test_batches_do_not_matter_and_the_crop_is_the_published_one():
    generator = LinearGenerator()
    whole = path_lengths(generator, squared, steps=PathSteps(5, batch_size=5))
    assert whole.shape == (5,)
    images = torch.arange(64.0 * 64).reshape(1, 1, 64, 64)
    assert torch.equal(face_crop(images), images[:, :, 24:56, 16:48])
    assert (path_lengths(generator, squared, steps=PathSteps(5, crop=True, batch_size=5)) < whole).all()


def test_outliers_are_left_out():
    lengths = np.r_[np.ones(998), 1e9, 0.0]
    assert kept_mean(lengths) == 1
    assert kept_mean(np.array([2.0, 4.0])) == 3


def test_the_embedders_distance_is_zero_for_the_same_and_smooth():
    torch.manual_seed(0)
    distance = EmbedderDistance(network=EmbedderNet(widths=(8, 8, 8, 8), last=8).eval())
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    change = 0.01 * torch.randn_like(images)
    near, far = distance(images, images + change), distance(images, images + 2 * change)
    assert (distance(images, images).abs() < 1e-9).all()
    torch.testing.assert_close(far / near, torch.full((2,), 4.0), atol=1.5, rtol=0)
    generator = Generator(32, [8] * 4, 16, 16, 2).eval()
    found = path_lengths(generator, distance, steps=PathSteps(4, batch_size=4))
    assert np.isfinite(found).all() and (found > 0).all()


def test_lpips_takes_the_published_files_and_nothing_else(tmp_path):
    torch.manual_seed(0)
    network = VggLpips()
    vgg = {name: tensor for name, tensor in network.state_dict().items() if name.startswith("features.")}
    assert len(vgg) == 26 and vgg["features.28.weight"].shape == (512, 512, 3, 3)  # as torchvision numbers them
    lins = {f"lin{stage}.model.1.weight": torch.rand(1, width, 1, 1) for stage, width in
            enumerate((64, 128, 256, 512, 512))}  # fmt: skip
    torch.save(vgg | {"classifier.0.weight": torch.zeros(3)}, tmp_path / "vgg16.pth")
    torch.save(lins, tmp_path / "vgg.pth")
    loaded = VggLpips.load(tmp_path / "vgg16.pth", tmp_path / "vgg.pth")
    images = torch.rand(2, 3, 32, 32)
    assert loaded(images, images).tolist() == [0, 0]
    only_first = {name: tensor * (name == "lin0.model.1.weight") for name, tensor in lins.items()}
    torch.save(only_first, tmp_path / "first.pth")
    first = VggLpips.load(tmp_path / "vgg16.pth", tmp_path / "first.pth")
    values = (torch.cat([images, -images]) - loaded.shift) / loaded.scale
    features = torch.nn.functional.normalize(loaded.features[:4](values), dim=1)
    by_hand = ((features[:2] - features[2:]).square() * lins["lin0.model.1.weight"]).sum(1).mean((1, 2))
    torch.testing.assert_close(first(images, -images), by_hand)
    with pytest.raises(UserError, match="is missing or does not fit"):
        VggLpips.load(tmp_path / "vgg.pth", tmp_path / "vgg16.pth")
