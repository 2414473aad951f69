"""Masks in the studio: painted, held, removed; nothing else is written."""

from __future__ import annotations

import cv2
import numpy as np

from faceswap.curation.repair.painted import painted_folder, read_painted


def png(width=160, height=120, value=255):
    return cv2.imencode(".png", np.full((height, width), value, np.uint8))[1].tobytes()


def post(client, path, content=b"", **params):
    headers = {"X-CSRF": client.csrf, "HX-Request": "true"}
    return client.page.post(f"/faces/walk/masks{path}", params=params, content=content, headers=headers)


def test_a_mask_is_held_until_the_next(client, walk):
    assert 'width="160"' in client.page.get("/faces/walk/masks?frame=3").text
    assert client.page.get("/faces/walk/masks/at.png?frame=3").status_code == 204
    assert post(client, "", png(), frame=0).json() == {"frames": [0]}
    painted = np.full((120, 160), 255, np.uint8)
    painted[40:80, 50:90] = 0
    assert post(client, "", cv2.imencode(".png", painted)[1].tobytes(), frame=5).json() == {"frames": [0, 5]}
    assert (read_painted(painted_folder(walk) / "000005.png") == painted).all()
    shown = [client.page.get(f"/faces/walk/masks/at.png?frame={frame}").content for frame in (4, 5, 11)]
    assert shown[0] != shown[1] == shown[2]
    assert post(client, "/remove", frame=5).json() == {"frames": [0]}
    assert post(client, "/remove", frame=7).json() == {"frames": [0]}


def test_what_is_no_mask_is_refused(client, walk):
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0" + b"\0" * 40
    cut = png()[:60]
    for content in (b"", b"<svg onload=alert(1)>", png(80, 60), header, cut, b"\xff\xd8\xff" + b"\0" * 99):
        answer = post(client, "", content, frame=0)
        assert answer.status_code == 400 and "mask" in answer.text
    assert post(client, "", png(), frame=-1).status_code == 400
    assert post(client, "", png(), frame=10**12).status_code == 400
    assert post(client, "", b"\0" * (1 << 21), frame=0).status_code == 413
    assert not painted_folder(walk).exists() or not list(painted_folder(walk).iterdir())
