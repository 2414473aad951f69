from __future__ import annotations

import numpy as np
import pytest

from faceswap.engine.progress import IMPROVEMENT, PATIENCE_SHARE, PATIENCE_STEPS, TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.swap.training.train_config import usual_iterations


def progress_at(iteration, until="plateau", **state):
    return TrainingProgress(TrainingState(iteration, 1.0, 0, **state), 10**9, None, until=until)


def test_trembling_is_no_improvement_but_a_slow_fall_is():
    progress = progress_at(0)
    progress.record_validation(1.0)
    progress.iteration = 100
    progress.record_validation(1 - 0.9 * IMPROVEMENT)
    assert progress.steps_since_best == 100
    progress.iteration = 200
    progress.record_validation(1 - 1.1 * IMPROVEMENT)
    assert progress.steps_since_best == 0


@pytest.mark.parametrize("began", [0, 100_000])
def test_patience_grows_with_the_run(began):
    patience = max(PATIENCE_STEPS, PATIENCE_SHARE * began / (1 - PATIENCE_SHARE))
    progress = progress_at(began, lowest=1.0, lowest_at=began)
    progress.iteration = began + int(patience) - 1
    assert (not progress.on_plateau and not progress.advance(False)) or progress.on_plateau
    progress.iteration = began + int(patience) + 1
    assert progress.on_plateau and progress.advance(False) and progress.done()


def test_a_plateau_ends_only_who_asks_for_it():
    assert progress_at(5000, lowest=1.0, lowest_at=10).done()
    assert not progress_at(5000, until="length", lowest=1.0, lowest_at=10).done()
    assert not progress_at(5000).done(), "nothing was validated"


def test_the_state_remembers_it():
    progress = progress_at(50)
    progress.record_validation(0.5)
    progress.iteration = 70
    assert (progress.state().lowest, progress.state().lowest_at) == (0.5, 50)


@pytest.mark.parametrize(("device", "minutes", "steps"), [("cpu", None, 20_000), ("cpu", 5.0, 100_000)])
def test_the_usual_length(device, minutes, steps):
    assert usual_iterations(device, minutes) == steps


def test_nothing_is_a_plateau_within_two_thousand_steps():
    """Trainings that were watched so long still got better at their end; validation that trembles is no news."""
    run, rng = progress_at(0), np.random.default_rng(0)
    for iteration in range(0, 2000, 50):
        run.iteration = iteration
        run.record_validation(rng.normal(1, 0.02))
        assert not run.on_plateau
    run.iteration = 4000
    assert run.on_plateau
