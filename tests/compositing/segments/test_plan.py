import pytest

from faceswap.compositing.segments.plan import Overlap, Parts, Segment, planned, whole


def test_segments_follow_each_other_to_the_end() -> None:
    segments = planned(5, None, 30, 10)
    assert [(one.first, one.end) for one in segments] == [(5, 15), (15, 25), (25, None)]
    assert [(one.first, one.end) for one in planned(0, 20, 1000, 10)] == [(0, 10), (10, 20)]
    assert planned(3, None, None, 10) == [Segment(0, 3, None)]  # nobody knows how many there are
    assert planned(50, 60, 30, 10) == [Segment(0, 50, 60)]  # what a film claims may be wrong


def test_what_is_steadied_longer_has_a_longer_run_up() -> None:
    settings = {"smooth_frames": 2, "motion_blur": False, "is_found": False, "is_film": True}
    usual = Overlap.of(smooth_colour=0.8, **settings)
    assert usual.after == 1 and usual.before == 16 < Overlap.of(smooth_colour=0.95, **settings).before
    assert Overlap.of(smooth_colour=0.8, **{**settings, "is_found": True}).after == 3
    steadied = Overlap.of(smooth_colour=0.8, around=20, **settings)
    assert steadied.after == 21 and steadied.before >= 20
    assert Overlap.of(smooth_colour=0.8, **{**settings, "motion_blur": True}).before == 24
    pictures = {**settings, "smooth_frames": 0, "is_film": False}
    assert Overlap.of(smooth_colour=0.0, **pictures) == Overlap()
    assert Overlap.of(smooth_colour=0.5, **pictures).before >= 10


@pytest.mark.parametrize("numbers", [[0, 1, 2], [1, 2], [0, 2]])
def test_stages_tell_by_frame_numbers_where_a_segment_begins(numbers) -> None:
    segments = [one for one in planned(0, None, 60, 20) if one.number in numbers]
    parts = Parts(segments, Overlap(5, 2))
    through = [index for place in range(len(segments)) for index in range(parts.first(place), parts.end(place) or 60)]
    found = {segment.number: list(items) for segment, items in parts.split(through, int)}
    assert sorted(found) == numbers
    for number, items in found.items():
        assert items == list(range(max(0, 20 * number - 5), min(60, 20 * number + 22)))


def test_a_segment_without_a_frame_is_passed_over() -> None:
    parts = Parts(planned(0, None, 60, 20), Overlap(5, 2))
    through = [*range(22), *range(55, 60)]  # pictures that cannot be read lie between
    assert {one.number: list(items) for one, items in parts.split(through, int)} == {
        0: list(range(22)), 2: list(range(55, 60))
    }  # fmt: skip


def test_all_frames_are_one_segment() -> None:
    parts = whole(3, None)
    assert [(one, list(items)) for one, items in parts.split([3, 4, 9], int)] == [(Segment(0, 3, None), [3, 4, 9])]
