import pytest

from faceswap.compositing.segments.frames import frames_of
from faceswap.compositing.segments.plan import Overlap, Parts, Segment, planned
from faceswap.media.reading import NoFrames, read_frames
from faceswap.media.sources import probe
from tests.compositing.clips import write_film


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return probe(write_film(tmp_path_factory.mktemp("film") / "film.mp4", 50, sound=False))


@pytest.mark.parametrize(("start", "stop"), [(0, None), (3, 47)])
@pytest.mark.parametrize("numbers", [(0, 1, 2), (2,), (0, 2)])
def test_each_segment_comes_with_what_lies_around_it(film, start, stop, numbers) -> None:
    segments = [one for one in planned(start, stop, film.frame_count, 16) if one.number in numbers]
    parts = Parts(segments, Overlap(6, 2), start, stop)
    frames = [(frame.index, frame.seconds, frame.image.copy()) for frame in _spoilt(frames_of(film, parts))]
    wanted = [
        index for place in range(len(segments)) for index in range(parts.first(place), min(parts.end(place) or 50, 50))
    ]
    assert [index for index, *_ in frames] == wanted
    known = {frame.index: frame for frame in read_frames(film)}
    for index, seconds, image in frames:  # those that come again are as they were, whatever was drawn into them
        assert seconds == known[index].seconds and (image == known[index].image).all()


def _spoilt(frames):
    last = None
    for frame in frames:
        if last is not None:
            last.image[:] = 0
        last = frame
        yield frame


def test_a_film_that_ends_before_a_segment_gives_nothing_for_it(film) -> None:
    assert not list(frames_of(film, Parts([Segment(9, 144, None)], Overlap(6, 2))))
    with pytest.raises(NoFrames):
        list(frames_of(film, Parts([Segment(0, 144, None)], Overlap(), 144)))


def test_a_claim_of_too_many_frames_loses_none(film) -> None:
    parts = Parts(planned(0, None, 64, 16), Overlap(6, 2))  # the last segment would begin at 48, and there are 50
    assert [frame.index for frame in frames_of(film, parts)][-2:] == [48, 49]
    parts = Parts(planned(0, None, 100, 16), Overlap(6, 2))
    assert {frame.index for frame in frames_of(film, parts)} == set(range(50))
