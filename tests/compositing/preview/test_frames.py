"""The pipeline makes of a few frames what it makes of them within the whole film."""

import numpy as np
import pytest

from faceswap.compositing import conversion
from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.masks.shapes import BoxMask, HullMask
from faceswap.compositing.preview import frames as preview_frames
from faceswap.compositing.preview.frames import PreviewFrames
from faceswap.media.pictures.colour_transfer import Reinhard
from faceswap.utils.errors import UserError
from tests.compositing.clips import convert_video, write_face_set, write_film
from tests.compositing.fakes import CountingSwapper, TintSwapper

FRAMES = 80


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", FRAMES, sound=False)


@pytest.fixture(scope="module")
def faces(film, tmp_path_factory):
    return write_face_set(tmp_path_factory.mktemp("faces") / "film", film, list(range(10, FRAMES)))


def made(film, faces, preview, swapper=None, **settings):
    out = film.with_name("nothing.mp4")
    settings = {"mask": HullMask(), "colour": Reinhard(), "blender": AlphaBlender()} | settings
    convert_video(film, swapper or TintSwapper(), out, faces=faces, preview=preview, **settings)
    assert not list(film.parent.glob("nothing*"))
    return preview.made


def test_frames_are_those_of_the_whole_film(film, faces, monkeypatch):
    few = PreviewFrames(3)
    pictures = made(film, faces, few)
    assert len(few.chosen) == 3 and sorted(pictures) == few.chosen and min(few.chosen) >= 10
    assert few.frames_needed < FRAMES and few.about["made_with_ai"]
    monkeypatch.setattr(preview_frames, "BEFORE", FRAMES)
    whole = PreviewFrames(3)
    for index, picture in made(film, faces, whole).items():
        off = np.abs(picture.astype(int) - pictures[index])
        assert off.max() <= 1 and off.mean() < 0.2
        assert np.abs(picture.astype(int) - few.as_filmed[index]).max() > 3
        assert (few.as_filmed[index] == whole.as_filmed[index]).all()


def test_only_what_a_chosen_frame_depends_on_is_pasted(film, faces, monkeypatch):
    class Counting(AlphaBlender):
        faces = 0

        def fit(self, *said):
            Counting.faces += 1
            return super().fit(*said)

    few = PreviewFrames(3)
    pictures = made(film, faces, few, blender=Counting())
    assert Counting.faces == 3
    monkeypatch.setattr(conversion, "REACH", FRAMES)  # all that were drawn
    for index, picture in made(film, faces, few).items():
        assert (picture == pictures[index]).all()
    blurred = made(film, faces, few, blender=Counting(), motion_blur=True)  # the shutter looks at all frames
    assert sorted(blurred) == few.chosen and Counting.faces > 3 + 2 * len(few.chosen)


def test_faces_are_drawn_once_for_settings_that_only_paste(film, faces):
    few, swapper = PreviewFrames(2), CountingSwapper()
    few.draw_for("this")
    hull = made(film, faces, few, swapper)
    drawn = swapper.faces
    few.draw_for("this")
    box = made(film, faces, few, swapper, mask=BoxMask())
    assert swapper.faces == drawn and all((hull[index] != box[index]).any() for index in few.chosen)
    again = made(film, faces, PreviewFrames(2), mask=BoxMask())
    assert all((box[index] == again[index]).all() for index in few.chosen)
    few.draw_for("that")
    made(film, faces, few, swapper)
    assert swapper.faces == 2 * drawn


def test_a_part_without_faces_is_one_line(film, faces):
    with pytest.raises(UserError, match="no face was found"):
        made(film, faces, PreviewFrames(2), stop=8)
