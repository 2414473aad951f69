"""Small pictures of films and pictures."""

from __future__ import annotations

import os

import numpy as np
import pytest

from faceswap.media.pictures.images import read_image, write_image
from faceswap.studio.shared.thumbnails import SIDE_PX, thumbnail
from faceswap.utils.errors import UserError


def test_a_small_picture_is_made_once_and_anew_when_the_file_changes(tmp_path, tiny_clip):
    first = thumbnail(tiny_clip.video, tmp_path)
    assert read_image(first).shape == (144, 192, 3) and thumbnail(tiny_clip.video, tmp_path) == first
    large = tmp_path / "large.png"
    write_image(large, np.zeros((800, 400, 3), np.uint8))
    small = thumbnail(large, tmp_path)
    assert read_image(small).shape == (SIDE_PX, SIDE_PX // 2, 3)
    os.utime(large, ns=(1, 1))
    assert thumbnail(large, tmp_path) != small
    (tmp_path / "no.mp4").write_bytes(b"no")
    with pytest.raises(UserError):
        thumbnail(tmp_path / "no.mp4", tmp_path)
