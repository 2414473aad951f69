"""Repair in the studio: what is asked of the face set, who may ask, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from faceswap.core.face_record import read_records
from faceswap.core.face_set import ALIGNMENTS, REPORT


def told(client, frame):
    return client.page.get("/faces/walk/points", params={"frame": frame}).json()


def test_a_landmark_is_moved_carried_along_and_undone(client, walk):
    page = client.page.get("/faces/walk/repair?frame=4").text
    assert 'max="11"' in page and 'viewBox="0 0 160 120"' in page and "repair.js" in page
    picture = client.page.get("/faces/walk/frame.jpg?frame=4")
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"
    before = told(client, 4)
    face = before["faces"][0]
    points = np.array(face["points"])
    points[48:60] += (3, 1)
    saved = client.post("/faces/walk/move", file=face["file"], points=json.dumps(points.tolist()), frame=4).json()
    assert saved["faces"][0]["is_by_hand"] and saved["repaired"] == [4] and saved["repairs"] == 1
    assert np.allclose(saved["faces"][0]["points"], points, atol=0.02)
    carried = client.post("/faces/walk/carry", frame=4, track=face["track"], first=2, last=5, how="shift").json()
    assert carried["told"] == "3 faces changed" and carried["repaired"] == [2, 3, 4, 5]
    assert "frame 2 to 5" in client.post("/faces/walk/undo", frame=4).json()["told"]
    assert "frame 4" in client.post("/faces/walk/undo", frame=4).json()["told"]
    assert told(client, 4) == before
    assert "nothing to undo" in client.post("/faces/walk/undo", frame=4).text


def test_a_missed_face_is_added_to_its_track(client, walk):
    near = told(client, 5)["faces"][0]
    assert told(client, 6)["faces"] == [] or told(client, 6)["faces"][0]["track"] != near["track"]
    points = json.dumps((np.array(near["points"]) + (1, 0)).tolist())
    added = client.post("/faces/walk/add", frame=6, points=points, track=near["track"]).json()
    assert near["track"] in [face["track"] for face in added["faces"]]
    new = client.post("/faces/walk/add", frame=6, points=points).json()
    assert len(new["faces"]) == len(added["faces"]) + 1


def test_what_is_no_face_is_refused_in_words(client, walk):
    file, points = told(client, 4)["faces"][0]["file"], json.dumps([[1.0, 2.0]] * 68)
    for wrong, match in (("[]", "68 points"), ("nonsense", "68 points"), (json.dumps([[1, 2]] * 67), "68 points"),
                         (points, "no face"), ("[" * 500, "68 points"),
                         (points.replace("1.0", "1e999", 1), "68 points"),
                         (json.dumps([["x", 1]] * 68), "68 points")):  # fmt: skip
        answer = client.post("/faces/walk/move", file=file, points=wrong)
        assert answer.status_code == 400 and match in answer.text, wrong
    for name in ("../../secret.png", "/etc/passwd", "nobody.jpg", ""):
        answer = client.post("/faces/walk/move", file=name, points=json.dumps((np.eye(68, 2) * 90).tolist()))
        assert (answer.status_code == 400 and "is no face" in answer.text) or "cannot be read" in answer.text
    for box in ("[1,2,3]", "[0,0,1,1]", "x"):
        assert client.post("/faces/walk/find", frame=4, box=box).status_code == 400
    for values in ({"how": "magic"}, {"first": "x"}, {"track": ""}):
        asked = {"frame": 4, "track": 0, "first": 0, "last": 3, "how": "shift"} | values
        assert client.post("/faces/walk/carry", **asked).status_code == 400
    assert client.page.get("/faces/walk/frame.jpg?frame=99").status_code == 400
    assert client.page.get("/faces/walk/frame.jpg?source=7").status_code == 400
    assert client.page.get("/faces/walk/frame.jpg?frame=x").status_code == 400


PATHS = ["move", "add", "carry", "undo", "find", "masks", "masks/remove", "people", "people/tell"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_changes_without_the_pages_own_secret(client, walk, path):
    """Another site's form has the cookie at most: neither the header nor the origin."""
    before = (walk / ALIGNMENTS).read_bytes()
    url = f"/faces/walk/{path}"
    assert client.page.post(url, data={"frame": 4}).status_code == 403
    assert client.page.post(url, data={"frame": 4}, headers={"X-CSRF": "guessed"}).status_code == 403
    forged = {"X-CSRF": client.csrf, "Origin": "http://evil.example"}
    assert client.page.post(url, data={"frame": 4}, headers=forged).status_code == 403
    assert client.stranger.post(url, data={"frame": 4}, headers={"X-CSRF": client.csrf}).status_code == 403
    rebound = {"X-CSRF": client.csrf, "Host": "evil.example"}
    assert client.page.post(url, data={"frame": 4}, headers=rebound).status_code == 421
    assert (walk / ALIGNMENTS).read_bytes() == before and not client.studio.queue.jobs()


READ = ["repair", "points", "frame.jpg", "masks", "masks/at.png", "masks/frames", "people"]


@pytest.mark.parametrize("path", READ)
def test_strangers_and_rebound_names_see_nothing(client, walk, path):
    assert client.stranger.get(f"/faces/walk/{path}").status_code == 403
    assert client.page.get(f"/faces/walk/{path}", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("path", READ)
def test_no_set_outside_of_the_workspace_is_opened(client, walk, path):
    for name in ("..", "%2e%2e", "..%2f..%2fsecret", "%2fetc", "nobody", "%00"):
        answer = client.page.get(f"/faces/{name}/{path}")
        assert answer.status_code in (307, 400, 404) and "Traceback" not in answer.text, name


def test_a_report_leads_to_no_file_outside(client, walk):
    """The report of somebody else's face set names its film: that is read in the media folders alone."""
    report = json.loads((walk / REPORT).read_text())
    for outside in (client.secret, "/etc/passwd", "../../secret.png", "/dev/zero"):
        (walk / REPORT).write_text(json.dumps(report | {"source": str(outside)}))
        (walk / ALIGNMENTS).write_text((walk / ALIGNMENTS).read_text() + "\n")  # read again
        for path in ("repair", "frame.jpg?frame=0", "masks"):
            answer = client.page.get(f"/faces/walk/{path}")
            assert answer.status_code == 400 and "years of work" not in answer.text and "root:" not in answer.text
    assert len(read_records(walk / ALIGNMENTS)) > 5
