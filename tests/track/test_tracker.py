"""Tracks: who is who over time, gaps, crossings, cuts."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.track.tracker import Tracker, overlap
from tests.extraction.made import face_at


def test_overlap_is_intersection_over_union() -> None:
    a, b = face_at(50, 50), face_at(50 + 60.5, 50)
    width = a.box[2] - a.box[0]
    shift = 60.5
    assert overlap(a, a) == pytest.approx(1)
    assert overlap(a, b) == pytest.approx(max(0, width - shift) / (width + shift), abs=1e-4)
    assert overlap(a, face_at(500, 50)) == 0


def test_two_people_keep_their_numbers_in_any_order() -> None:
    tracker = Tracker()
    assert tracker.step([face_at(50, 50), face_at(200, 50)]) == [0, 1]
    assert tracker.step([face_at(203, 50), face_at(53, 50)]) == [1, 0]
    assert tracker.step([face_at(206, 50), face_at(400, 50), face_at(56, 50)]) == [1, 2, 0]


def test_a_short_gap_is_bridged_and_a_long_one_ends_the_track() -> None:
    tracker = Tracker(longest_gap_frames=3)
    tracker.step([face_at(50, 50)])
    for _ in range(3):
        assert tracker.step([]) == []
    assert tracker.step([face_at(52, 50)]) == [0]
    for _ in range(4):
        tracker.step([])
    assert tracker.step([face_at(52, 50)]) == [1]


def test_a_cut_ends_all_tracks() -> None:
    tracker = Tracker()
    assert tracker.step([face_at(50, 50)]) == [0]
    assert tracker.step([face_at(50, 50)], cut=True) == [1]


def test_faces_that_bring_their_track_keep_it() -> None:
    tracker = Tracker()
    assert tracker.step([face_at(50, 50, track=4)]) == [4]
    assert tracker.step([face_at(51, 50), face_at(300, 50)]) == [4, 5]


def test_the_best_pairs_match_first() -> None:
    tracker = Tracker()
    tracker.step([face_at(50, 50), face_at(80, 50)])
    assert tracker.step([face_at(74, 50), face_at(50, 50)]) == [1, 0]


def test_another_affinity_decides_instead_of_the_overlap() -> None:
    def same_size(a, b) -> float:
        return float(abs(np.ptp(a.points[:, 0]) - np.ptp(b.points[:, 0])) < 1)

    tracker = Tracker(affinity=same_size)
    tracker.step([face_at(50, 50, 60), face_at(60, 50, 40)])
    assert tracker.step([face_at(50, 50, 40), face_at(60, 50, 60)]) == [1, 0]  # they changed places


def test_people_who_change_places_behind_each_other_keep_their_tracks() -> None:
    tracker = Tracker()
    assert tracker.step([face_at(50, 50, who=1), face_at(100, 50, who=2)]) == [0, 1]
    assert tracker.step([face_at(75, 50)]) == [0]  # one hides the other, and who it is was not looked at
    assert tracker.step([face_at(52, 50, who=2), face_at(98, 50, who=1)]) == [1, 0]


def test_somebody_who_was_recognised_may_be_away_for_long_but_not_beyond_a_cut() -> None:
    tracker = Tracker(longest_gap_frames=3, longest_memory_frames=20)
    tracker.step([face_at(50, 50, who=1)])
    for _ in range(15):
        tracker.step([])
    assert tracker.step([face_at(150, 50, who=1)]) == [0]
    assert tracker.step([face_at(150, 50), face_at(950, 50, who=1)]) == [0, 1]  # there are two of them
    for _ in range(21):
        tracker.step([])
    assert tracker.step([face_at(150, 50, who=1)]) == [2]
    assert tracker.step([face_at(150, 50, who=1)], cut=True) == [3]


def test_somebody_else_at_the_same_place_after_a_gap_is_a_new_track() -> None:
    tracker = Tracker()
    tracker.step([face_at(50, 50, who=1)])
    tracker.step([])
    assert tracker.step([face_at(50, 50, who=2)]) == [1]
    assert tracker.step([face_at(51, 50)]) == [1]
    assert tracker.step([face_at(52, 50, who=2), face_at(120, 50, who=1)]) == [1, 0]


def test_a_likeness_far_away_is_no_match() -> None:
    tracker = Tracker()
    tracker.step([face_at(50, 50, who=1)])
    assert tracker.step([face_at(900, 50, who=1)]) == [1]


def test_a_track_remembers_who_it_is_through_frames_without_embedding() -> None:
    tracker = Tracker()
    tracker.step([face_at(50, 50, who=1), face_at(200, 50, who=2)])
    for _ in range(5):
        tracker.step([face_at(50, 50), face_at(200, 50)])
    tracker.step([])
    assert tracker.step([face_at(50, 50, who=2), face_at(200, 50, who=1)]) == [1, 0]
