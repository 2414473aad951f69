"""People move smoothly, blink, look about and talk."""

from __future__ import annotations

import numpy as np
import pytest

from tools.people.moment import Moment, random_moment
from tools.people.motion import talk
from tools.people.speech import RATE, SAMPLE_RATE, babble, voice


@pytest.fixture(scope="module")
def take():
    return talk(8, 500, Moment())


def test_the_head_moves_smoothly_and_stays_upright(take):
    head = np.array([moment.head for moment in take.moments])
    assert np.abs(np.diff(head, axis=0)).max() < 4  # degrees a frame
    assert 3 < head[:, 0].std() < 20
    assert np.abs(head).max() <= 30


def test_eyes_shut_and_open_again(take):
    closed = np.array([moment.expression["eye-left-closure"] for moment in take.moments]) > 0.8
    blinks = np.flatnonzero(np.diff(closed.astype(int)) == 1)
    assert 4 <= len(blinks) <= 14  # in twenty seconds
    assert closed.mean() < 0.15


def test_gaze_rests_and_jumps(take):
    gaze = np.array([moment.gaze for moment in take.moments])
    steps = np.linalg.norm(np.diff(gaze, axis=0), axis=1)
    assert np.median(steps) < 0.6
    assert steps.max() > 2


def test_a_seed_gives_the_same_take(take):
    again = talk(8, 500, Moment())
    assert [m.expression for m in again.moments] == [m.expression for m in take.moments]
    assert [m.head for m in talk(9, 50, Moment()).moments] != [m.head for m in take.moments[:50]]


def test_the_voice_is_loud_when_the_mouth_is_open():
    speech = babble(np.random.default_rng(3), 6.0)
    sound = voice(np.random.default_rng(4), speech, 6.0, 120.0)
    assert len(sound) == 6 * SAMPLE_RATE and np.abs(sound).max() <= 1
    level = np.sqrt((sound.reshape(-1, 2 * SAMPLE_RATE // RATE) ** 2).mean(1))
    opening = speech.mouth[: 2 * len(level) : 2, 0]
    assert level[opening > 0.25].mean() > 4 * level[opening < 0.02].mean()


def test_random_moments_repeat_and_differ():
    assert random_moment(4).expression == random_moment(4).expression
    assert random_moment(4).head != random_moment(5).head
    assert all(abs(random_moment(seed, yaw_limit=20).head[0]) <= 20 for seed in range(30))


def test_impossible_moments_are_refused():
    with pytest.raises(ValueError, match="at most 60, 40 and 40"):
        Moment(head=(90, 0, 0))
    with pytest.raises(ValueError, match="eyes turn by at most"):
        Moment(gaze=(0, 40))
