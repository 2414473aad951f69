"""What map= and only= of convert mean, and what cannot be meant."""

from dataclasses import replace

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.commands.converting.roles import Asked, _shared_out, name_of, people_asked
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.compositing.clips import write_film


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("anna.jpg", "a, b: c.jpg"):
        (tmp_path / name).write_bytes(b"photo")
    return tmp_path


def asked(*arguments):
    return people_asked(compose_config("convert", list(arguments)))


def test_photos_and_numbers_with_their_runs(photos):
    assert asked("map={anna.jpg: x_y, 2:z_w}") == [Asked("anna.jpg", "x_y"), Asked("2", "z_w")]
    assert asked("map={'a, b: c.jpg': x_y,anna.jpg:x_y}") == [Asked("a, b: c.jpg", "x_y"), Asked("anna.jpg", "x_y")]
    assert asked("only=anna.jpg", "run=x_y") == [Asked("anna.jpg")] and asked("only=3")[0].number == 3
    assert asked() == [] and asked("tracks=1") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map=1:x"], r"^map=1:x: say map='\{PHOTO: RUN, NUMBER: RUN\}', in quotes"),  # a shell opened the braces
        (["map={}"], r"^map=\{\}: say map="),
        (["map={1}"], "^map: cannot read '1'"),
        (["map={1: x, 1: y}"], "^map names 1 twice"),
        (["map={bob.jpg: x}"], r"^map: bob\.jpg is no photo that is there and no number"),
        (["only=bob.jpg"], r"^only: bob\.jpg is no photo"),
        (["only=1", "map={1: x}"], "leave one of them out"),
        (["map={1: x}", "run=y"], "leave pair=, run="),
        (["only=1", "tracks=2"], "leave tracks= out"),
        (["map={1: x}", "finder=builtin"], "leave finder= out"),
        (["map={anna.jpg: x}", "out=anna.jpg"], "cannot write anna.jpg: it is a photo of map="),
    ],
)
def test_what_cannot_be_meant_is_one_line(photos, arguments, said):
    with pytest.raises(UserError, match=said) as error:
        asked(*arguments)
    assert "\n" not in str(error.value)


def test_two_photos_of_one_person_are_refused_and_a_likeness_goes_to_the_nearer(tmp_path):
    info = probe(write_film(tmp_path / "film.mp4", 2))
    two = [Asked("a.jpg", "x"), Asked("b.jpg", "y")]
    with pytest.raises(UserError, match=r"a\.jpg and b\.jpg are one person \(number 2\)"):
        _shared_out(two, [[(2, 0.9)], [(2, 0.8)]], info)
    found = [[(1, 0.9), (3, 0.7), (2, 0.7)], [(2, 0.9), (3, 0.8)]]
    assert _shared_out(two, found, info) == [{1}, {2, 3}]


def test_names_tell_the_people_and_stay_short():
    assert name_of([]) == "" and name_of([Asked("p/anna.jpg")]) == "_only_anna"
    assert name_of([Asked("p/anna.jpg", "x"), Asked("2", "y")]) == "_map_anna+2"
    many = [Asked(f"{'person' * 3}{number}.jpg", "x") for number in range(9)]
    assert len(name_of(many)) <= 60 and name_of(many) != name_of(many[:-1] + [replace_last(many)])


def replace_last(many):
    return many[-1]._replace(person="somebody else.jpg")


def test_settings_are_not_lists(photos):
    request = compose_config("convert", ["map={1: x}"])
    assert people_asked(replace(request, map="", only="")) == []


def test_a_map_of_a_hundred_thousand_characters_is_not_searched(photos):
    with pytest.raises(UserError, match="map= would take"):
        asked("map={a" + " " * 100_000 + "}")
