"""From a set on disk to the sheet, and faces out of the set and back."""

import json
import os
import shutil
import tracemalloc

import numpy as np
import pytest

from faceswap.core.face_set import CURATION_CACHE, FaceSet
from faceswap.core.taken_out import without_other_people
from faceswap.extraction.cleaning import clear
from faceswap.utils.errors import UserError
from tests.curation.made import SkinEmbedder, curate_faces, embedder, mixed_set, picture, record_of, write_set


@pytest.fixture
def faces(tmp_path):
    return mixed_set(tmp_path / "mixed")


def report_of(faces):
    return json.loads((faces / "curation.json").read_text())


def against(faces):
    return {line["file"][:6]: line["against"] for line in report_of(faces)["list"] if line["against"]}


def left(faces):
    return [int(record.file[:6]) for record in FaceSet.open(faces).records]


def test_by_default_it_only_tells(faces, caplog):
    caplog.set_level("INFO")
    sheet = curate_faces(faces, embedder=embedder())
    assert sheet == faces / "curation.html" and sheet.is_file()
    assert against(faces) == {"000002": ["duplicates"], "000004": ["blur"], "000007": ["misaligned"]}
    assert left(faces) == list(range(12)) and not (faces / "removed").exists()
    assert [person["faces"] for person in report_of(faces)["people"]] == [6, 6]
    assert [person["tracks"] for person in report_of(faces)["people"]] == [2, 2]
    line = caplog.messages[-1]
    assert "12 faces of 2 people; would reject 3 (1 blurred, 1 double, 1 misaligned)" in line
    assert "reject=blur,duplicates,misaligned does" in line  # as it can be typed in any shell


def test_a_file_of_the_same_name_in_the_other_place_is_not_written_over(faces):
    (faces / "removed").mkdir()
    (faces / "removed" / "000004_00.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"000004_00\.png lies in .* delete one of them"):
        curate_faces(faces, reject=["blur"], embedder=embedder())
    assert (faces / "removed" / "000004_00.png").read_bytes() == b"mine" and 4 in left(faces)


def test_faces_leave_and_come_back_byte_for_byte(faces):
    before = {path.name: path.read_bytes() for path in faces.glob("*.png")}
    curate_faces(faces, reject=["blur", "misaligned"], embedder=embedder())
    assert left(faces) == [0, 1, 2, 3, 5, 6, 8, 9, 10, 11]
    assert sorted(path.name for path in (faces / "removed").iterdir()) == ["000004_00.png", "000007_00.png"]
    assert len(FaceSet.open(faces, with_deleted=True)) == 12
    assert report_of(faces)["removed"] == 2 and against(faces) == {"000002": ["duplicates"]}
    curate_faces(faces, reject=["duplicates"], restore=True, embedder=embedder())  # anew: what is asked for now
    assert left(faces) == [0, 1, *range(3, 12)]
    curate_faces(faces, restore=True)
    assert {path.name: path.read_bytes() for path in faces.glob("*.png")} == before
    assert not (faces / "removed").exists()


def test_keep_people(faces):
    curate_faces(faces, keep=[2], embedder=embedder())
    assert left(faces) == [3, 4, 5, 9, 10, 11]
    with pytest.raises(UserError, match="people 1 to 2"):
        curate_faces(faces, keep=[3], embedder=embedder())
    with pytest.raises(UserError, match="people 1 to 2"):
        curate_faces(faces, keep=[3], restore=True, embedder=embedder())
    assert left(faces) == [3, 4, 5, 9, 10, 11]  # nothing was put back by a command that was wrong
    curate_faces(faces, keep=[1], restore=True, embedder=embedder())
    assert left(faces) == [0, 1, 2, 6, 7, 8]


def test_marks_of_the_sheet(faces, tmp_path):
    curate_faces(faces, reject=["blur"])
    marks = {"faces": "mixed", "reject": ["000000_00.png"], "restore": ["000004_00.png"]}
    (tmp_path / "rejects.json").write_text(json.dumps(marks))
    curate_faces(faces, apply=tmp_path / "rejects.json")
    assert left(faces) == list(range(1, 12))
    marks["reject"].append("../mixed/000001_00.png")
    (tmp_path / "rejects.json").write_text(json.dumps(marks))
    with pytest.raises(UserError, match="is no face of mixed; nothing was moved"):
        curate_faces(faces, apply=tmp_path / "rejects.json")
    assert left(faces) == list(range(1, 12))


def test_no_run_takes_everything(faces):
    with pytest.raises(UserError, match="all 12 faces"):
        curate_faces(faces, apply=listed(faces, [path.name for path in faces.glob("*.png")]))
    assert len(left(faces)) == 12


def listed(faces, names):
    path = faces.parent / "names.txt"
    path.write_text("\n".join(names))
    return path


def test_pictures_are_read_once(faces):
    first, second = SkinEmbedder(), SkinEmbedder()
    curate_faces(faces, embedder=embedder(first))
    curate_faces(faces, reject=["duplicates"], embedder=embedder(second))
    assert (first.seen, second.seen) == (12, 0)
    os.utime(faces / "000003_00.png", ns=(1, 1))
    curate_faces(faces, restore=True, embedder=embedder(second))
    assert second.seen == 1
    curate_faces(faces, embedder=embedder(other := SkinEmbedder("other weights")))
    curate_faces(faces)  # without an embedder the table of any serves
    assert other.seen == 12


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_damaged_cache_is_made_anew(faces, content):
    curate_faces(faces)
    cache = faces / CURATION_CACHE
    cache.write_bytes(cache.read_bytes()[:-300] if content is None else content)
    curate_faces(faces, embedder=embedder())
    assert report_of(faces)["people"][0]["faces"] == 6
    np.savez(faces / "x.npz", layout=1, names=np.array(["a"]), stamps=np.zeros((1, 3)))
    (faces / "x.npz").rename(cache)
    curate_faces(faces)
    columns = dict.fromkeys(("names", "stamps", "thumbnails", "brightness", "readable", "embeddings"), 0)
    np.savez(faces / "x.npz", layout=2, **columns)
    (faces / "x.npz").rename(cache)
    curate_faces(faces)


def test_a_cache_that_unpacks_to_gigabytes_is_not_unpacked(faces, monkeypatch):
    curate_faces(faces)
    cache = faces / CURATION_CACHE
    columns = dict(np.load(cache)) | {"thumbnails": np.zeros((200_000, 32, 32), np.uint8)}
    np.savez_compressed(faces / "x.npz", **columns)
    (faces / "x.npz").rename(cache)
    tracemalloc.start()
    curate_faces(faces)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_picture_that_cannot_be_read(faces, caplog):
    (faces / "000009_00.png").write_bytes(b"no picture")
    curate_faces(faces, embedder=embedder())
    assert against(faces)["000009"] == ["damaged"]
    curate_faces(faces, reject=["damaged"], embedder=embedder())
    assert 9 not in left(faces)


def test_orders(faces):
    def files(**settings):
        curate_faces(faces, embedder=embedder(), **settings)
        return [int(line["file"][:6]) for line in report_of(faces)["list"]]

    assert files(sort="frame") == list(range(12))
    assert files(sort="person") == [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]
    assert files(sort="blur")[0] == 1 and files(sort="blur")[-1] == 4
    assert files(sort="shape")[-1] == 7
    assert set(files(sort="likeness", like="000003_00.png")[:6]) == {3, 4, 5, 9, 10, 11}
    brightness = [line["brightness"] for line in report_of(faces)["list"] if files(sort="brightness")]
    assert len(brightness) == 12


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sort": "beauty"}, "sort=beauty: must be one of person"),
        ({"reject": ["ugly"]}, "reject=ugly: must be some of blur"),
        ({"like": "nobody.png"}, "no such face"),
        ({"like": "000001_00.png"}, "without the built-in embedder"),
        ({"keep": [0]}, "people 1 to"),
    ],
)
def test_wrong_settings(faces, settings, said):
    with pytest.raises(UserError, match=said):
        curate_faces(faces, **settings)
    assert left(faces) == list(range(12))


def test_an_embedder_without_weights_leaves_tracks(faces, caplog):
    def missing():
        raise UserError("no weights")

    curate_faces(faces, embedder=missing)
    assert "each track stands for itself" in caplog.text
    assert len(report_of(faces)["people"]) == 4


def test_things_in_the_way(faces, tmp_path):
    (faces / "removed").symlink_to(tmp_path)
    with pytest.raises(UserError, match="removed is a link"):
        curate_faces(faces, reject=["blur"])
    (faces / "removed").unlink()
    assert left(faces) == list(range(12))
    for path in faces.glob("*.png"):
        path.unlink()
    with pytest.raises(UserError, match="no image file left"):
        curate_faces(faces)


def test_names_that_are_the_sets_own_files_are_no_faces(tmp_path):
    faces = [(record_of(0), picture(0)), (record_of(1), picture(1))]
    folder = write_set(tmp_path / "set", faces)
    own = record_of(2)
    lines = [type(own)(**{**vars(own), "file": name}).to_json() for name in ("alignments.jsonl", "removed", "..")]
    with (folder / "alignments.jsonl").open("a") as file:
        file.write("\n".join([*lines, faces[0][0].to_json()]) + "\n")
    (folder / "removed").mkdir()
    curate_faces(folder)
    assert [line["file"] for line in report_of(folder)["list"]] == ["000000_00.png", "000001_00.png"]


def test_extracting_anew_forgets_what_was_removed(faces):
    curate_faces(faces, reject=["blur"])
    (faces / "removed" / "notes.txt").write_text("mine")
    clear(faces)
    assert sorted(path.relative_to(faces).as_posix() for path in faces.rglob("*")) == ["removed", "removed/notes.txt"]
    shutil.rmtree(faces)


OTHERS = [3, 4, 5, 9, 10, 11]


def swapped(faces):
    """The faces that convert is to swap."""
    records = FaceSet.open(faces, with_deleted=True).records
    return [int(record.file[:6]) for record in without_other_people(faces, records)]


def test_other_people_leave_the_film_and_bad_pictures_do_not(faces, caplog):
    caplog.set_level("INFO")
    curate_faces(faces, reject=["blur", "misaligned"], embedder=embedder())
    assert swapped(faces) == list(range(12))  # 4 is blurred: out of the training, still in the film
    curate_faces(faces, keep=[1], embedder=embedder())
    assert swapped(faces) == [0, 1, 2, 6, 7, 8]  # the blurred one was of the other person
    assert "leaves 6 faces of other people" in caplog.messages[-1]
    curate_faces(faces, reject=["duplicates"], embedder=embedder())
    assert swapped(faces) == [0, 1, 2, 6, 7, 8]
    shutil.rmtree(faces / "removed")
    assert swapped(faces) == [0, 1, 2, 6, 7, 8]  # whoever empties that folder wants them back even less


def test_other_people_come_back(faces):
    curate_faces(faces, keep=[2], embedder=embedder())
    assert swapped(faces) == OTHERS
    os.replace(faces / "removed/000000_00.png", faces / "000000_00.png")  # by hand
    assert swapped(faces) == [0, *OTHERS]
    curate_faces(faces, restore=True, embedder=embedder())
    assert swapped(faces) == list(range(12)) and not (faces / "taken_out.json").exists()


def test_a_person_marked_whole_in_the_sheet_is_another_one(faces, tmp_path):
    marks = tmp_path / "rejects.json"
    marks.write_text(json.dumps([f"{i:06d}_00.png" for i in OTHERS[:-1]]))
    curate_faces(faces, apply=marks, embedder=embedder())
    assert swapped(faces) == list(range(12))  # some of the person stay
    marks.write_text(json.dumps([f"{OTHERS[-1]:06d}_00.png"]))
    curate_faces(faces, apply=marks, embedder=embedder())
    assert swapped(faces) == [0, 1, 2, 6, 7, 8]


def test_a_crop_deleted_by_hand_goes_with_its_track(faces):
    (faces / "000003_00.png").unlink()
    (faces / "000000_00.png").unlink()
    curate_faces(faces, keep=[1], embedder=embedder())  # the larger one of what is left has two tracks, as before
    kept = swapped(faces)
    assert kept in ([0, 1, 2, 6, 7, 8], OTHERS)


def test_a_record_of_an_earlier_extraction_or_a_damaged_one(faces):
    curate_faces(faces, keep=[1], embedder=embedder())
    (faces / "taken_out.json").write_text('{"other_people": 5}')
    with pytest.raises(UserError, match=r"taken_out.json.*not to be swapped.*restore=true"):
        swapped(faces)
    curate_faces(faces, keep=[1], restore=True, embedder=embedder())
    with (faces / "alignments.jsonl").open("a") as file:
        file.write("\n")
    assert swapped(faces) == list(range(12))
    clear(faces)
    assert not (faces / "taken_out.json").exists()
