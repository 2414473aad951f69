"""Painted masks: which file counts when, and that what is painted black is left alone."""

import os
from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend
from faceswap.compositing.masks.film import film_mask
from faceswap.compositing.masks.painted import PaintedMask, PaintedPictures
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.images import write_image
from faceswap.media.sources import source_of_picture
from faceswap.utils.errors import UserError
from tests.compositing.masks.test_parsed import POINTS, view

WIDTH, HEIGHT = 640, 480
FILM = source_of_picture(WIDTH, HEIGHT)


def paint(path: Path, left: int = 0, right: int = WIDTH, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """White from one column to another."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:, left:right] = 255
    write_image(path, picture)
    return path


def changed(mask, index: int = 0) -> np.ndarray:
    frame = Frame(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), index, 0.0)
    drawn = Decoded(np.zeros((1, 96, 96, 3), np.float32), None)
    out = blend(frame, [view(frame)], drawn, mask=mask, colour=NoColour(), blender=AlphaBlender())
    return 200 - out.image[..., 0].astype(int)


def test_each_picture_is_held_until_the_next(tmp_path):
    for number, left in ((3, 0), (10, 100)):
        paint(tmp_path / f"{number:06d}.png", left)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    pictures = PaintedPictures((3, 10), (tmp_path / "000003.png", tmp_path / "000010.png"))
    for frame, left in ((0, 0), (3, 0), (9, 0), (10, 100), (5000, 100)):
        assert int((pictures.at(frame)[0] > 0).argmax()) == left
    one = PaintedPictures.open(paint(tmp_path / "all.jpg", 50), FILM)
    assert one.at(7).shape == (HEIGHT, WIDTH) and one.frames == (0,)


def test_black_stays_as_filmed_and_white_is_swapped_within_the_mask(tmp_path):
    middle = int(POINTS[30, 0])
    painted = PaintedPictures.open(paint(tmp_path / "a.png", right=middle), FILM)
    hull, part = changed(HullMask()), changed(film_mask(HullMask(), painted))
    assert not part[:, middle + 3 :].any() and hull[:, middle + 3 :].any()
    np.testing.assert_allclose(part[:, : middle - 3], hull[:, : middle - 3], atol=2)


def test_what_is_painted_alone_is_swapped_up_to_the_end_of_the_view(tmp_path):
    painted = PaintedPictures.open(paint(tmp_path / "a.png"), FILM)
    alone, hull = changed(film_mask(PaintedMask(), painted)), changed(HullMask())
    assert (alone > 0).sum() > 1.5 * (hull > 0).sum()
    rows, columns = np.flatnonzero(alone.any(1)), np.flatnonzero(alone.any(0))
    edges = [alone[rows[0]], alone[rows[-1]], alone[:, columns[0]], alone[:, columns[-1]]]
    assert max(edge.max() for edge in edges) < 40  # no step there


def test_a_checksum_changes_with_what_is_painted(tmp_path):
    first = PaintedPictures.open(paint(tmp_path / "a.png"), FILM).checksum()
    assert PaintedPictures.open(paint(tmp_path / "a.png"), FILM).checksum() == first
    assert PaintedPictures.open(paint(tmp_path / "a.png", left=9), FILM).checksum() != first


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hand.png", "hand.png is called after no frame"),
        ("-1.png", "called after no frame"),
        ("00000000001.png", "both of frame 1"),
        ("1000000000.png", "called after no frame"),
        ("7.png", "frame 7 is past the end: the last of 1 is 0"),
    ],
)
def test_other_names_are_one_line(tmp_path, name, why):
    paint(tmp_path / "1.png")
    paint(tmp_path / name)
    with pytest.raises(UserError, match=why):
        PaintedPictures.open(tmp_path, FILM)


def test_bad_pictures_are_one_line(tmp_path):
    with pytest.raises(UserError, match="it holds no picture"):
        PaintedPictures.open(tmp_path, FILM)
    with pytest.raises(UserError, match=r"is 320 x 480, and .* 640 x 480"):
        PaintedPictures.open(paint(tmp_path / "0.png", size=(320, HEIGHT)), FILM)
    (tmp_path / "0.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"cannot read the picture .*0\.png"):
        PaintedPictures.open(tmp_path, FILM)
    whole = paint(tmp_path / "0.png").read_bytes()
    (tmp_path / "0.png").write_bytes(whole[:-30])
    with pytest.raises(UserError, match=r"0\.png: the file is cut off"):
        PaintedPictures.open(tmp_path, FILM)
    (tmp_path / "0.png").unlink()
    os.symlink(paint(tmp_path.parent / "elsewhere.png"), tmp_path / "0.png")
    with pytest.raises(UserError, match=r"0\.png is a link"):
        PaintedPictures.open(tmp_path, FILM)
    with pytest.raises(UserError, match="no such file"):
        PaintedPictures.open(tmp_path / "missing.png", FILM)
    with pytest.raises(UserError, match="masks=FOLDER"):
        film_mask(PaintedMask())
