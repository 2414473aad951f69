"""Rows by name, children, grids, swapped layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.stylegan.gallery.mixing import mixed, mixing_grid, rows_of
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.layer_swap import swapped_layers
from faceswap.utils.errors import UserError


def tiny(seed: int = 0, resolution: int = 64) -> Generator:
    torch.manual_seed(seed)
    count = {32: 4, 64: 5}[resolution]
    return Generator(resolution, [8] * count, 16, 16, 2).eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("name", "count", "layout", "expected"),
    [
        ("coarse", 18, "stylegan2", (0, 3)),
        ("middle", 18, "stylegan2", (3, 7)),
        ("fine", 18, "stylegan2", (7, 18)),
        ("coarse", 18, "stylegan1", (0, 4)),
        ("middle", 18, "stylegan1", (4, 8)),
        ("fine", 18, "stylegan1", (8, 18)),
        ("fine", 10, "stylegan2", (7, 10)),
        ("all", 10, "stylegan2", (0, 10)),
        ("3-6", 10, "stylegan2", (3, 7)),
        ("9", 10, "stylegan2", (9, 10)),
    ],
)
def test_ranges_by_name(name, count, layout, expected):
    assert rows_of(name, count, layout) == expected


@pytest.mark.parametrize("name", ["", "rough", "3-", "-3", "6-3", "8-10", "10"])
def test_rows_that_are_none_are_told(name):
    with pytest.raises(UserError, match="coarse, middle, fine, all, or rows such as 3-6"):
        rows_of(name, 10)


@pytest.mark.parametrize(("name", "side"), [("coarse", 8), ("middle", 32), ("fine", 64)])
def test_a_range_reaches_the_resolutions_it_says(name, side):
    """The rows of a range change nothing that is drawn at smaller sides than its own."""
    generator = tiny()
    rows, others = generator.spread(torch.randn(2, 16)).unbind()
    seen = {}

    def look(side):
        return lambda module, _, result: seen.setdefault(side, []).append(result[0])

    for each in generator.synthesis.block_sizes:
        getattr(generator.synthesis, f"b{each}").register_forward_hook(look(each))
    generator.synthesis(rows[None])
    generator.synthesis(mixed(rows[None], others[None], {name: 1.0}))
    first = {"coarse": 4, "middle": 16, "fine": 64}[name]
    for each, (before, after) in seen.items():
        assert torch.equal(before, after) == (each < first), each
    assert first <= side


def test_children_are_between_their_parents():
    a, b = torch.zeros(1, 10, 4), torch.ones(1, 10, 4)
    assert (mixed(a, b, {"all": 0.5}) == 0.5).all()
    child = mixed(a, b, {"coarse": 0.0, "middle": 0.25, "fine": 1.0})
    assert child[0, :, 0].tolist() == [0] * 3 + [0.25] * 4 + [1] * 3


def test_a_grid_has_a_line_for_each_face_and_a_column_for_each_style():
    generator = tiny()
    codes = generator.spread(torch.randn(5, 16))
    sheet = mixing_grid(generator, codes[:2], codes[2:], "coarse")
    tile = sheet.shape[0] // 3
    assert sheet.shape == (3 * tile, 4 * tile, 3)
    assert (sheet[:tile, :tile] == 32).all()
    same = mixing_grid(generator, codes[:1], codes[:1], "all")
    np.testing.assert_array_equal(same[:tile, tile:], same[tile:, :tile])
    np.testing.assert_array_equal(same[tile:, tile:], same[tile:, :tile])


def test_layers_are_taken_from_the_other_generator():
    people, cartoons = tiny(0), tiny(1)
    swapped = swapped_layers(people, cartoons, 16)
    w = torch.randn(1, 16)
    assert torch.equal(swapped.mapping(w), people.mapping(w))
    for side in (4, 8, 16, 32, 64):
        own = getattr(swapped.synthesis, f"b{side}").state_dict()
        source = getattr((people if side < 16 else cartoons).synthesis, f"b{side}").state_dict()
        assert all(torch.equal(own[name], source[name]) for name in source)
    rows = people.spread(w)
    assert torch.equal(swapped_layers(people, people, 16).synthesis(rows), people.synthesis(rows))
    assert not torch.equal(swapped.synthesis(rows), people.synthesis(rows))
    with pytest.raises(UserError, match="swap_at=12: these generators have 4, 8, 16, 32, 64"):
        swapped_layers(people, cartoons, 12)
    with pytest.raises(UserError, match="these differ in resolution"):
        swapped_layers(people, tiny(1, 32))
