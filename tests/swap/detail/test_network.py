import pytest
import torch

from faceswap.facenets.loading import load_network
from faceswap.swap.detail.choices import NAME
from faceswap.swap.detail.network import DetailNet, blur, moved, places_of, relative_detail
from faceswap.utils.files.pretrained import entry_of

SIDE = 64


@pytest.fixture
def network():
    torch.manual_seed(0)
    net = DetailNet(width=8, reference_width=8, deep_width=16, flow_width=8)
    for parameter in net.parameters():  # those that begin at nothing too
        torch.nn.init.normal_(parameter, std=0.1)
    return net.eval()


@torch.no_grad()
def sharpened(network, drawn, references, trust):
    return network(drawn, references, torch.tensor(trust), places_of(SIDE))


def test_a_fresh_network_without_references_changes_nothing():
    drawn = torch.rand(2, 3, SIDE, SIDE)
    fresh = DetailNet(width=8, reference_width=8, deep_width=16, flow_width=8)
    same = sharpened(fresh, drawn, torch.zeros(2, 0, 3, SIDE, SIDE), [[], []])
    torch.testing.assert_close(same, drawn)


def test_a_reference_that_is_not_trusted_is_none(network):
    drawn, references = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 3, 3, SIDE, SIDE)
    alone = sharpened(network, drawn, references[:, :1], [[1.0]])
    torch.testing.assert_close(sharpened(network, drawn, references, [[1.0, 0.0, 0.0]]), alone, atol=1e-4, rtol=0)
    assert (alone - sharpened(network, drawn, references[:, :0], [[]])).abs().max() > 1e-3


def test_it_does_not_matter_in_which_order_references_come(network):
    drawn, references = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 3, 3, SIDE, SIDE)
    turned = sharpened(network, drawn, references.flip(1), [[0.2, 0.5, 1.0]])
    torch.testing.assert_close(sharpened(network, drawn, references, [[1.0, 0.5, 0.2]]), turned)


@pytest.mark.parametrize("gain", [0.5, 0.8])
def test_the_light_of_a_reference_does_not_come_in(network, gain):
    """A picture that is darker everywhere lends the same detail."""
    drawn, references = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 2, 3, SIDE, SIDE) * 0.5 + 0.5
    bright, dark = (relative_detail(x, blur(x)) for x in (references[0], references[0] * gain))
    assert (bright - dark).abs().max() < 0.1 * bright.abs().max()
    results = [sharpened(network, drawn, x, [[1.0, 1.0]]) for x in (references, references * gain)]
    assert (results[0] - results[1]).abs().mean() < 0.02


def test_a_flow_looks_up_so_many_pixels_farther_on():
    picture = torch.rand(1, 3, SIDE, SIDE)
    flow = torch.zeros(1, 2, 8, 8)
    flow[:, 0], flow[:, 1] = 3, -2
    torch.testing.assert_close(moved(picture, flow)[..., 2:, :-3], picture[..., :-2, 3:], atol=1e-4, rtol=0)


def test_the_shipped_network_is_small_and_sharpens():
    """What is soft gets edges; the colours of a place stay."""
    assert entry_of(NAME).size_bytes <= 6_000_000
    network, _ = load_network(NAME, DetailNet, "cpu")
    assert sum(p.numel() for p in network.parameters()) <= 1_500_000
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    disc = torch.sigmoid((40 - ((x - 64) ** 2 + (y - 64) ** 2).sqrt()) / 4)  # an edge 16 px wide
    drawn = (0.3 + 0.4 * disc).expand(1, 3, -1, -1)
    with torch.no_grad():
        sharp = network(drawn, torch.zeros(1, 0, 3, 128, 128), torch.zeros(1, 0), places_of(128))
    assert (sharp[..., 1:] - sharp[..., :-1]).abs().max() > 1.2 * (drawn[..., 1:] - drawn[..., :-1]).abs().max()
    assert (sharp.mean((2, 3)) - drawn.mean((2, 3))).abs().max() < 0.02
