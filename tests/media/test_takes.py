"""Several films of one person: lists, patterns and folders; one film or picture stays what it was."""

import pytest

from faceswap.media.pictures.images import write_image
from faceswap.media.takes import name_of_takes, probe_takes
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, make_film, picture


@pytest.fixture
def takes(tmp_path):
    """A folder of three films, and what systems lay beside them."""
    folder = tmp_path / "takes"
    folder.mkdir()
    for name in ("take10.mp4", "take2.mov", "take1.mp4"):
        make_film(folder / name, Film(ticks=(0, 1)))
    (folder / "._take1.mp4").write_bytes(b"\0\5\26\7")
    (folder / "notes.txt").write_text("good: 2")
    return folder


def found(text):
    infos = probe_takes(text)
    return [info.path.name for info in infos], name_of_takes(text, infos)


def test_a_folder_of_films_is_its_films(takes):
    assert found(takes) == (["take1.mp4", "take2.mov", "take10.mp4"], "takes")


def test_a_pattern_is_the_films_it_matches(takes):
    assert found(takes / "take1*.mp4") == (["take1.mp4", "take10.mp4"], "takes")
    assert found(takes / "take2*") == (["take2.mov"], "take2")


@pytest.mark.parametrize("form", ["{},{}", "[{},{}]", "[{}, {}]", "['{}','{}']"])
def test_a_list_is_what_it_names_in_its_order(takes, form):
    text = form.format(takes / "take10.mp4", takes / "take2.mov")
    assert found(text) == (["take10.mp4", "take2.mov"], "take10+take2")


def test_a_list_may_name_patterns_and_names_a_film_once(takes):
    assert found(f"{takes}/take1.mp4,{takes}/take1*.mp4")[0] == ["take1.mp4", "take10.mp4"]


def test_a_name_with_commas_or_brackets_is_one_film(takes):
    for name in ("a,b.mp4", "[x,y]", "[1]"):
        (takes / "take1.mp4").rename(takes / name)
        assert found(takes / name)[0] == [name]
        (takes / name).rename(takes / "take1.mp4")


def test_what_is_not_there_is_named(takes):
    with pytest.raises(UserError, match=r"no such file or folder: .*gone.mp4"):
        probe_takes(f"{takes}/take1.mp4,{takes}/gone.mp4")
    with pytest.raises(UserError, match=r"no such file or folder: gone\.mp4"):
        probe_takes("gone.mp4")


def test_pictures_beside_films_are_taken_and_the_films_are_told(takes, caplog):
    write_image(takes / "a.png", picture(8, 8))
    infos = probe_takes(takes)
    assert [info.kind for info in infos] == ["images"] and "3 films" in caplog.text
