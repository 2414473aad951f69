from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.compositing.blenders import AlphaBlender, PoissonBlender
from faceswap.compositing.compositor import blend, paste, view_of
from faceswap.compositing.masks.shapes import BoxMask, HullMask
from faceswap.core.geometry import frame_to_crop_for, scale_of
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour, Reinhard
from tests.compositing.fakes import FullMask, IdentitySwapper, TintSwapper, face_points, smooth_picture

PLAIN = {"mask": HullMask(), "colour": NoColour(), "blender": AlphaBlender()}


def _view(frame: Frame, points: np.ndarray, resolution_px: int = 128, coverage: float = 0.8):
    return view_of(frame, points, frame_to_crop_for(points, 256), 256, coverage, resolution_px)


def _inside(view, shape: tuple[int, ...], margin_px: float) -> np.ndarray:
    """The frame pixels that lie inside the view by more than margin_px of the view's pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    seen = np.einsum("ij,jhw->ihw", view.frame_to_crop[:, :2], np.stack([x, y])) + view.frame_to_crop[:, 2, None, None]
    # Across the frame's border the picture is continued as a guess: not the place to ask for one grey level.
    rim_px = margin_px / min(1, scale_of(view.frame_to_crop))
    kept = (x >= rim_px) & (x <= shape[1] - 1 - rim_px) & (y >= rim_px) & (y <= shape[0] - 1 - rim_px)
    return ((seen > margin_px - 0.5) & (seen < view.size_px - 0.5 - margin_px)).all(0) & kept


@given(
    x=st.floats(100, 540), y=st.floats(100, 380), height=st.floats(60, 260), degrees=st.floats(-180, 180),
    resolution=st.sampled_from([64, 128, 256]),
)  # fmt: skip
@settings(max_examples=60)
def test_identity_gives_the_frame_back(x: float, y: float, height: float, degrees: float, resolution: int) -> None:
    frame = Frame(smooth_picture(640, 480), 3, 0.12)
    view = _view(frame, face_points((x, y), height, degrees), resolution)
    decoded = IdentitySwapper(resolution).swap(view.image[None])
    out = blend(frame, [view], decoded, mask=FullMask(), colour=NoColour(), blender=AlphaBlender())
    difference = np.abs(out.image.astype(int) - frame.image)
    inside = difference[_inside(view, frame.image.shape, 3)]
    if scale_of(view.frame_to_crop) >= 0.6:
        assert inside.max() <= 1
    else:  # the frame was averaged down first: three roundings to 8 bits may meet in a pixel
        assert inside.max() <= 2 and (inside > 1).mean() < 5e-3
    outside = ~_inside(view, frame.image.shape, -1.5)
    assert not difference[outside].any()
    assert (out.index, out.seconds) == (3, 0.12)


def test_whole_pixels_come_back_exactly() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    shift = np.array([[1, 0, -31.0], [0, 1, -7.0]])
    frame = Frame(noise, 0, 0.0)
    view = view_of(frame, face_points((60, 40), 30), shift, 64, 1.0, 64)
    np.testing.assert_array_equal(view.image, noise[7:71, 31:95])
    image = np.zeros_like(noise)
    paste(image, view.image / np.float32(255), np.ones((64, 64), np.float32), view.frame_to_crop)
    np.testing.assert_array_equal(image[7:71, 31:95], noise[7:71, 31:95])
    image[7:71, 31:95] = 0
    assert not image.any()


@pytest.mark.parametrize("mask", [HullMask(), BoxMask()])
def test_outside_the_mask_stays_bit_for_bit(mask) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    frame = Frame(noise.copy(), 0, 0.0)
    points = face_points((300, 260), 150, 20)
    view = _view(frame, points)
    out = blend(frame, [view], TintSwapper().swap(view.image[None]), **(PLAIN | {"mask": mask}))
    np.testing.assert_array_equal(frame.image, noise)  # the frame given stays as it was
    changed = (out.image != noise).any(-1)
    alpha = np.zeros((480, 640, 3), np.uint8)
    paste(alpha, np.ones((128, 128, 3), np.float32), mask.alpha(view.points, 128, None), view.frame_to_crop)
    assert changed.any() and not changed[alpha[..., 0] == 0].any()
    assert changed[alpha[..., 0] > 250].mean() > 0.98


def test_alpha_is_applied_once() -> None:
    """White over black shows the alpha itself, not its square."""
    frame = Frame(np.zeros((400, 400, 3), np.uint8), 0, 0.0)
    view = _view(frame, face_points((200, 190), 130))
    half = np.full((1, 128, 128), 0.5, np.float32)

    class AsLearned:
        def alpha(self, points, size_px, learned):
            return learned

    white = Decoded(np.ones((1, 128, 128, 3), np.float32), half)
    out = blend(frame, [view], white, **(PLAIN | {"mask": AsLearned()}))
    assert abs(int(out.image[190, 200, 0]) - 128) <= 1


@pytest.mark.parametrize("centre", [(5, 200), (395, 200), (200, 5), (200, 395), (0, 0), (399, 399), (-50, 420)])
@pytest.mark.parametrize("blender", [AlphaBlender(), PoissonBlender()])
def test_face_partly_outside_has_no_rim(centre: tuple[float, float], blender) -> None:
    frame = Frame(np.full((400, 400, 3), (200, 160, 140), np.uint8), 0, 0.0)
    view = _view(frame, face_points(centre, 160, 15), 64)
    out = blend(frame, [view], IdentitySwapper(64).swap(view.image[None]), mask=FullMask(), colour=Reinhard(),
                blender=blender)  # fmt: skip
    assert np.abs(out.image.astype(int) - frame.image).max() <= 1


@pytest.mark.parametrize("centre", [(-900, -900), (5000, 200)])
def test_face_wholly_outside_changes_nothing(centre: tuple[float, float]) -> None:
    frame = Frame(smooth_picture(320, 240), 0, 0.0)
    view = _view(frame, face_points(centre, 80))
    out = blend(frame, [view], TintSwapper().swap(view.image[None]), mask=FullMask(), colour=Reinhard(),
                blender=PoissonBlender())  # fmt: skip
    np.testing.assert_array_equal(out.image, frame.image)


def test_large_model_on_small_face_does_not_alias() -> None:
    """Fine black and white lines become gray when 256 model pixels fall on 40 of the frame."""
    frame = Frame(np.full((200, 200, 3), 128, np.uint8), 0, 0.0)
    view = _view(frame, face_points((100, 100), 24), 256)
    assert scale_of(view.frame_to_crop) > 5
    lines = np.zeros((1, 256, 256, 3), np.float32)
    lines[:, :, ::2] = 1
    out = blend(frame, [view], Decoded(lines, None), mask=HullMask(), colour=NoColour(), blender=AlphaBlender())
    assert np.abs(out.image.astype(int) - 128).max() < 20


def test_several_faces_and_in_place() -> None:
    frame = Frame(smooth_picture(640, 300), 0, 0.0)
    original = frame.image.copy()
    views = [_view(frame, face_points((160, 150), 110)), _view(frame, face_points((470, 150), 120))]
    decoded = TintSwapper().swap(np.stack([view.image for view in views]))
    both = blend(frame, views, decoded, **PLAIN).image
    one = blend(frame, views[:1], Decoded(decoded.images[:1], None), **PLAIN).image
    np.testing.assert_array_equal(both[:, :320], one[:, :320])
    np.testing.assert_array_equal(one[:, 320:], original[:, 320:])
    assert (both[:, 320:] != original[:, 320:]).any()
    owned = blend(frame, views, decoded, **PLAIN, in_place=True)
    assert owned.image is frame.image
    np.testing.assert_array_equal(owned.image, both)


def test_counts_must_agree() -> None:
    frame = Frame(smooth_picture(64, 64), 0, 0.0)
    with pytest.raises(ValueError, match="one decoded face per view: 1 for 0"):
        blend(frame, [], Decoded(np.zeros((1, 8, 8, 3), np.float32), None), **PLAIN)


def test_identity_on_a_real_frame(shared_real) -> None:
    """At the face's own resolution an identity model is nearly invisible."""
    import cv2

    video = cv2.VideoCapture(str(shared_real / "videos/B_d9.mp4"))
    frame = Frame(np.ascontiguousarray(video.read()[1][..., ::-1]), 0, 0.0)
    video.release()
    points = np.load(shared_real / "videos/B_d9.mp4.ref.npz")["lm68"][0]
    view = _view(frame, points, 512)
    out = blend(frame, [view], IdentitySwapper(512).swap(view.image[None]), **PLAIN)
    changed = (out.image != frame.image).any(-1)
    error = np.mean((out.image[changed].astype(float) - frame.image[changed]) ** 2)
    assert changed.sum() > 5000 and 10 * np.log10(255**2 / error) > 40
