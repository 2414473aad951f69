"""A generator with one block more."""

import torch

from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.networks.growing import drawn_twice, grown_generator, spread_rows
from faceswap.stylegan.networks.layers import upsampled
from tests.stylegan.tiny import tiny_generator


def test_below_its_new_block_it_draws_to_the_bit_as_before():
    before = tiny_generator()
    grown = grown_generator(before, 8)
    assert (grown.resolution, grown.rows, grown.settings["channels"]) == (64, before.rows + 2, [16] * 4 + [8])
    w = before.mapping(draw_z(range(3), 32))
    assert torch.equal(grown.mapping(draw_z(range(3), 32)), w)
    assert torch.equal(grown.average, before.average)
    drawn = before.synthesis(before.spread(w), noise="none")
    base, whole = drawn_twice(grown, grown.spread(w))
    assert torch.equal(base, drawn)
    assert torch.equal(whole, upsampled(drawn))  # the new block adds nothing yet


def test_a_block_that_has_learned_changes_the_whole_picture_alone():
    grown = grown_generator(tiny_generator(), 8)
    torch.nn.init.normal_(grown.synthesis.b64.torgb.weight)
    rows = grown.spread(grown.mapping(draw_z(range(2), 32)))
    base, whole = drawn_twice(grown, rows)
    assert torch.equal(whole, grown.synthesis(rows, noise="none"))
    assert torch.equal(base, grown.synthesis(rows, noise="none", until_px=32))
    assert float((whole - upsampled(base)).abs().mean()) > 0.01


def test_new_rows_are_as_the_last_one():
    rows = torch.randn(2, 8, 32)
    more = spread_rows(rows, 10)
    assert torch.equal(more[:, :8], rows)
    assert torch.equal(more[:, 8], rows[:, 7])
    assert torch.equal(more[:, 9], rows[:, 7])
    assert torch.equal(spread_rows(rows, 8), rows)
