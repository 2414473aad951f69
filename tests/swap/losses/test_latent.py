from __future__ import annotations

import pytest
import torch
from torch import nn

from faceswap.swap.losses.latent import LatentSpace, unevenness
from faceswap.swap.models.df import Df
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from tests.swap.fakes import SMALL_UD, NarrowOriginal


def space_of(kind=Df, side="a", count=5, **settings) -> LatentSpace:
    torch.manual_seed(0)
    model = kind(**SMALL_UD, **settings)
    return LatentSpace.of(model, torch.rand(count, 3, 64, 64), side)


class Mirror(nn.Module):
    """A model whose picture is its code, cut off beyond [0, 1]."""

    beta = 0.0

    def latents(self, images, side):
        return images.flatten(1)

    def decode_latents(self, codes, side):
        return codes.view(-1, 3, 2, 2).clamp(0, 1), None


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [(NarrowOriginal, {}), (Lite, {}), (Df, SMALL_UD), (Liae, SMALL_UD), (Liae, SMALL_UD | {"beta": 1.0})],
)
def test_the_bottleneck_is_on_the_way_from_picture_to_picture(kind, settings, side):
    torch.manual_seed(0)
    model = kind(**settings)
    if kind is Liae:
        nn.init.normal_(model.inter_b[0].weight)
    images = torch.rand(2, 3, model.resolution, model.resolution)
    with torch.no_grad():
        latents = model.latents(images, side)
        one, other = model.decode_latents(latents, side)[0], model.decode(model.encode(images), side)[0]
    assert latents.dim() == 2
    torch.testing.assert_close(one, other)


def test_liae_tells_the_swap_the_shared_code_only():
    assert space_of(Liae, "a").codes.shape == (5, 8)
    assert space_of(Liae, "b").codes.shape == (5, 16)


def test_a_gaussian_code_is_sampled_where_training_drew_it():
    random = torch.Generator().manual_seed(0)
    samples = space_of(beta=1.0).samples(4000, random)
    assert samples.mean().abs() < 0.02 and abs(samples.std() - 1) < 0.02
    plain = space_of()
    samples = plain.samples(4000, random)
    torch.testing.assert_close(samples.mean(0), plain.mean, atol=0.1, rtol=0.1)
    torch.testing.assert_close(samples.std(0), plain.spread, atol=0.05, rtol=0.1)


def test_a_walk_begins_and_ends_with_its_faces():
    space = space_of()
    walk = space.walk(1, 3, 5)
    torch.testing.assert_close(walk[[0, -1]], space.codes[[1, 3]])
    torch.testing.assert_close(walk[2], (space.codes[1] + space.codes[3]) / 2)
    assert space.draw(walk).shape == (5, 3, 64, 64)


def test_a_middle_is_never_a_face():
    space = LatentSpace.of(Mirror(), torch.stack([torch.zeros(3, 2, 2), torch.ones(3, 2, 2)]))
    assert (space.middles(20, torch.Generator().manual_seed(0)) == 0.5).all()


def test_what_is_lost_in_a_hole():
    space = LatentSpace.of(Mirror(), torch.rand(8, 3, 2, 2))
    assert space.lost(space.codes) == 0
    assert space.lost(space.codes + 3) > 1, "a code that no picture has"


def test_how_even_a_walk_is():
    even = torch.linspace(0, 1, 5)[:, None, None, None].expand(5, 3, 2, 2)
    assert unevenness(even) == pytest.approx(1)
    assert unevenness((even > 0.5).float()) == pytest.approx(4)
    assert unevenness(torch.zeros(5, 3, 2, 2)) == 1


def test_one_face_is_no_space():
    with pytest.raises(ValueError, match="two or more"):
        space_of(count=1)
