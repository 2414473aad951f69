"""Moves are rid of what they bring of each other's."""

import pytest
import torch

from faceswap.stylegan.directions import crossing
from faceswap.stylegan.directions.paired import usual_steps
from faceswap.stylegan.directions.step_reader import StepReader
from tests.stylegan.directions.test_paired import COUNT, planted


@pytest.fixture
def mixed(monkeypatch):
    """A linear generator, its pairs, and moves of which the first brings a third of the second."""
    generator, moves, seen, _ = planted()
    usual = usual_steps(seen)
    true = moves * torch.from_numpy(usual / [0.4, 12]).float()[:, None]
    wrong = torch.stack([true[0] + 0.3 * true[1], true[1]])

    def read_plainly(seen, usual):
        steps = torch.from_numpy(seen.pairs.steps / usual).float()
        sides = seen.images[seen.pairs.before], seen.images[seen.pairs.after]
        return StepReader.fit(lambda faces: [faces], *sides, steps)

    monkeypatch.setattr(crossing, "reader_of", read_plainly)
    return generator, seen, usual, generator.spread(true), generator.spread(wrong)


def test_what_a_move_brings_of_another_is_read(mixed):
    generator, seen, usual, true, wrong = mixed
    reader = crossing.reader_of(seen, usual)
    told = crossing.crossing(generator, reader, seen, usual, wrong)
    assert told[0, 1] == pytest.approx(0.3, abs=0.05) and told[1, 0] == pytest.approx(0, abs=0.05)
    assert crossing.crossing(generator, reader, seen, usual, true)[0, 1] == pytest.approx(0, abs=0.05)


def test_rounds_take_it_out_and_none_leave_it(mixed):
    generator, seen, usual, true, wrong = mixed
    torch.testing.assert_close(crossing.uncrossed(generator, seen, usual, wrong, 4), true, atol=0.1, rtol=0.05)
    assert torch.equal(crossing.uncrossed(generator, seen, usual, wrong, 0), wrong)


def test_a_handful_of_pairs_says_too_little(mixed):
    generator, seen, usual, _, wrong = mixed
    seen.pairs.steps[crossing.LEAST_PAIRS - 2 : COUNT] = 0
    assert torch.equal(crossing.uncrossed(generator, seen, usual, wrong, 4), wrong)
