"""Who, drawn from a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.people.appearance import FUR_LENGTHS_DM, HAIR_STYLES
from tools.people.person import Person


@given(st.integers(0, 10**6))
def test_anybody_is_a_possible_adult(seed):
    person = Person.from_seed(seed)
    assert 18 <= person.age <= 90
    assert person.hair.style in (*HAIR_STYLES, *FUR_LENGTHS_DM, "bald")
    assert all(0 < channel < 1 for channel in person.skin.tone)
    assert person.gender >= 0.5 or person.beard.length_dm == 0


def test_a_seed_is_always_the_same_person():
    assert Person.from_seed(5) == Person.from_seed(5)
    assert Person.from_seed(5) != Person.from_seed(6)


def test_what_is_given_leaves_the_other_draws_alone():
    drawn, older = Person.from_seed(12), Person.from_seed(12, age=77.0)
    assert older.age == 77
    assert older.gender == drawn.gender and older.ancestry == drawn.ancestry
    assert older.slider("nose/nose-width1-incr") == drawn.slider("nose/nose-width1-incr")


def test_children_are_refused():
    with pytest.raises(ValueError, match="only adults are rendered"):
        Person.from_seed(1, age=17.0)
    with pytest.raises(ValueError, match="sum to 1"):
        replace(Person.from_seed(1), ancestry={"caucasian": 0.5})


def test_left_and_right_differ_by_a_trace():
    people = [Person.from_seed(seed) for seed in range(60)]
    left = np.array([person.slider("eyes/l-eye-scale-incr") for person in people])
    right = np.array([person.slider("eyes/r-eye-scale-incr") for person in people])
    assert left.std() > 0.1
    assert 0 < np.abs(left - right).mean() < 0.1
