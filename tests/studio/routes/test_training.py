"""Train in the studio: all settings as a form, and runs beside each other."""

from __future__ import annotations

from faceswap.config.schema import settings_of
from faceswap.jobs.command_lines import check_command_line
from faceswap.studio.shared.curves import CurveReader
from tests.curation.made import mixed_set

LEFT_OUT = {"pair", "workspace", "restart"}


def test_every_setting_of_a_training_is_a_field(client):
    page = client.page.get("/train").text
    for name in settings_of("train"):
        head, dot, _ = name.partition(".")
        if head not in LEFT_OUT and (not dot or head == "update"):
            assert f'name="{name}"' in page, name
    told = client.page.get("/train/settings", params={"model": "df"}).text
    assert 'name="model.resolution"' in told and "<html" not in told


def test_what_is_said_is_the_command(client):
    for name in ("a", "b"):
        mixed_set(client.studio.places.workspace.root / "faces" / name)
    said = {"a": "a", "b": "b", "model": "df", "model.resolution": "128", "run": "second", "batch_size": "4",
            "update.lr_dropout": "0.1", "evaluate": "false", "seed": ""}  # fmt: skip
    line = client.page.get("/train/line", params=said).text
    wanted = ["model=df", "batch_size=4", "run=second", "evaluate=false", "update.lr_dropout=0.1"]
    assert all(one in line for one in wanted), line
    assert client.post("/train", **said).headers["hx-redirect"] == "/runs/second"
    job = client.studio.queue.jobs()[0]
    check_command_line("train", job.arguments)
    assert set(wanted) <= set(job.arguments)
    assert "second" in client.page.get("/runs/second").text
    assert client.post("/train", a="a", b="b", run="../x").status_code == 400


def test_runs_are_laid_beside_each_other(client, monkeypatch):
    root = client.studio.places.workspace.root / "runs"
    for name in ("one", "t<w>o"):
        (root / name / "previews").mkdir(parents=True)
    values = {"one": {1: 2.0, 3: 1.0}, "t<w>o": {1: 3.0, 2: 2.5}}
    monkeypatch.setattr(CurveReader, "_read", lambda self, run: type("R", (), {"values": {"loss": values[run.name]}}))
    page = client.page.get("/runs", params={"run": ["one", "t<w>o"]}).text
    assert page.count("<polyline") == 2 and "t&lt;w&gt;o at 2.5" in page and "t<w>o" not in page
    assert "loss between 1 and 3" in page
    assert client.page.get("/runs", params={"run": ["nobody"]}).status_code == 400
    assert client.page.get("/runs", params={"run": ["../.."]}).status_code == 400
    assert "up to 4" in client.page.get("/runs", params={"run": list("abcde")}).text
