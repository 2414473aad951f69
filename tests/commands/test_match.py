"""Whom a face resembles: the shipped gallery, and a folder of people in which another photo finds its own."""

from __future__ import annotations

import json

import pytest

from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.commands.conftest import one_line_error, run
from tests.test_layout import PACKAGE


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Two pictures of each of three rendered actors: one in a gallery's folder, another one beside it."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("amara", "henrik", "vera"):
        info = probe(PACKAGE.parent / "demo" / f"{name}.mp4")
        frames = {frame.index: frame.image for frame in read_frames(info, start=0, stop=61)}
        write_image(folder / "gallery" / name / "one.jpg", frames[0])
        write_image(folder / f"{name}_other.jpg", frames[60])
    return folder


def told(path):
    return json.loads(path.with_name(f"{path.name}.report.json").read_text())


def test_another_photo_finds_its_own_person(people):
    for name in ("amara", "henrik"):
        made = run("match", f"photo={name}_other.jpg", "gallery=gallery", "device=cpu", cwd=people)
        assert made.path.name == f"{name}_other_match_gallery.png"  # beside that of the shipped gallery
        report = told(made.path)
        assert report["nearest"][0]["name"] == name and report["people"] == 3
        assert report["nearest"][0]["likeness_percent"] > 80 > 20 > report["farthest"][0]["likeness_percent"]
        assert read_image(made.path).shape[:2] == (2 * (256 + 32), 4 * 256)
    assert len(list((people / "workspace" / "galleries").iterdir())) == 1


def test_the_shipped_gallery_has_rendered_people(people):
    report = told(run("match", "photo=vera_other.jpg", "top=5", "out=v.png", "device=cpu", cwd=people).path)
    assert report["people"] >= 200 and len(report["nearest"]) == len(report["farthest"]) == 5
    alike = [one["likeness_percent"] for one in report["nearest"] + report["farthest"][::-1]]
    assert alike == sorted(alike, reverse=True)


def test_mistakes_are_one_line(people):
    assert "photo= is missing" in one_line_error(run("match", cwd=people, code=2))
    assert "no such folder" in one_line_error(run("match", "photo=vera_other.jpg", "gallery=no", cwd=people, code=2))
