from __future__ import annotations

import pytest

from faceswap.engine.progress import IMPROVEMENT, PATIENCE_SHARE, PATIENCE_STEPS, Clock
from faceswap.engine.state import TrainingState
from faceswap.swap.training.trainer import usual_iterations


def clock_at(iteration, until="plateau", **state):
    return Clock(TrainingState(iteration, 1.0, 0, **state), 10**9, None, until=until)


def test_trembling_is_no_improvement_but_a_slow_fall_is():
    clock = clock_at(0)
    clock.validated(1.0)
    clock.iteration = 100
    clock.validated(1 - 0.9 * IMPROVEMENT)
    assert clock.steps_since_best == 100
    clock.iteration = 200
    clock.validated(1 - 1.1 * IMPROVEMENT)
    assert clock.steps_since_best == 0


@pytest.mark.parametrize("began", [0, 100_000])
def test_patience_grows_with_the_run(began):
    patience = max(PATIENCE_STEPS, PATIENCE_SHARE * began / (1 - PATIENCE_SHARE))
    clock = clock_at(began, lowest=1.0, lowest_at=began)
    clock.iteration = began + int(patience) - 1
    assert (not clock.flat and not clock.tick(False)) or clock.flat
    clock.iteration = began + int(patience) + 1
    assert clock.flat and clock.tick(False) and clock.done()


def test_a_plateau_ends_only_who_asks_for_it():
    assert clock_at(5000, lowest=1.0, lowest_at=10).done()
    assert not clock_at(5000, until="length", lowest=1.0, lowest_at=10).done()
    assert not clock_at(5000).done(), "nothing was validated"


def test_the_state_remembers_it():
    clock = clock_at(50)
    clock.validated(0.5)
    clock.iteration = 70
    assert (clock.state().lowest, clock.state().lowest_at) == (0.5, 50)


@pytest.mark.parametrize(("device", "minutes", "steps"), [("cpu", None, 20_000), ("cpu", 5.0, 100_000)])
def test_the_usual_length(device, minutes, steps):
    assert usual_iterations(device, minutes) == steps
