"""Several films by one command: skipped when done, going on after one that fails, one report."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap.cli.results import Result
from faceswap.commands.converting import several
from faceswap.commands.converting.conversion import Converted, FilmConversion
from faceswap.utils.errors import UserError


@pytest.fixture
def request_of(tmp_path):
    """The settings of a conversion into a folder."""
    from faceswap.cli.composing.compose import compose_config

    return replace(compose_config("convert", []), workspace=str(tmp_path / "work"))


def made_by(monkeypatch, outcomes):
    """Let films fare as `outcomes` says by their names; returns what was asked for."""
    asked = []

    def fare(film):
        asked.append((film.request.video, film.request.out, film.folder, film.skip_done))
        outcome = outcomes[Path(film.request.video).name]
        if isinstance(outcome, BaseException):
            raise outcome
        return Converted(Result(film.folder / f"{Path(film.request.video).stem}_as_a.mp4", {}), outcome)

    monkeypatch.setattr(FilmConversion, "run", fare)
    return asked


def test_one_that_fails_does_not_stop_the_others(request_of, tmp_path, monkeypatch):
    asked = made_by(monkeypatch, {"a.mp4": True, "b.mp4": UserError("it is cut off"), "c.mp4": False})
    with pytest.raises(UserError, match=r"1 of 3 films failed: b\.mp4 \(it is cut off\); .*convert\.report\.json"):
        several.convert_several(request_of, [Path("a.mp4"), Path("b.mp4"), Path("c.mp4")])
    assert [video for video, *_ in asked] == ["a.mp4", "b.mp4", "c.mp4"]
    report = json.loads((tmp_path / "work" / "out" / several.REPORT).read_text())
    assert (report["made"], report["done before"], report["failed"]) == (1, 1, 1)
    assert [line["state"] for line in report["each"]] == ["made", "failed", "done before"]


def test_a_stop_keeps_the_report_on_those_before(request_of, tmp_path, monkeypatch):
    made_by(monkeypatch, {"a.mp4": True, "b.mp4": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        several.convert_several(request_of, [Path("a.mp4"), Path("b.mp4")])
    assert json.loads((tmp_path / "work" / "out" / several.REPORT).read_text())["made"] == 1


def test_out_is_a_folder(request_of, tmp_path, monkeypatch):
    asked = made_by(monkeypatch, {"a.mp4": True, "b.mp4": True})
    films = [Path("a.mp4"), Path("b.mp4")]
    assert several.convert_several(replace(request_of, out=str(tmp_path / "shots")), films).parent == tmp_path / "shots"
    assert asked[0] == ("a.mp4", "", tmp_path / "shots", True)
    with pytest.raises(UserError, match="a folder is made there"):
        several.convert_several(replace(request_of, out=str(tmp_path / "film.mp4")), films)
