"""What lies in the place of a file is named, whatever was to be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.facenets.inception_resnet import load_weights
from faceswap.media.pictures.images import read_image
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.file_kinds import mistaken_for
from tests.clips import Clip

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n"
PAGE = b"<!DOCTYPE html><html><body>log in</body></html>"


@pytest.mark.parametrize(
    ("head", "said"),
    [(POINTER, "Git LFS"), (PAGE, "web page"), (b"", "empty"), (bytes(600), "zeros"), (b"BZh91", "packed"),
     (b'{"error": "quota"}', "JSON"), (b"\x80\x02}q", ""), (b"PK\x03\x04", ""), (b"\x93NUMPY\x01\0", ""),
     (b"\xef\xbb\xbf#EXTM3U\n", "playlist"), (b"[playlist]\nFile1=x", "playlist"), (b"[1, 2]", "JSON"),
     (b'{\0\0\0\0\0\0\0{"weight":', "")],
)  # fmt: skip
def test_what_a_file_begins_with_tells(head: bytes, said: str) -> None:
    assert said in mistaken_for(head) and bool(said) == bool(mistaken_for(head))


@pytest.mark.parametrize(("content", "said"), [(POINTER, "git lfs pull"), (PAGE, "web page")])
@pytest.mark.parametrize("name", ["x.mp4", "x.mov", "x.jpg", "x.heic", "x.npz", "x.fsa", "x.pt"])
def test_films_pictures_landmarks_and_embedders(tiny_clip: Clip, tmp_path: Path, name: str, content: bytes, said: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=said):
        if name == "x.pt":
            load_weights(path)
        elif name in ("x.npz", "x.fsa"):
            LandmarksFinder(str(path)).prepare(probe(tiny_clip.video))
        elif name in ("x.jpg", "x.heic"):
            read_image(path)
        else:
            probe(path)
