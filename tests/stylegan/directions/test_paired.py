"""Directions from pairs: planted moves are found again, by differences of codes and through the generator."""

import numpy as np
import pytest
import torch

from faceswap.engine.accelerator import choose_accelerator
from faceswap.stylegan.data.pairs import Pairs
from faceswap.stylegan.directions.directions import move
from faceswap.stylegan.directions.pair_pictures import SeenPairs, see_pairs
from faceswap.stylegan.directions.paired import SIGMA, directions_of_pairs, least_squares, usual_steps
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import tiny_encoder, tiny_generator
from tests.stylegan.toy import LinearGenerator

COUNT, NAMES = 60, ["smile", "age"]


def planted(blind: bool = False):
    """Return a linear generator, its moves (2, w_size), and pairs of them; `blind`: codes show nothing of smiles."""
    generator = LinearGenerator(16, spread=0.05)
    rng = np.random.default_rng(0)
    moves = torch.from_numpy(rng.normal(0, 1, (2, 16)).astype(np.float32))
    steps = np.zeros((COUNT, 2))
    steps[::2, 0] = rng.uniform(0.2, 0.6, COUNT // 2) * rng.choice([-1, 1], COUNT // 2)
    steps[1::2, 1] = rng.uniform(5, 20, COUNT // 2) * rng.choice([-1, 1], COUNT // 2)
    scaled = torch.from_numpy(steps / [0.4, 12]).float()
    before = generator.mapping(torch.randn(COUNT, 16, generator=torch.Generator().manual_seed(1)))
    after = before + scaled @ moves
    known = before + (scaled * torch.tensor([0.0, 1.0])) @ moves if blind else after
    images = generator.synthesis(generator.spread(torch.cat([before, after])))
    rows = generator.spread(torch.cat([before, known])).contiguous()
    places = np.arange(COUNT)
    people = np.array([str(place // 4) for place in places])
    pairs = Pairs(None, NAMES, [str(n) for n in range(2 * COUNT)], places, places + COUNT, steps, people, True)
    return generator, moves, SeenPairs(pairs, images, torch.ones_like(images[:, :1]), rows), scaled


def test_least_squares_finds_what_was_planted_and_how_long_it_is():
    _generator, moves, seen, _ = planted()
    usual = usual_steps(seen)
    found = least_squares(seen, usual).mean(1)
    expected = moves * torch.from_numpy(usual / [0.4, 12]).float()[:, None]
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_two_sigmas_move_a_face_as_the_pairs_do():
    generator, moves, seen, scaled = planted()
    found = directions_of_pairs(generator, choose_accelerator("cpu", "fp32"), seen, held_out=0.2, steps=0)
    assert found.about["sigma"]["smile"] == pytest.approx(SIGMA * usual_steps(seen)[0], abs=1e-4)
    for number, name in enumerate(NAMES):
        start = seen.rows[:COUNT][scaled[:, number] != 0][:1]
        after = move(start, found[name], 1.0)
        unit = float(found.about["sigma"][name]) / (0.4, 12)[number]
        torch.testing.assert_close(
            after - start, (unit * moves[number]).expand_as(start[0])[None], atol=2e-2, rtol=2e-2
        )
        assert found[name].accuracy["all"] == 1.0 and found[name].space == "w+"


def test_what_the_encoder_does_not_see_is_found_through_the_generator():
    generator, moves, seen, _scaled = planted(blind=True)
    with pytest.raises(UserError, match=r"sees nothing of 'smile'.*refine_steps="):
        directions_of_pairs(generator, choose_accelerator("cpu", "fp32"), seen, held_out=0.2, steps=0)
    found = directions_of_pairs(generator, choose_accelerator("cpu", "fp32"), seen, held_out=0.2, steps=80)
    step = torch.from_numpy(found["smile"].step).mean(0)
    assert float(torch.cosine_similarity(step, moves[0], dim=0)) > 0.95


def test_pairs_of_one_person_are_used_whole(caplog):
    generator, _, seen, _ = planted()
    seen.pairs.people[:] = "one"
    found = directions_of_pairs(generator, choose_accelerator("cpu", "fp32"), seen, held_out=0.2, steps=0)
    assert "pairs of 1 people" in caplog.text and not found["smile"].accuracy


def test_packed_crops_of_another_size_are_refused(tmp_path):
    generator = tiny_generator()
    np.save(tmp_path / "seen.npy", np.zeros((9, 16, 16, 3), np.uint8))
    places = np.arange(4)
    pairs = Pairs(tmp_path, ["a"], [str(n) for n in range(8)], places, places + 4, np.ones((4, 1)), places, True)
    with pytest.raises(UserError, match="resolution=32"):
        see_pairs(pairs, generator, tiny_encoder(generator), None)
