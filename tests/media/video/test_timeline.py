"""Times go on whatever a stream says: from 0, past wraps, damaged times and recordings put behind each other."""

import itertools

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.video.timeline import WRAP_SECONDS, Timeline
from faceswap.media.writing import VideoWriter
from tests.media.made_films import Film, click_seconds, make_film
from tests.media.sound_films import make

STEP = 0.04


def walked(claimed, **options):
    timeline = Timeline(**options)
    return [timeline.seconds(time, STEP) for time in claimed], timeline.jumps


@given(st.floats(0, 90_000), st.integers(2, 60))
def test_a_wrapped_clock_goes_on(origin, count):
    true = [origin + n * STEP for n in range(count)]
    seconds, jumps = walked([time % WRAP_SECONDS for time in true], origin_seconds=origin)
    assert np.allclose(seconds, [n * STEP for n in range(count)], atol=1e-6) and jumps == 0


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9, width=32)), min_size=1, max_size=40))
def test_no_time_jumps_by_more_than_an_hour(claimed):
    seconds, _ = walked(claimed)
    assert all(-0.26 <= b - a <= 3600.5 for a, b in itertools.pairwise(seconds))


def test_one_late_time_is_mended_and_what_follows_is_in_step():
    seconds, jumps = walked([0, 0.04, 2e6, 0.12, 0.16])
    assert np.allclose(seconds, [0, 0.04, 0.08, 0.12, 0.16]) and jumps == 2


def test_a_still_of_minutes_stays():
    assert walked([0, 600, 600.04]) == ([0, 600, 600.04], 0)


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4", ".mov"])
@pytest.mark.parametrize("suffix_out", [".mp4", ".mkv"])
def test_a_clock_that_begins_anywhere_begins_at_0(tmp_path, suffix, suffix_out):
    film = Film(ticks=tuple(range(40)), flash=25, sound=("mp2" if suffix == ".ts" else "aac",), sound_seconds=1.6)
    source = make_film(tmp_path / f"in{suffix}", film, begins_seconds=40_000)
    info = probe(source)
    frames = list(read_frames(info))
    assert np.allclose([frame.seconds for frame in frames], film.seconds, atol=0.001)
    out = tmp_path / f"out{suffix_out}"
    with VideoWriter(out, info) as writer:
        for frame in frames:
            writer.write(frame)
    written = list(read_frames(out))
    assert written[0].seconds == 0 and len(written) == 40
    brightest = max(written, key=lambda frame: frame.image.mean())
    assert click_seconds(out) == pytest.approx(brightest.seconds, abs=0.04)
    with av.open(str(out)) as result:
        assert result.duration / av.time_base < 2


def test_recordings_put_behind_each_other_follow_each_other(tmp_path):
    part = make(tmp_path / "part.ts", "mp2", "stereo", first_seconds=1).read_bytes()
    (tmp_path / "both.ts").write_bytes(part + part)
    info = probe(tmp_path / "both.ts")
    with VideoWriter(tmp_path / "out.mp4", info, coding=Coding(preset="ultrafast")) as writer:
        for frame in read_frames(info):
            writer.write(frame)
    times = [frame.seconds for frame in read_frames(tmp_path / "out.mp4")]
    assert len(times) == 64 and np.allclose(np.diff(times), 0.04, atol=0.011)


@pytest.mark.parametrize("begins_seconds", [40_000, 95_440])  # the second clock wraps in the middle
@pytest.mark.parametrize(("start", "stop"), [(0, None), (60, None), (10, 120)])
def test_parts_of_a_film_with_any_clock_stay_in_step(tmp_path, begins_seconds, start, stop):
    film = Film(ticks=tuple(range(150)), flash=100, sound=("mp2",), sound_seconds=6)
    info = probe(make_film(tmp_path / "in.ts", film, begins_seconds=begins_seconds))
    with VideoWriter(tmp_path / "out.mp4", info, start=start, stop=stop) as writer:
        for frame in read_frames(info, start, stop):
            writer.write(frame)
    brightest = max(read_frames(tmp_path / "out.mp4"), key=lambda frame: frame.image.mean())
    assert brightest.seconds == pytest.approx((100 - start) / 25, abs=1e-4)
    assert click_seconds(tmp_path / "out.mp4") == pytest.approx(brightest.seconds, abs=0.015)
