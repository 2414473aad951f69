"""Nothing outside of the workspace and the media folders is read or written."""

from __future__ import annotations

import pytest

from faceswap.media.pictures.images import write_image
from faceswap.studio.shared.places import Places
from faceswap.utils.errors import UserError
from tests.curation.made import picture


@pytest.fixture
def places(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "workspace" / "media").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "workspacex").mkdir()
    write_image(tmp_path / "films" / "a.png", picture(1))
    return Places.of(tmp_path / "workspace", [tmp_path / "films"])


def test_what_lies_inside_is_found(places, tmp_path):
    assert places.inside(tmp_path / "films" / "a.png") == (tmp_path / "films" / "a.png").resolve()
    assert [path.name for path in places.media()] == ["a.png"]
    assert places.below(tmp_path / "films", "a.png").name == "a.png"


@pytest.mark.parametrize(
    "text",
    ["../../secret.png", "/etc/passwd", "../../films/../secret.png", "link.png", "~/x", "", "a\0.png",
     "../../workspacex", "no.png", "linked/secret.png"],
)  # fmt: skip
def test_what_lies_outside_is_refused(places, tmp_path, text):
    (tmp_path / "workspace" / "media" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "workspace" / "media" / "linked").symlink_to(tmp_path)
    for look in (places.inside, places.film):
        with pytest.raises(UserError):
            look(text)


@pytest.mark.parametrize("text", ["..", ".", "notes.txt"])
def test_only_films_and_pictures_are_films(places, text):
    (places.folders[0] / "notes.txt").write_text("x")
    assert places.inside(text).exists()
    with pytest.raises(UserError, match="choose a film"):
        places.film(text)


@pytest.mark.parametrize("name", ["../a.png", "films/a.png", "..", "/a.png"])
def test_a_plain_name_has_no_folders(places, tmp_path, name):
    with pytest.raises(UserError):
        places.below(tmp_path / "films", name)


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.svg", "send a film"), ("a.exe", "send a film"), (".a.mp4", "send a film"), ("a.mp4\0", "send a film"),
     ("x" * 300 + ".mp4", "shorter"), ("a\n.mp4", "shorter"), ("taken.png", "already"), ("", "send a film")],
)  # fmt: skip
def test_names_of_films_that_are_sent(places, name, told):
    write_image(places.folders[0] / "taken.png", picture(1))
    with pytest.raises(UserError, match=told):
        places.new_media(name)


def test_a_sent_film_goes_into_the_workspace_whatever_its_path(places):
    for name in ("../../evil.mp4", "/etc/evil.mp4", "C:\\films\\evil.mp4"):
        assert places.new_media(name) == places.folders[0] / "evil.mp4"


def test_a_media_folder_must_be_there(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        Places.of(tmp_path, [tmp_path / "nowhere"])
