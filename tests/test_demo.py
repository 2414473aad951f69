"""The demo's films come from the checkout, or from a package of their own."""

import sys
from pathlib import Path

import pytest

from faceswap import demo
from faceswap.utils.errors import UserError

FILMS = Path(__file__).resolve().parents[1] / "demo"


def test_films_of_a_checkout():
    assert demo.films_folder() == FILMS
    assert all((FILMS / f"{name}.mp4").is_file() for name in (demo.A, demo.B, demo.FILM))


def test_films_of_an_installed_package(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "faceswap" / "demo.py"))
    monkeypatch.delitem(sys.modules, "faceswap_demo", raising=False)
    with pytest.raises(UserError, match=r"pip install \./demo"):
        demo.films_folder()
    (tmp_path / "faceswap_demo").symlink_to(FILMS)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert (demo.films_folder() / "pairs.json").is_file()
