"""Single frames as convert makes them in the film: what a setting does not change is not drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.commands.converting import conversion
from faceswap.commands.converting.swappers import Model
from faceswap.compositing.masks.shapes import BoxMask
from faceswap.core.face_set import ALIGNMENTS
from faceswap.facenets.parser import NAMES, FaceParser
from faceswap.media.reading import read_frames
from faceswap.studio.shared.preview import ConvertPreview, frame_count
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from tests.compositing.clips import convert_video, write_face_set, write_film
from tests.compositing.fakes import CountingSwapper

FRAMES = 20


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", FRAMES, sound=False)


@pytest.fixture
def preview(film, tmp_path, monkeypatch):
    """A workspace with the film's face set; its model, `swapper`, tints faces, and `loaded` has a 1 for each load."""
    write_face_set(tmp_path / "faces" / "film", film, list(range(FRAMES)))
    (tmp_path / "runs" / "x" / "checkpoints").mkdir(parents=True)
    made = ConvertPreview(Workspace(tmp_path), "cpu")
    made.loaded, made.swapper = [], CountingSwapper()

    def load(_):
        made.loaded.append(1)
        return made.swapper

    monkeypatch.setattr(conversion, "models_for", lambda *_: [Model(load, "a", "film", {}, tmp_path / "runs" / "x")])
    return made


def test_a_frame_is_that_of_the_film(preview, film, tmp_path):
    settings = ["run=x", "mask=box", "colour=none"]
    shown = preview.frame(film, 15, settings)
    assert shown.about["made_with_ai"]
    whole = tmp_path / "whole"
    from faceswap.media.pictures.colour_transfer import NoColour

    convert_video(film, CountingSwapper(), tmp_path / "whole.mkv", faces=tmp_path / "faces" / "film", mask=BoxMask(),
                  colour=NoColour(), crf=1)  # fmt: skip
    frames = list(read_frames(tmp_path / "whole.mkv"))
    assert np.abs(frames[15].image.astype(int) - shown.image).mean() < 2
    assert not list((tmp_path / "out").glob("*")) and whole.name == "whole"


def test_pasting_does_not_draw_again(preview, film):
    def frame(index, *settings):
        return preview.frame(film, index, ["run=x", "colour=none", *settings]).image

    after = frame(12, "mask=hull")
    drawn = preview.swapper.faces
    assert drawn > 1  # those around it too
    eroded = frame(12, "mask=hull", "mask.erode=0.2")
    before = list(read_frames(film))[12].image
    changed = [(image != before).any(-1).sum() for image in (after, eroded)]
    assert changed[0] > changed[1] > 0 and (frame(12, "mask=hull") == after).all()
    half = frame(12, "mask=hull", "strength={0: 1, 12: 0.5}")
    assert np.abs(half.astype(int) - before).sum() < 0.7 * np.abs(after.astype(int) - before).sum()
    assert preview.swapper.faces == drawn
    frame(12, "mask=hull", "smooth_frames=0")
    assert preview.swapper.faces > drawn and preview.loaded == [1]


def test_what_the_parser_said_of_faces_is_known_at_the_next_change(preview, film, monkeypatch):
    seen = []

    def parsed(_, views):
        seen.extend(views)
        shares = np.zeros((len(views), len(NAMES), 256, 256), np.float32)
        shares[:, NAMES.index("skin")] = 1
        return shares

    monkeypatch.setattr(FaceParser, "_parsed", parsed)
    preview.frame(film, 12, ["run=x", "mask=parsed"])
    count = len(seen)
    assert 1 < count < FRAMES // 2 + 1  # those around it as far as they steady it
    preview.frame(film, 12, ["run=x", "mask=parsed", "mask.feather=0.2"])
    preview.frame(film, 12, ["run=x", "keep=[mouth]", "strength=0.5"])
    assert len(seen) == count


def test_what_was_learned_or_repaired_is_drawn_again(preview, film, tmp_path):
    preview.frame(film, 0, ["run=x"])
    (tmp_path / "runs" / "x" / "checkpoints" / "00000004").mkdir(parents=True)
    preview.frame(film, 0, ["run=x"])
    assert preview.loaded == [1, 1]
    alignments = tmp_path / "faces" / "film" / ALIGNMENTS
    alignments.write_text(alignments.read_text() + "\n")
    drawn = preview.swapper.faces
    preview.frame(film, 0, ["run=x"])
    assert preview.swapper.faces > drawn


def test_mistakes_are_one_line(preview, film):
    for wrong in ("mask=nothing", "mask.erode=7", "mask.erode=x", "strength={0: 1, 99: 0.5}", "strength=x"):
        with pytest.raises(UserError, match=wrong.partition("=")[0].partition(".")[0]):
            preview.frame(film, 0, ["run=x", wrong])
    with pytest.raises(UserError, match="no readable frame"):
        preview.frame(film, 99, ["run=x"])
    assert frame_count(film) == FRAMES
