"""What lies in a workspace, as it is listed."""

from __future__ import annotations

import os
from datetime import datetime

import pytest

from faceswap.media.pictures.images import write_image
from faceswap.studio.shared import inventory
from faceswap.studio.shared.inventory import Thing
from faceswap.utils.files.workspace import Workspace
from tests.curation.made import mixed_set, picture


def test_things_are_listed_newest_first(tmp_path):
    workspace = Workspace(tmp_path)
    assert inventory.face_sets(workspace) == inventory.runs(workspace) == inventory.results(workspace) == []
    mixed_set(tmp_path / "faces" / "anna")
    for run, step, second in (("old", 100, 1000), ("new", 2500, 2000)):
        grid = tmp_path / "runs" / run / "previews" / f"{step:08d}.jpg"
        grid.parent.mkdir(parents=True)
        write_image(grid, picture(1))
        os.utime(grid, (second, second))
    (tmp_path / "runs" / "begun").mkdir()
    write_image(tmp_path / "out" / "x.png", picture(1))
    (tmp_path / "out" / "x.png.report.json").write_text("{}")
    assert [(one.name, one.told) for one in inventory.face_sets(workspace)] == [("anna", "12 faces")]
    runs = inventory.runs(workspace)
    assert [(one.name, one.told) for one in runs] == [("begun", "begun"), ("new", "2,500 steps"), ("old", "100 steps")]
    assert runs[1].picture.name == "00002500.jpg" and runs[0].picture is None
    assert [one.name for one in inventory.results(workspace)] == ["x.png"]


def test_what_is_removed_meanwhile_is_not_listed(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    for name in ("stays", "goes"):
        write_image(tmp_path / "out" / f"{name}.png", picture(1))
    (tmp_path / "runs" / "x").mkdir(parents=True)
    gone = tmp_path / "out" / "goes.png"
    monkeypatch.setattr(inventory, "_is_media", lambda path: gone.unlink(missing_ok=True) is None)
    assert [one.name for one in inventory.results(workspace)] == ["stays.png"]
    monkeypatch.setattr(inventory.os, "walk", lambda path: [(path, [], ["a checkpoint"])])
    assert [(one.name, one.bytes) for one in inventory.runs(workspace)] == [("x", 0)]


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 B"), (999, "999 B"), (1500, "2 kB"), (2_340_000, "2.3 MB"), (5e12, "5000.0 GB")]
)
def test_sizes_are_written_as_people_do(tmp_path, count, told):
    assert Thing("x", tmp_path, None, "", int(count), datetime(2026, 1, 2, 3, 4)).size == told
