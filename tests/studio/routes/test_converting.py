"""Convert in the studio: the command that its form says, and frames that carry the notice."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.curation.repair.painted import painted_folder, write_painted
from faceswap.jobs.command_lines import check_command_line
from faceswap.media.pictures.images import write_image
from faceswap.studio.shared.preview import Shown
from tests.clips import make_clip


@pytest.fixture
def film(client):
    (client.studio.places.workspace.root / "runs" / "a_b").mkdir(parents=True)
    return make_clip(client.studio.places.folders[1], "b", 6).video


def test_the_form_says_what_the_command_says(client, film):
    page = client.page.get("/convert", params={"run": "a_b", "film": str(film)}).text
    assert 'name="sharpen:word" value="auto" checked' in page and 'name="sharpen" value="0"' in page
    assert 'data-keyed="strength"' in page and 'name="motion_blur"' in page and 'max="5"' in page
    said = {"run": "a_b", "film": str(film), "mask": "hull", "mask.erode": "0.1", "strength": "{0: 1, 4: 0.5}",
            "sharpen": "0.5", "fade_from_yaw": "off", "smooth_colour": "0.9", "unknown": "x",
            "grain": "true"}  # fmt: skip
    line = client.page.get("/convert/line", params=said).text
    wanted = ["mask=hull", "sharpen=0.5", "smooth_colour=0.9", "fade_from_yaw=off", "strength={0: 1, 4: 0.5}",
              "mask.erode=0.1"]  # fmt: skip
    assert all(one in line for one in wanted) and "unknown" not in line
    assert client.post("/convert", **said).status_code == 204
    job = client.studio.queue.jobs()[0]
    assert job.arguments[:-1] == [f"video={film}", "run=a_b", *wanted]


def test_frames_that_were_made_say_so(client, film, monkeypatch):
    made = Shown(np.full((144, 192, 3), 200, np.uint8), {"description": "made with AI", "made_with_ai": "true"})
    asked = []
    monkeypatch.setattr(client.studio.preview, "frame", lambda *said: asked.append(said) or made)
    asked_for = {"run": "a_b", "film": str(film), "frame": "3", "grain": "true"}
    after = client.page.get("/convert/frame.jpg", params=asked_for)
    assert b"made with AI" in after.content and asked == [(film, 3, ["run=a_b"])]
    assert b"c2pa" in after.content  # signed
    before = client.page.get("/convert/frame.jpg", params={"film": str(film), "frame": "3", "side": "a"})
    assert b"made with AI" not in before.content and before.content[:2] == b"\xff\xd8" and len(asked) == 1
    assert (
        client.page.get("/convert/frame.jpg", params={"film": str(film), "frame": "99", "side": "a"}).status_code == 400
    )
    assert client.page.get("/convert/frame.jpg", params={"film": str(film), "frame": "-1"}).status_code == 400


def test_settings_belong_to_what_was_chosen(client, film):
    told = client.page.get("/convert/settings", params={"mask": "parsed", "blender": "alpha"}).text
    assert "mask.edge" in told and "mask.steady" in told and "mask.device" not in told


def test_a_run_outside_is_refused(client, film):
    write_image(client.studio.places.folders[1] / "x.png", np.zeros((8, 8, 3), np.uint8))
    for run in ("../x", "/etc", "..", "nobody", ""):
        for path in ("/convert", "/convert/line", "/convert/frame.jpg"):
            assert client.page.get(path, params={"run": run, "film": str(film)}).status_code == 400, run


def test_masks_that_were_painted_can_be_taken(client, film):
    """By the name of a face set of the workspace; its folder is what the command is told."""
    folder = client.studio.places.workspace.root / "faces" / "b"
    page = client.page.get("/convert", params={"run": "a_b", "film": str(film)}).text
    assert 'name="masks"' not in page and 'data-keyed="face_scale"' in page and 'data-keyed="mask.erode"' in page
    write_painted(
        painted_folder(folder), 2, cv2.imencode(".png", np.zeros((144, 192), np.uint8))[1].tobytes(), (192, 144)
    )
    said = {"run": "a_b", "film": str(film), "masks": "b", "mask.erode": "{0: 0, 5: 0.2}", "keep": "eyes"}
    assert "<option selected>none</option>" in client.page.get("/convert", params=said).text
    assert client.post("/convert", **said).status_code == 204
    arguments = client.studio.queue.jobs()[0].arguments
    assert (
        f"masks={folder / 'masks'}" in arguments
        and "mask.erode={0: 0, 5: 0.2}" in arguments
        and "keep=eyes" in arguments
    )
    check_command_line("convert", arguments)
    for wrong in ("../../x", "/etc", "nobody"):
        assert client.post("/convert", **said | {"masks": wrong}).status_code == 400
