"""mask=parsed: what hides a face stays outside of the mask, wherever the face is and however it is batched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.drawing import PlacedFrame, answered
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.parsed import ParsedMask, without_specks
from faceswap.compositing.masks.protocol import FrameMask
from faceswap.compositing.masks.shapes import MASK_PX, HullMask
from faceswap.core.geometry import frame_to_crop_for, invert, transform_points, warp_crop
from faceswap.core.values import Decoded, Frame
from faceswap.facenets.parser import COVERAGE, NAMES, RESOLUTION_PX
from faceswap.facenets.views import frame_to_view_for
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.reading import read_frames
from tests.compositing.clips import centre, convert_video, write_face_set, write_film
from tests.compositing.fakes import IdentitySwapper, face_points, smooth_picture

SKIN, OCCLUDER = NAMES.index("skin"), NAMES.index("occluder")
POINTS = face_points((330, 250), 160, 20)


class FakeParser:
    """Takes pure red pixels for occluders and all others for skin; counts its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def parse(self, images, points):
        self.calls.append(len(images))
        matrices = np.array([frame_to_view_for(face, COVERAGE, RESOLUTION_PX) for face in points])
        shares = np.zeros((len(images), len(NAMES), RESOLUTION_PX, RESOLUTION_PX), np.float32)
        for share, image, matrix in zip(shares, images, matrices, strict=True):
            view = warp_crop(image, matrix, RESOLUTION_PX).astype(int)
            red = (view[..., 0] > 200) & (view[..., 1:] < 60).all(-1)
            share[OCCLUDER], share[SKIN] = red, ~red
        return shares, matrices


def film(hidden: bool = True, index: int = 0) -> Frame:
    """A picture whose right half, from the nose on, is covered with red."""
    image = smooth_picture(640, 480)
    if hidden:
        image[:, int(POINTS[30, 0]) :] = (255, 0, 0)
    return Frame(image, index, index / 25)


def view(frame: Frame, resolution_px: int = 96, coverage: float = 0.7, points: np.ndarray = POINTS):
    return view_of(frame, points, frame_to_crop_for(POINTS, 256), 256, coverage, resolution_px)


def black(count: int = 1, masks: bool = True, resolution_px: int = 96) -> Decoded:
    shape = (count, resolution_px, resolution_px)
    return Decoded(np.zeros((*shape, 3), np.float32), np.ones(shape, np.float32) if masks else None)


def parsed(**settings) -> ParsedMask:
    return ParsedMask(_parser=FakeParser(), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("coverage", [0.5, 0.7, 0.95])
def test_an_occluder_stays_and_the_face_beside_it_is_replaced(masks: bool, coverage: float) -> None:
    frame = film()
    out = blend(
        frame, [view(frame, coverage=coverage)], black(masks=masks),
        mask=parsed(feather=0.03), colour=NoColour(), blender=AlphaBlender(),
    ).image  # fmt: skip
    edge = int(POINTS[30, 0])
    assert (out[:, edge + 16 :] == frame.image[:, edge + 16 :]).all()  # all of the red, but for the soft edge
    cheek = POINTS[[3, 31, 48]].mean(0).astype(int)
    assert out[cheek[1], cheek[0]].max() < 8


def test_without_an_occluder_it_is_the_learned_mask_or_the_hull() -> None:
    frame, mask = film(hidden=False), parsed(feather=0.1)
    seen = view(frame)
    (free,) = mask.free([frame], [seen], [-1])
    assert free.shape == (MASK_PX, MASK_PX) and free.dtype == np.float32 and free.min() > 0.99
    learned = np.zeros((96, 96), np.float32)
    learned[20:80, 20:80] = 1
    np.testing.assert_array_equal(
        mask.alpha(seen.points, 96, learned), LearnedMask(0, 0.1).alpha(seen.points, 96, learned)
    )
    np.testing.assert_array_equal(mask.alpha(seen.points, 96, None), HullMask(0, 0.1).alpha(seen.points, 96, None))


def test_what_is_seen_lies_at_its_place_in_the_view() -> None:
    frame, seen = film(), view(film(), 128, 0.8)
    (free,) = parsed(steady=0.0).free([frame], [seen], [0])
    y, x = np.mgrid[:MASK_PX, :MASK_PX]
    in_frame = transform_points(invert(seen.frame_to_crop), np.stack([x.ravel(), y.ravel()], 1))
    right = (in_frame[:, 0] - int(POINTS[30, 0])).reshape(free.shape)
    assert free[right > 8].max() < 0.01 and free[right < -8].min() > 0.99
    assert np.abs(np.diff(free, axis=1)).max() < 0.5  # no step


def test_specks_in_a_face_are_closed_and_what_reaches_in_stays() -> None:
    share = np.zeros((64, 64), np.float32)
    share[8:56, 8:56] = 0.9
    share[20:24, 20:25] = 0.1  # a mistake beside the eye
    share[40:44, 40:64] = 0.1  # a pencil from the side
    share[28:38, 28:38] = 0.1  # something large before the nose
    closed = without_specks(share)
    assert (closed[20:24, 20:25] == 1).all()
    expected = share.copy()
    expected[20:24, 20:25] = 1
    np.testing.assert_array_equal(closed, expected)
    np.testing.assert_array_equal(without_specks(np.zeros((8, 8), np.float32)), 0)


def test_small_changes_are_steadied_and_large_ones_pass_at_once() -> None:
    mask = parsed(steady=0.5)
    first, noisy, hand = (np.full((MASK_PX, MASK_PX), value, np.float32) for value in (0.8, 0.9, 0.1))
    np.testing.assert_array_equal(mask._steadied(first, 10, 3), first)
    held = mask._steadied(noisy, 11, 3)
    assert 0.8 < held[0, 0] < 0.87
    np.testing.assert_allclose(mask._steadied(hand, 12, 3), hand, atol=1e-6)
    np.testing.assert_array_equal(mask._steadied(noisy, 20, 3), noisy)  # frames are missing in between
    np.testing.assert_array_equal(mask._steadied(first, 21, -1), first)  # no track
    mask._steadied(first, 22, 4)
    assert mask._past.keys() == {4}  # what ended is forgotten


def test_faces_of_several_frames_are_parsed_in_one_call() -> None:
    mask, frames = parsed(), [film(index=index) for index in range(3)]
    items = [
        PlacedFrame(frame, [view(frame)] * (1 + number % 2), [5, 6][: 1 + number % 2], [0, 0][: 1 + number % 2])
        for number, frame in enumerate(frames)
    ]
    done = list(answered(items, Cast([Role(IdentitySwapper(96))]), mask))
    assert mask._parser.calls == [4]  # type: ignore[union-attr]
    assert [len(item.free or ()) for item in done] == [1, 2, 1]
    blend(
        frames[0], done[0].views, black(), mask=mask, colour=NoColour(), blender=AlphaBlender(),
        free=done[0].free,
    )  # fmt: skip
    assert mask._parser.calls == [4]  # type: ignore[union-attr]


def test_other_masks_see_nothing() -> None:
    assert isinstance(parsed(), FrameMask) and not isinstance(HullMask(), FrameMask)
    frame = film()
    (item,) = answered([PlacedFrame(frame, [view(frame)], [0], [0])], Cast([Role(IdentitySwapper(96))]), HullMask())
    assert item.free is None


def test_a_face_without_size_is_not_parsed() -> None:
    mask, frame = parsed(), film()
    free = mask.free([frame], [view(frame, points=np.full((68, 2), 300.0))], [0])
    assert free[0].max() == 0 and mask._parser.calls == []  # type: ignore[union-attr]
    assert mask.free([], [], []) == []


class HalfParser:
    """Everything to the picture's right of the view's middle hides the face."""

    def parse(self, images, points):
        shares, matrices = FakeParser().parse(images, points)
        shares[:, SKIN], shares[:, OCCLUDER] = 1, 0
        middle = RESOLUTION_PX // 2
        shares[:, SKIN, :, middle:], shares[:, OCCLUDER, :, middle:] = 0, 1
        return shares, matrices


def test_a_film_is_swapped_beside_what_hides_its_faces(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 6, sound=False)
    faces = write_face_set(tmp_path / "faces", film, list(range(6)))
    mask = ParsedMask(feather=0.03, _parser=HalfParser())  # type: ignore[arg-type]
    out = convert_video(film, BlackSwapper(64), tmp_path / "out.mp4", faces=faces, mask=mask, colour=NoColour(), crf=8)
    for before, after in zip(read_frames(film), read_frames(out), strict=True):
        x, y = (int(value) for value in centre(before.index))
        assert after.image[y - 8 : y + 8, x - 14 : x - 8].max() < 40
        beside = (slice(y - 8, y + 8), slice(x + 10, x + 24))
        assert np.abs(after.image[beside].astype(int) - before.image[beside]).mean() < 6


class BlackSwapper(IdentitySwapper):
    def swap(self, views, to="a"):
        decoded = super().swap(views, to)
        return Decoded(decoded.images * 0, decoded.masks)


@pytest.mark.parametrize(("name", "value"), [("edge", 0.5), ("steady", 1.0), ("erode", -0.1), ("forehead", 9)])
def test_values_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"mask.{name}"):
        parsed(**{name: value})
