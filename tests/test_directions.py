"""What python -m faceswap.directions makes of its settings before anything is loaded."""

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.commands.directions import _base_name, apart_from
from faceswap.directions import check_apart, check_source
from faceswap.utils.errors import UserError


def test_which_attributes_are_left_alone():
    assert apart_from("all", ["age", "smile"]) == {"age": ["age", "smile"], "smile": ["age", "smile"]}
    assert apart_from({"smile": "age"}, ["age", "smile"]) == {"smile": ["age"]}


@pytest.mark.parametrize("asked", [3, None, True, [1], {"smile": 3}, {"smile": [3]}, {"smile": None}])
def test_what_is_no_table_of_names_is_one_line(asked):
    with pytest.raises(UserError, match=r"^preserve="):
        check_apart(asked)


def test_directions_of_each_source_have_a_name_of_their_own():
    asked = ["", "scorer=my_scores:redness", "labels=labels.csv", "pictures=faces/craig", "generator=ffhq.pkl"]
    names = [_base_name(compose_config("directions", [text] if text else [])) for text in asked]
    assert names == ["directions", *(f"directions_{end}" for end in ("redness", "labels", "craig", "ffhq"))]
    assert _base_name(compose_config("directions", ["scorer=my:../../there"])) == "directions_there"
    assert _base_name(compose_config("directions", ["import_from=age.npy"])) == "age"


def test_pairs_come_without_scores():
    check_source(compose_config("directions", ["pairs=folder"]))
    check_source(compose_config("directions", ["labels=labels.csv"]))
    with pytest.raises(UserError, match=r"leave out labels= and scorer="):
        check_source(compose_config("directions", ["pairs=folder", "labels=labels.csv", "scorer=a:b"]))
