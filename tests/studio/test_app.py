"""The studio's pages without a browser: what they show, what they queue, what they refuse, in words."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path

import pytest

from faceswap.curation.inventory import FaceInventory
from faceswap.curation.marks import read_marks
from faceswap.jobs.tables import State
from faceswap.media.pictures.images import encode_image, write_image
from tests.curation.made import mixed_set, picture


@pytest.fixture
def set_there(client):
    """A face set called x<b>y: what is called like markup is text."""
    return mixed_set(client.studio.places.workspace.root / "faces" / "x<b>y")


def huge_png() -> bytes:
    """A header that says 50,000 x 50,000."""
    header = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big") + b"\0" * 50


def send(client, name, content):
    return client.page.post(
        "/upload", content=content, headers={"X-CSRF": client.csrf, "X-Name": name, "HX-Request": "true"}
    )


def test_the_workspace_is_shown_and_names_are_text(client, set_there):
    write_image(client.studio.places.folders[1] / "f<i>.png", picture(1))
    told = client.page.get("/").text
    assert "x&lt;b&gt;y" in told and "f&lt;i&gt;.png" in told and "x<b>y" not in told and "12 faces" in told
    small = client.page.get("/small", params={"path": str(client.studio.places.folders[1] / "f<i>.png")})
    assert small.status_code == 200 and small.content[:2] == b"\xff\xd8"


def test_a_name_that_is_no_text_costs_no_page(client):
    for folder in (client.studio.places.folders[1], client.studio.places.workspace.out):
        folder.mkdir(exist_ok=True)
        (folder / os.fsdecode(b"no\xff.mp4")).write_bytes(b"x")
    (client.studio.places.workspace.root / "runs" / os.fsdecode(b"no\xff")).mkdir(parents=True)
    assert all(client.page.get(path).status_code == 200 for path in ("/", "/extract", "/train"))


def test_photos_are_queued(client):
    photo = client.studio.places.folders[0] / "a.png"
    write_image(photo, picture(1))
    told = client.page.get("/photos").text
    assert 'name="smile"' in told and 'min="-3"' in told and "a.png" in told
    for path, data, wanted in (
        ("match", {"photo": photo}, [f"photo={photo}", "top=5"]),
        ("edit", {"photo": photo, "smile": "1.5", "age": "0"}, [f"photo={photo}", "smile=1.5"]),
        (
            "morph",
            {"a": photo, "b": photo, "make": "child", "seconds": "3"},
            [f"a={photo}", f"b={photo}", "make=child"],
        ),
    ):
        assert client.post(f"/photos/{path}", **data).status_code == 204
        job = client.studio.queue.jobs()[0]
        assert (job.command, job.arguments[:-1]) == (path, wanted)
    assert "move a slider" in client.post("/photos/edit", photo=photo, smile="0").text
    assert "choose a photo" in client.post("/photos/morph", a=photo).text
    for outside in ("../..", str(client.secret), "/etc"):
        assert "outside" in client.post("/photos/match", photo=photo, gallery=f"{outside}/../..").text
        assert client.post("/photos/edit", photo=outside, smile="1").status_code == 400


def test_what_is_sent_must_be_what_it_says(client):
    media = client.studio.places.folders[0]
    assert send(client, "a.png", encode_image(picture(1), ".png")).headers["hx-redirect"] == "/"
    assert (media / "a.png").is_file()
    others = {
        "b.mp4": b"", "c.mp4": b"<svg onload=alert(1)>", "d.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
        "huge.png": huge_png(), "e.mp4": b"PK\x03\x04" + b"\0" * 500, "f.mp4": b"#EXTM3U\nfile:///etc/passwd\n",
    }  # fmt: skip
    for name, content in others.items():
        told = send(client, name, content)
        assert told.status_code == 400 and "cannot be read" in told.text, name
    assert [path.name for path in media.iterdir()] == ["a.png"]
    assert "already" in send(client, "a.png", b"x").text


@pytest.mark.parametrize("path", ["../../secret.png", "{secret}", "/etc/passwd", "../jobs/jobs.sqlite", "", "."])
def test_no_file_outside_is_handed_out(client, path):
    path = path.format(secret=client.secret)
    for page in ("/file", "/small", "/extract", "/convert/frame.jpg"):
        told = client.page.get(page, params={"path": path, "film": path})
        assert b"years of work" not in told.content and b"root:" not in told.content and b"SQLite" not in told.content
        if page != "/extract":
            assert told.status_code in (400, 404)
    assert client.post("/extract", film=path).status_code == 400 and not client.studio.queue.jobs()


def test_an_extraction_is_queued_as_the_command_it_is(client):
    film = client.studio.places.folders[1] / "a film.png"
    write_image(film, picture(1))
    told = client.post("/extract", film=str(film), name="anna", every="2", size_px="")
    job = client.studio.queue.jobs()[0]
    assert told.headers["hx-redirect"] == f"/jobs/{job.id}"
    assert job.arguments == [
        f"video={film}",
        "name=anna",
        "every=2",
        f"workspace={client.studio.places.workspace.root}",
    ]
    shown = client.page.get(f"/jobs/{job.id}").text
    assert "python -m faceswap.extract &#39;video=" in shown and "queued" in shown
    for wrong in ("../x", "a/b", ".."):
        assert "plain name" in client.post("/extract", film=str(film), name=wrong).text
    assert client.post(f"/jobs/{job.id}/cancel").status_code == 204
    assert client.studio.queue.get(job.id).state == State.CANCELLED
    assert "event: ended" in client.page.get(f"/jobs/{job.id}/events").text


def test_marked_faces_are_taken_out_by_a_command(client, set_there):
    told = client.page.get("/faces/x%3Cb%3Ey").text
    assert told.count('name="face"') == 12
    files = sorted(path.name for path in set_there.glob("*.png"))
    assert client.page.get(f"/faces/x%3Cb%3Ey/crops/{files[0]}").content == (set_there / files[0]).read_bytes()
    assert client.post("/faces/x%3Cb%3Ey/marks", face=[files[1], files[3]]).status_code == 204
    job = client.studio.queue.jobs()[0]
    assert job.command == "curate" and job.arguments[0] == "faces=x<b>y" and job.arguments[1].startswith("apply=")
    inventory = FaceInventory.open(set_there)
    reject, restore = read_marks(Path(job.arguments[1].partition("=")[2]), inventory)
    assert [inventory.files[n] for n in reject.nonzero()[0]] == [files[1], files[3]] and not restore.any()
    for wrong in ("../../secret.png", "no.png"):
        assert "is no face" in client.post("/faces/x%3Cb%3Ey/marks", face=wrong).text
    assert "mark the faces" in client.post("/faces/x%3Cb%3Ey/marks").text
    for wrong in ("..%2f..%2fsecret.png", "alignments.jsonl"):
        assert client.page.get(f"/faces/x%3Cb%3Ey/crops/{wrong}").status_code in (400, 404)


def test_one_person_of_several_is_kept(client, set_there):
    report = {
        "fingerprint": FaceInventory.open(set_there).fingerprint(),
        "list": [{"file": path.name, "person": 1 + (number > 5), "against": ["blur"] if number == 2 else []}
                 for number, path in enumerate(sorted(set_there.glob("*.png")))],
    }  # fmt: skip
    (set_there / "curation.json").write_text(json.dumps(report))
    told = client.page.get("/faces/x%3Cb%3Ey").text
    assert "Person 2, 6 faces" in told and told.count("Keep this person only") == 2 and told.count("face bad") == 1
    assert client.post("/faces/x%3Cb%3Ey/keep/2").status_code == 204
    assert client.studio.queue.jobs()[0].arguments[:2] == ["faces=x<b>y", "keep=2"]
    assert client.post("/faces/x%3Cb%3Ey/keep/0").status_code == 400
    assert client.post("/faces/x%3Cb%3Ey/keep/x").status_code == 400
    (set_there / "curation.json").write_text('{"fingerprint": "of an earlier extraction", "list": []}')
    assert "Judge the faces" in client.page.get("/faces/x%3Cb%3Ey").text


def test_a_training_says_what_was_said(client, set_there):
    mixed_set(client.studio.places.workspace.root / "faces" / "b")
    told = client.post("/train", a="x<b>y", b="b", model="df", iterations="50", who="both")
    assert told.headers["hx-redirect"] == "/runs/x%3Cb%3Ey_b"
    arguments = client.studio.queue.jobs()[0].arguments
    assert (
        arguments[:4] == ["pair.a=x<b>y", "pair.b=b", "pair.consent.who=both", "model=df"]
        and "iterations=50" in arguments
    )
    assert "nothing would be swapped" in client.post("/train", a="b", b="b").text
    assert "choose the face set of B" in client.post("/train", a="b").text
    assert "queued" in client.page.get("/runs/x%3Cb%3Ey_b").text


def test_no_visitor_sees_a_stack_trace(client, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("internals at /root/x.py")

    monkeypatch.setattr(client.studio.queue, "jobs", broken)
    told = client.page.get("/jobs")
    assert told.status_code == 500 and "went wrong" in told.text
    assert "internals" not in told.text and "Traceback" not in told.text
    for path in ("/docs", "/openapi.json", "/static/../app.py", "/static/%2e%2e/app.py", "/jobs/%00", "/runs/%2e%2e"):
        told = client.page.get(path)
        assert told.status_code in (303, 307, 400, 404) and "Traceback" not in told.text, path
