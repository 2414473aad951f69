"""The measure of the flicker benchmark."""

import numpy as np
import pytest

from tools.bench.flicker import flicker_de

INSIDE = np.zeros((120, 120), bool)
INSIDE[20:100, 20:100] = True
AWAY = np.array([-500.0, 60.0, 5.0])


def test_what_holds_still_does_not_flicker_and_light_that_changes_does():
    grey = np.full((120, 120, 3), 128, np.uint8)
    assert flicker_de([grey] * 4, INSIDE, [AWAY] * 4) == 0
    brighter = np.full((120, 120, 3), 138, np.uint8)
    assert flicker_de([grey, brighter], INSIDE, [AWAY] * 2) == pytest.approx(3.9, abs=0.3)  # of L, by CIE


def test_what_the_microphone_hides_does_not_count():
    first, second = (np.full((120, 120, 3), 128, np.uint8) for _ in range(2))
    second[55:65, 55:65] = 0
    assert flicker_de([first, second], INSIDE, [AWAY, np.array([60.0, 60.0, 5.0])]) == 0
    assert flicker_de([first, second], INSIDE, [AWAY] * 2) > 0.5
