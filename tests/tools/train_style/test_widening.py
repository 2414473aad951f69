"""A generator with more channels draws as before, and its new channels can learn."""

import pytest
import torch

from tests.stylegan.tiny import tiny_generator
from tools.train_style.widening import widened_generator


def test_more_channels_draw_the_same_and_can_learn():
    narrow = tiny_generator()
    more = [count + 4 for count in narrow.settings["channels"]]
    wide = widened_generator(narrow, more)
    z = torch.randn(3, narrow.z_size, generator=torch.Generator().manual_seed(0))
    rows = narrow.spread(narrow.mapping(z))
    with torch.no_grad():
        before = narrow.synthesis(rows, noise="const")
        torch.testing.assert_close(wide.synthesis(rows, noise="const"), before, rtol=0, atol=1e-4)
    assert wide.settings["channels"] == more
    weight = wide.synthesis.b8.conv1.weight.requires_grad_(True)
    wide.synthesis(rows).square().mean().backward()
    old = narrow.synthesis.b8.conv1.weight.shape[1]
    assert float(weight.grad[:, old:].abs().max()) > 0


def test_fewer_channels_are_refused():
    narrow = tiny_generator()
    with pytest.raises(ValueError, match="are fewer than"):
        widened_generator(narrow, [2] * len(narrow.settings["channels"]))
    with pytest.raises(ValueError, match="are fewer than"):
        widened_generator(narrow, [64])
