"""The table of pairs: what is read of it, and how what is wrong with it is told."""

import numpy as np
import pytest

from faceswap.stylegan.data.pairs import read_pairs
from faceswap.utils.errors import UserError


def table(folder, text, pictures=12):
    folder.mkdir(exist_ok=True)
    for number in range(pictures):
        (folder / f"{number}.jpg").touch()
    (folder / "pairs.csv").write_text(text)
    return folder


def lines(*rows):
    return "\n".join(rows) + "\n"


FOUR = [f"{2 * n}.jpg,{2 * n + 1}.jpg," for n in range(4)]


def test_steps_pictures_and_people_are_read(tmp_path):
    rows = ["before;after;smile;age", *(f"{n}.jpg;{n + 1}.jpg;0,5;" for n in range(4)), "5.jpg;6.jpg;;-10"]
    rows += [f"{n}.jpg;{n + 1}.jpg;-1;{n}" for n in range(7, 10)]
    pairs = read_pairs(table(tmp_path, lines(*rows)))
    assert list(pairs.names) == ["smile", "age"] and not pairs.packed
    assert pairs.steps[0].tolist() == [0.5, 0] and pairs.steps[4].tolist() == [0, -10]
    assert [pairs.pictures[place] for place in pairs.after[:2]] == ["1.jpg", "2.jpg"]
    # 0 to 4 are joined by their pairs, 5 and 6 are another person, 7 to 10 a third one
    assert len(set(pairs.people[:4])) == 1 and len(set(pairs.people)) == 3


def test_a_column_names_the_people(tmp_path):
    rows = ["before,after,person,smile", *(f"0.jpg,1.jpg,{name},1" for name in "abcd")]
    assert list(read_pairs(table(tmp_path, lines(*rows))).people) == list("abcd")


def test_rows_of_packed_crops(tmp_path):
    np.save(tmp_path / "seen.npy", np.zeros((8, 4, 4, 3), np.uint8))
    pairs = read_pairs(table(tmp_path, lines("before,after,smile", *(f"{n},{n + 1},1" for n in range(4)))))
    assert pairs.packed and list(pairs.pictures) == ["0", "1", "2", "3", "4"]
    table(tmp_path, lines("before,after,smile", "a.jpg,1,1"))
    with pytest.raises(UserError, match=r"count rows of seen.npy.*not 'a.jpg'"):
        read_pairs(tmp_path)


def test_only_the_factors_asked_for(tmp_path):
    rows = ["before,after,smile,age", *(f"{n}.jpg,{n + 1}.jpg,1," for n in range(4)), "8.jpg,9.jpg,1,5"]
    table(tmp_path, lines(*rows))
    assert len(read_pairs(tmp_path, ["smile"])) == 4  # a pair that also ages says nothing clear of smiles
    with pytest.raises(UserError, match="no factor 'beard'"):
        read_pairs(tmp_path, ["beard"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lines("before,after,smile"), "pairs must follow"),
        (lines("first,second,smile", "0.jpg,1.jpg,1"), "must name the columns before, after"),
        (lines("before,after,person", "0.jpg,1.jpg,x"), "0 factors"),
        (lines("before,after,smile", "0.jpg,1.jpg,1"), "'smile' is moved in 1 pair; at least 4"),
        (lines("before,after,smile,age", *(row + "1," for row in FOUR)), "'age' is moved in 0 pairs"),
        (lines("before,after,smile,age", *(row + "1,2" for row in FOUR)), "smile and age are always moved together"),
        (lines("before,after,smile", "0.jpg,1.jpg,much"), "row 2, 'smile': much is no number"),
        (lines("before,after,smile", "0.jpg,1.jpg,inf"), "row 2, 'smile': inf is no number"),
        (lines("before,after,smile", "0.jpg,none.jpg,1"), "there is no picture 'none.jpg'"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, text, told):
    with pytest.raises(UserError, match=told) as caught:
        read_pairs(table(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_table(tmp_path):
    with pytest.raises(UserError, match=r"there is no pairs.csv in it"):
        read_pairs(tmp_path)
