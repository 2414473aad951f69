"""Faces of one frame drawn by several models, each by that of its own role."""

from dataclasses import dataclass, field

import numpy as np

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.compositor import blend
from faceswap.compositing.drawing import swapped_faces, with_views
from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.compositing.results import made_with_ai, model_name
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from tests.compositing.fakes import FullMask, IdentitySwapper, face_points, smooth_picture

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@dataclass
class Painter(IdentitySwapper):
    """One colour with a little pattern; `batches` are the sizes of what it was asked for."""

    colour: tuple[float, float, float] = RED
    batches: list[int] = field(default_factory=list)

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        self.batches.append(len(views))
        assert views.shape[1] == self.resolution
        images = np.broadcast_to(np.float32(self.colour), views.shape) * 0.9 + views.astype(np.float32) / 2550
        masks = np.ones(views.shape[:3], np.float32) if self.mask else None
        return Decoded(images.astype(np.float32), masks)


class Standing:
    """Three faces beside each other, tracks 4, 7 and 9, in every frame."""

    about = {"faces_from": "a test"}  # noqa: RUF012

    def locate(self, frames):
        for frame in frames:
            faces = []
            for place, track in ((80, 4), (200, 7), (320, 9)):
                points = face_points((place, 100), 60)
                faces.append(TargetFace(points, frame_to_crop_for(points, 128), 128, track))
            yield frame, faces


def test_each_is_drawn_by_their_own_model_and_others_stay():
    red, blue = Painter(64), Painter(48, mask=True, colour=BLUE)
    cast = Cast([Role(red), Role(blue, "b")], {4: 1, 9: 0})
    frames = [Frame(smooth_picture(400, 200), index, index / 25) for index in range(3)]
    done = list(swapped_faces(with_views(frames, Standing(), cast), cast, 6, FullMask()))
    assert red.batches == [3] and blue.batches == [3]  # the faces of all three frames at once
    for frame, item in zip(frames, done, strict=True):
        assert item.tracks == [4, 9] and item.roles == [1, 0]
        made = blend(frame, item.views, item.drawn, mask=FullMask(), colour=NoColour(), blender=AlphaBlender()).image
        assert made[100, 80, 2] > 200 and made[100, 80, 0] < 60
        assert made[100, 320, 0] > 200 and made[100, 320, 2] < 60
        np.testing.assert_array_equal(made[90:110, 190:210], frame.image[90:110, 190:210])


def test_a_cast_of_one_draws_all_and_is_called_like_its_model():
    cast = Cast([Role(IdentitySwapper())])
    assert [cast.role(track) for track in (-1, 0, 5)] == [0, 0, 0]
    assert model_name(cast) == model_name(IdentitySwapper()) and len(cast.fadings("auto")) == 1


def test_metadata_name_every_model():
    one, two = IdentitySwapper(), IdentitySwapper()
    one.description = {"model": "lite", "run": "x", "sha256": "ab"}
    two.description = {"model": "df", "run": "y", "sha256": "cd"}
    about = made_with_ai(Cast([Role(one), Role(two)], {}))
    assert "lite (run x) and df (run y)" in about["comment"] and about["model_sha256"] == "ab, cd"
