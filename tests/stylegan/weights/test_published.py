"""Published weights draw the pictures of a reference that was written apart from the program."""

import numpy as np
import pytest
import torch

from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.weights.files import load_generator
from tests.stylegan import published_made as made
from tests.stylegan import reference

TOLERANCE = 1e-5  # of the pictures' spread


def numbers(tensors):
    return {name: tensor.double().numpy() for name, tensor in tensors.items()}


def assert_same(ours: torch.Tensor, expected: np.ndarray) -> None:
    assert expected.std() > 0.1
    assert np.abs(ours.numpy() - expected).max() <= TOLERANCE * expected.std()


@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize("layers", [2, 8])
@pytest.mark.parametrize(("psi", "cutoff", "clamp"), [(1.0, None, None), (0.6, 5, 2.0)])
def test_nvidias_weights(tmp_path, resolution, layers, psi, cutoff, clamp):
    tensors = made.nvidia_tensors(resolution, layers, seed=resolution)
    generator = load_generator(made.write_nvidia(tmp_path / "network.pkl", tensors, clamp))
    assert generator.settings == {"resolution": resolution, "channels": made.CHANNELS[resolution],
                                  "z_size": made.Z_SIZE, "w_size": made.W_SIZE, "mapping_layers": layers,
                                  "clamp": clamp}  # fmt: skip
    z = draw_z([1, 2], made.Z_SIZE)
    rows = generator.truncated(generator.spread(generator.mapping(z)), psi, cutoff)
    for noise in (True, False):
        expected = [
            reference.nvidia_image(numbers(tensors), one.double().numpy(), psi, cutoff, clamp, noise) for one in z
        ]
        for fused in (False, True):
            assert_same(generator.synthesis(rows, "const" if noise else "none", fused=fused), np.stack(expected))


@pytest.mark.parametrize("resolution", [32, 64])
def test_rosinalitys_weights(tmp_path, resolution):
    weights, average = made.rosinality_tensors(made.nvidia_tensors(resolution, 8, seed=resolution))
    torch.save({"g_ema": weights, "latent_avg": average}, tmp_path / "network.pt")
    generator = load_generator(tmp_path / "network.pt")
    z = draw_z([3, 4], made.Z_SIZE)
    expected = [
        reference.rosinality_image(numbers(weights), average.double().numpy(), one.double().numpy(), 0.7) for one in z
    ]
    assert_same(generator(z, psi=0.7), np.stack(expected))


def test_the_references_agree_with_each_other():
    tensors = made.nvidia_tensors(32)
    weights, average = made.rosinality_tensors(tensors)
    z = draw_z([5], made.Z_SIZE)[0].double().numpy()
    one = reference.nvidia_image(numbers(tensors), z, 0.5, None, None, True)
    other = reference.rosinality_image(numbers(weights), average.double().numpy(), z, 0.5)
    assert np.abs(one - other).max() < 1e-5 * one.std()  # their epsilons differ
