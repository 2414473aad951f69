"""One frame as convert would make it: what a setting does not change is not drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.compositing.compositor import view_of
from faceswap.core.geometry import frame_to_crop_for, mean_face_in_crop
from faceswap.core.values import Decoded, Frame
from faceswap.studio.shared.preview import ConvertPreview, _Drawn, frame_count
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from tests.curation.made import picture

SIDE = 96


@pytest.fixture
def preview(tmp_path, monkeypatch):
    """A preview of a run whose model draws white faces; `drawn` tells how often it was asked."""
    (tmp_path / "runs" / "x").mkdir(parents=True)
    points = mean_face_in_crop(SIDE).astype(np.float32)
    frame = Frame(picture(1), 0, 0.0)
    view = view_of(frame, points, frame_to_crop_for(points, SIDE), SIDE, 0.8, 64)
    made = ConvertPreview(Workspace(tmp_path), "cpu")
    made.drawn = []

    def draw(run, stamp, film, index, drawing):
        made.drawn.append((index, *drawing))
        return _Drawn(frame, [view], Decoded(np.ones((1, 64, 64, 3), np.float32), None), [0])

    monkeypatch.setattr(made, "_drawn_anew", draw)
    return made


def test_pasting_does_not_draw_again(preview, tiny_clip):
    def frame(index, *settings):
        return preview.frame("x", tiny_clip.video, index, settings)

    before, after = frame(0, "mask=hull", "colour=none")
    eroded = frame(0, "mask=hull", "mask.erode=0.2", "colour=none")[1]
    changed = [(image != before).any(-1).sum() for image in (after, eroded)]
    assert changed[0] > changed[1] > 0 and (frame(0, "mask=hull", "colour=none")[1] == after).all()
    assert preview.drawn == [(0,)]
    frame(0, "detail=none", "mask=box")
    frame(1)
    assert preview.drawn == [(0,), (0, "detail=none"), (1,)]


def test_a_run_that_learned_more_is_drawn_again(preview, tiny_clip, tmp_path):
    preview.frame("x", tiny_clip.video, 0, [])
    (tmp_path / "runs" / "x" / "checkpoints" / "00000004").mkdir(parents=True)
    preview.frame("x", tiny_clip.video, 0, [])
    assert len(preview.drawn) == 2
    with pytest.raises(UserError, match="there is no run"):
        preview.frame("y", tiny_clip.video, 0, [])


def test_wrong_settings_are_one_line(preview, tiny_clip):
    for wrong in ("mask=nothing", "mask.erode=7", "mask.erode=x"):
        with pytest.raises(UserError, match="mask"):
            preview.frame("x", tiny_clip.video, 0, ["mask=hull", wrong] if "." in wrong else [wrong])
    assert frame_count(tiny_clip.video) == 12
