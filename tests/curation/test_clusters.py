"""Faces are grouped by person: within tracks, across tracks, never across a frame."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faceswap.curation.clusters import join_alike, people_of
from tests.curation.made import record_of

NOBODY = np.zeros((0, 2), np.intp)


def unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def noisy(people, spread=0.05, seed=0):
    """One vector a face, near an axis of its person."""
    rng = np.random.default_rng(seed)
    return unit(np.eye(128)[people] + spread * rng.standard_normal((len(people), 128)))


def straightforward(vectors, weights, threshold):
    """Average linkage by its definition: merge the most alike pair again and again."""
    members = [[i] for i in range(len(vectors))]
    while len(members) > 1:
        means = [np.average(vectors[m], axis=0, weights=weights[m]) for m in members]
        likeness = np.array(means) @ np.array(means).T
        np.fill_diagonal(likeness, -2)
        # Rounding may make the product unlike its mirror: whichever half holds the largest, the later one goes.
        a, b = sorted(np.unravel_index(likeness.argmax(), likeness.shape))
        if likeness[a, b] < threshold:
            break
        members[a] += members.pop(b)
    return {frozenset(m) for m in members}


def sets_of(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 1000))
@example([0] * 16, 0)
@example([0] * 19, 0)
def test_people_who_differ_come_out_as_average_linkage_has_them(people, seed):
    vectors = noisy(people, 0.06, seed)
    weights = np.random.default_rng(seed).integers(1, 9, len(people)).astype(np.float32)
    found = sets_of(join_alike(vectors, weights, NOBODY, 0.5))
    assert found == straightforward(vectors, weights, 0.5)
    assert found == sets_of(np.array(people))


def test_equal_vectors_join_in_few_rounds(monkeypatch):
    from faceswap.curation import clusters

    rounds = []
    nearest = clusters._nearest
    monkeypatch.setattr(clusters, "_nearest", lambda *a: rounds.append(1) or nearest(*a))
    assert len(set(join_alike(noisy([3] * 3000, 0.0), np.ones(3000, np.float32), NOBODY, 0.5))) == 1
    assert len(rounds) < 40


@settings(max_examples=30)
@given(st.integers(2, 25), st.integers(0, 1000))
def test_what_was_seen_apart_never_joins(count, seed):
    rng = np.random.default_rng(seed)
    apart = rng.integers(0, count, (count, 2))
    apart = apart[apart[:, 0] != apart[:, 1]]
    labels = join_alike(noisy([0] * count, 0.02, seed), np.ones(count, np.float32), apart, 0.5)
    assert (labels[apart[:, 0]] != labels[apart[:, 1]]).all()


def test_a_track_is_one_person_though_some_faces_look_otherwise():
    people = [0] * 12
    people[4] = 7
    records = [record_of(i, track=3) for i in range(12)]
    assert people_of(records, noisy(people), 0.5).tolist() == [1] * 12


def test_a_track_that_goes_over_to_somebody_else_is_cut_there():
    people = [0] * 14 + [1] * 9
    records = [record_of(i, track=3) for i in range(23)]
    assert people_of(records, noisy(people), 0.5).tolist() == [1] * 14 + [2] * 9


def test_two_faces_in_one_frame_are_two_people_even_when_alike():
    records = [record_of(2 * i + side, frame=i, track=side) for i in range(6) for side in (0, 1)]
    beside = [
        r if r.track == 0 else type(r)(**{**vars(r), "box": r.box + 300, "points": r.points + 300}) for r in records
    ]
    assert sorted(np.bincount(people_of(beside, noisy([0] * 12), 0.5))[1:]) == [6, 6]


def test_the_same_frame_number_of_two_films_says_nothing_of_who_is_who():
    records = [record_of(2 * i + film, frame=i, track=film, source=film) for i in range(6) for film in (0, 1)]
    elsewhere = [replace(r, box=r.box + 300, points=r.points + 300) if r.source else r for r in records]
    assert people_of(elsewhere, noisy([0] * 12), 0.5).tolist() == [1] * 12


def test_the_person_with_most_faces_is_number_one_and_without_embeddings_tracks_count():
    records = [record_of(i, track=track) for i, track in enumerate([4, 4, 9, 9, 9, -1, -1])]
    assert people_of(records, None, 0.5).tolist() == [2, 2, 1, 1, 1, 3, 4]
    assert people_of(records, noisy([0, 0, 1, 1, 1, 0, 0]), 0.5).tolist() == [1, 1, 2, 2, 2, 1, 1]


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_vector(count):
    vectors = np.ones((count, 128), np.float32) / np.sqrt(np.float32(128))
    assert len(join_alike(vectors, np.ones(count, np.float32), NOBODY, 0.5)) == count
