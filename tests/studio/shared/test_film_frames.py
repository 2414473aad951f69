"""Frames as they were filmed: neighbours come along, memory is bounded."""

from __future__ import annotations

import pytest

from faceswap.media.reading import read_frames
from faceswap.studio.shared import film_frames
from faceswap.studio.shared.film_frames import FilmFrames
from faceswap.utils.errors import UserError


def test_neighbours_are_not_read_again(tiny_clip, monkeypatch):
    frames, wanted = FilmFrames(), list(read_frames(tiny_clip.video))
    reads = []
    monkeypatch.setattr(film_frames, "read_frames", lambda *said: reads.append(said) or read_frames(*said))
    for index in (3, 4, 9, 3):
        assert (frames.frame(tiny_clip.video, index).image == wanted[index].image).all()
    assert len(reads) == 1
    monkeypatch.setattr(film_frames, "KEPT_BYTES", 1)
    assert (frames.frame(tiny_clip.video, 11).image == wanted[11].image).all()
    monkeypatch.setattr(film_frames, "AFTER", 1)
    frames = FilmFrames()
    frames.frame(tiny_clip.video, 0)
    assert (frames.frame(tiny_clip.video, 6).image == wanted[6].image).all() and len(frames._frames) == 1


def test_a_frame_that_is_not_there_is_told(tiny_clip):
    for index in (-1, 12, 10**9):
        with pytest.raises(UserError, match="its last is number 11"):
            FilmFrames().frame(tiny_clip.video, index)
