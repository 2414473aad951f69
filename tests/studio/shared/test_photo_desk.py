"""Pictures of edited and mixed photos: what is known of a photo is asked for once."""

from __future__ import annotations

import pytest

from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.studio.shared.photo_desk import PhotoDesk
from faceswap.utils.errors import UserError
from tests.curation.made import picture
from tests.test_layout import PACKAGE


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two rendered actors."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("hanna", "henrik"):
        write_image(
            folder / f"{name}.png", next(iter(read_frames(PACKAGE.parent / "demo" / f"{name}.mp4", 0, 1))).image
        )
    return [folder / "hanna.png", folder / "henrik.png"]


def test_pictures_are_those_of_the_commands(photos, monkeypatch, tmp_path):
    desk = PhotoDesk("cpu")
    plain = desk.edited(photos[0], {})
    older = desk.edited(photos[0], {"age": "2", "smile": "1.5"})
    assert plain.image.shape == older.image.shape and (plain.image != older.image).any(-1).mean() > 0.01
    assert older.about["made_with_ai"]
    calls = []
    monkeypatch.setattr("faceswap.commands.edit.photos_of", lambda work: calls.append(work))
    assert (desk.edited(photos[0], {"age": "2", "smile": "1.5"}).image == older.image).all() and not calls
    ends = [desk.between(*photos, way).image for way in (0.0, 0.5, 1.0)]
    assert all((ends[0] != other).any(-1).mean() > 0.2 for other in ends[1:])
    child = desk.between(*photos, 0.5, is_child=True)
    assert child.image.shape == ends[0].shape and (child.image != ends[1]).any() and child.about["made_with_ai"]
    with pytest.raises(UserError, match="0 to 1"):
        desk.between(*photos, 1.5)


def test_mistakes_are_one_line(tmp_path, photos):
    desk = PhotoDesk("cpu")
    with pytest.raises(UserError, match="nose"):
        desk.edited(photos[0], {"nose": "1"})
    write_image(tmp_path / "none.png", picture(1)[:40, :40])
    with pytest.raises(UserError, match="face"):
        desk.edited(tmp_path / "none.png", {"smile": "1"})
