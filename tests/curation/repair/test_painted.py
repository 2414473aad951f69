"""Masks painted over frames: each held until the next."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.curation.repair.painted import (
    painted_file,
    painted_folder,
    painted_frames,
    read_painted,
    remove_painted,
    write_painted,
)
from faceswap.utils.errors import UserError


def png(mask):
    return cv2.imencode(".png", mask)[1].tobytes()


def test_masks_are_held_and_the_first_also_before(tmp_path):
    place = painted_folder(tmp_path, 1)
    assert place == tmp_path / "masks" / "s01" and painted_file(place, 3) is None and painted_frames(place) == []
    for frame in (20, 5):
        write_painted(place, frame, png(np.full((12, 16), frame, np.uint8)), (16, 12))
    (place / "notes.png").write_bytes(b"x")
    assert painted_frames(place) == [5, 20]
    held = {frame: int(read_painted(painted_file(place, frame))[0, 0]) for frame in (0, 5, 19, 20, 999)}
    assert held == {0: 5, 5: 5, 19: 5, 20: 20, 999: 20}
    remove_painted(place, 5)
    assert painted_frames(place) == [20]


def test_colours_and_transparency_become_grey(tmp_path):
    picture = np.zeros((12, 16, 4), np.uint8)
    picture[:, 8:] = 255
    write_painted(tmp_path, 0, png(picture), (16, 12))
    found = read_painted(tmp_path / "000000.png")
    assert found.shape == (12, 16) and (found[:, 8:] == 255).all() and (found[:, :8] == 0).all()


def test_others_are_refused(tmp_path):
    whole = png(np.zeros((12, 16), np.uint8))
    for content, size in ((whole, (12, 16)), (whole[:40], (16, 12)), (b"", (16, 12)), (whole[8:], (16, 12))):
        with pytest.raises(UserError, match="mask"):
            write_painted(tmp_path, 0, content, size)
    with pytest.raises(UserError, match="frames"):
        write_painted(tmp_path, -1, whole, (16, 12))
    assert not list(tmp_path.iterdir())
