"""Films from face to face: when what is shown, and what the files hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.stylegan.morphing.config import MorphFilmSettings, Timing
from faceswap.stylegan.morphing.films import EASINGS, Ending, moments, morph_frames
from faceswap.stylegan.morphing.results import write_child, write_film
from faceswap.stylegan.morphing.subjects import Subject
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.seeds import seeds_of
from faceswap.utils.errors import UserError


@given(st.sampled_from(sorted(EASINGS)), st.floats(0, 1), st.floats(0, 1))
def test_easings_go_from_end_to_end_and_never_back(name, one, other):
    ease = EASINGS[name]
    assert ease(0) == 0 and ease(1) == pytest.approx(1) and ease(0.5) == pytest.approx(0.5)
    assert ease(min(one, other)) <= ease(max(one, other)) + 1e-12


def test_a_film_between_photos_holds_fades_and_morphs():
    film = list(moments(Timing(1.0, 0.5, 0.2, easing="linear"), 10, True, True))
    assert len(film) == 2 + 5 + 10 + 5 + 2
    assert film[0] == (film[1]) and (film[0].way, film[0].photo) == (0, 1)
    assert film[6].photo == 0 and film[7].way == 0 and film[16].way == 1 and film[-1].photo == 1
    assert all(moment.photo == 0 for moment in film if 0 < moment.way < 1)
    back = list(moments(Timing(1.0, 0.5, 0.2, there_and_back=True), 10, True, True))
    assert len(back) == 2 * len(film) - 1 and back == back[::-1]
    bare = list(moments(Timing(1.0, 0.5, 0.2), 10, False, False))
    assert len(bare) == 2 + 10 + 2 and all(moment.photo == 0 for moment in bare)


def test_frames_are_photo_drawing_and_what_is_between():
    def draw(rows):
        return rows.mean((1, 2)).numpy()[:, None, None, None] * np.ones((1, 8, 8, 3), np.float32)

    first = Ending(torch.zeros(2, 4), np.full((40, 40, 3), 200, np.uint8))
    second = Ending(torch.ones(2, 4))
    film = list(moments(Timing(0.3, 0.2, 0.1, easing="linear"), 10, True, False))
    grey = [int(frame.mean()) for frame in morph_frames(draw, first, second, film, 16)]
    assert grey == [200, 100, 0, 0, 128, 255, 255]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", [7]), ("3,5", [3, 5]), ("0-3", [0, 1, 2, 3]), ("1, 4-5", [1, 4, 5]), ("a.jpg", None), ("", None),
     ("-1", None), ("1-", None), ("[0,7]", [0, 7]), ("[0, 2-3]", [0, 2, 3]), ("[7]", [7]), ("4294967295", [2**32 - 1]),
     ("[0", None), ("[]", None)],
)  # fmt: skip
def test_seeds_are_written_as_numbers(text, expected):
    assert seeds_of(text) == expected


@pytest.mark.parametrize("text", ["5-3", "0-1000", "0-999,1-5"])
def test_impossible_seeds_are_told(text):
    with pytest.raises(UserError, match="write seeds as 0-9"):
        seeds_of(text)


def test_seeds_beyond_numpys_are_refused():
    with pytest.raises(UserError, match="from 0 to 4294967295"):
        seeds_of("4294967296")


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return Generator(32, [8] * 4, 16, 16, 2).eval().requires_grad_(False)


def test_a_film_its_sheet_and_its_page(generator, tmp_path):
    one, other = (Subject(f"seed {n}", rows) for n, rows in enumerate(generator.spread(torch.randn(2, 16))))
    how = MorphFilmSettings(0.4, 0.1, 0.1, size_px=64, frames_per_second=10, preset="ultrafast")
    film = write_film(generator, one, other, tmp_path / "a.mp4", how)
    info = probe(film)
    assert (info.width, info.height) == (64, 64) and len(list(read_frames(info))) == 6
    assert probe(tmp_path / "a.mp4.png").width == 7 * 128
    page = (tmp_path / "a.mp4.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 25 and "Made with AI" in page and "@@" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_child_lies_between(generator, tmp_path):
    one, other = (Subject(f"seed {n}", rows) for n, rows in enumerate(generator.spread(torch.randn(2, 16))))
    child = write_child(generator, one, other, {"all": 0.5}, tmp_path / "c.png", 64)
    assert probe(child).width == 64 and probe(tmp_path / "c.parents.png").width == 3 * 64
