"""The people of a film: told apart by a command, and who becomes whom led on to convert."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlparse

from faceswap.core.face_set import ALIGNMENTS


def person(number, picture):
    return {"number": number, "faces": 9, "picture": picture, "films": [{"from_seconds": 0.0, "to_seconds": 1.5}]}


def test_who_becomes_whom_goes_to_convert(client, walk):
    workspace = client.studio.places.workspace
    (workspace.root / "runs" / "anna_walk").mkdir(parents=True)
    assert "Tell the people apart" in client.page.get("/faces/walk/people").text
    assert client.post("/faces/walk/people/tell").status_code == 204
    job = client.studio.queue.jobs()[0]
    assert (job.command, job.arguments[:2]) == ("people", ["faces=walk", f"out={workspace.out / 'walk.people.html'}"])
    workspace.out.mkdir(exist_ok=True)
    table = workspace.out / "walk.people.json"
    picture = next(walk.glob("0*.jpg")).name
    table.write_text(json.dumps({"people": [person(1, picture), person(2, "<b>.jpg")]}))
    shown = client.page.get("/faces/walk/people").text
    assert shown.count("becomes") == 2 and "anna_walk" in shown and "&lt;b&gt;" not in shown and "<b>" not in shown
    answer = client.post("/faces/walk/people", person2="anna_walk", person1="", person9="anna_walk")
    led = urlparse(answer.headers["hx-redirect"])
    said = parse_qs(led.query)
    assert led.path == "/convert" and said["map"] == ["{2: anna_walk}"] and said["film"][0].endswith("film")
    assert "choose a run" in client.post("/faces/walk/people").text
    for wrong in ("../../x", "nobody", "a, 3: b"):
        assert client.post("/faces/walk/people", person1=wrong).status_code == 400
    (walk / ALIGNMENTS).write_text((walk / ALIGNMENTS).read_text() + "\n")  # repaired since
    assert "Tell the people apart" in client.page.get("/faces/walk/people").text
    table.write_text("[]")
    assert client.page.get("/faces/walk/people").status_code == 200


def test_only_numbers_and_runs_of_the_workspace_become_a_map(client, walk):
    (client.studio.places.workspace.root / "runs" / "anna_walk").mkdir(parents=True)
    film = str(client.studio.places.folders[1] / "film" / "frame_00001.png")
    line = client.page.get("/convert/line", params={"map": "{1: anna_walk, 2: anna_walk}", "film": film}).text
    assert "map={1: anna_walk, 2: anna_walk}" in line
    for wrong in ("{/etc/passwd: anna_walk}", "{1: ../x}", "{1: nobody}", "{1}", "{1: anna_walk} x=1", "{}"):
        for path in ("/convert/line", "/convert/frame.jpg"):
            assert client.page.get(path, params={"map": wrong, "film": film}).status_code == 400, wrong
        assert client.post("/convert", map=wrong, film=film).status_code == 400
    assert not client.studio.queue.jobs()
