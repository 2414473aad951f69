"""What convert makes of its settings, before any model is loaded."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.compositing.face_sources.matching import part_of
from faceswap.convert import default_name, source_of, stored_faces, suffix_of, usual_finder
from faceswap.core.face_set import FaceSet
from faceswap.media.sources import probe
from faceswap.swap.runs.run_record import checkpoint_folder
from faceswap.swappers import variant_of
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from tests.compositing.clips import write_face_set, write_film


@pytest.fixture
def workspace(tmp_path):
    """A workspace with the face set of film.mp4, which knows the film's content."""
    film = write_film(tmp_path / "film.mp4", 3)
    add_set(Workspace(tmp_path / "work"), "film", film)
    return Workspace(tmp_path / "work")


def add_set(workspace: Workspace, name: str, film: Path) -> None:
    folder = write_face_set(workspace.faces(name), film, [0])
    report = {"source": str(film), "source_sha256": probe(film).fingerprint}
    (folder / "report.json").write_text(json.dumps(report))


def test_a_face_set_is_taken_for_the_same_content_wherever_it_lies(workspace, tmp_path):
    (tmp_path / "moved").mkdir()
    for moved in ("moved/film.mp4", "moved/other name.mp4"):
        (tmp_path / "film.mp4").rename(tmp_path / moved)
        assert stored_faces("", probe(tmp_path / moved), workspace) == workspace.faces("film")
        (tmp_path / moved).rename(tmp_path / "film.mp4")


def test_a_face_set_is_not_taken_for_other_content_at_the_same_path(workspace, tmp_path):
    write_film(tmp_path / "film.mp4", 9)
    info = probe(tmp_path / "film.mp4")
    assert stored_faces("", info, workspace) is None
    assert stored_faces("film", info, workspace) == workspace.faces("film")  # the user knows better


def test_the_set_called_like_the_film_comes_first(workspace, tmp_path):
    for name in ("aaa", "performer"):
        add_set(workspace, name, tmp_path / "film.mp4")
    info = probe(tmp_path / "film.mp4")
    assert stored_faces("", info, workspace, "performer") == workspace.faces("film")
    (workspace.faces("film") / "alignments.jsonl").unlink()
    assert stored_faces("", info, workspace, "performer") == workspace.faces("performer")


def test_a_film_finds_its_part_of_a_set_of_several(workspace, tmp_path):
    second, other = write_film(tmp_path / "second.mp4", 5), write_film(tmp_path / "other.mp4", 4)
    films = [tmp_path / "film.mp4", second]
    folder = workspace.faces("film")
    records = FaceSet.open(folder, with_deleted=True).records
    lines = [replace(records[0], frame=4, file="s01_000004_00.jpg", source=1).to_json(), records[0].to_json()]
    (folder / "alignments.jsonl").write_text("\n".join(lines) + "\n")
    sources = [{"path": str(film), "sha256": probe(film).fingerprint} for film in films]
    (folder / "report.json").write_text(json.dumps({"source": str(films[0]), "sources": sources}))
    for film, frames in zip(films, ([0], [4]), strict=True):
        assert stored_faces("", probe(film), workspace) == folder
        part = part_of(FaceSet.open(folder, with_deleted=True), probe(film))
        assert [record.frame for record in part.records] == frames
    assert stored_faces("", probe(other), workspace) is None
    with pytest.raises(UserError, match="none of which"):
        part_of(FaceSet.open(folder, with_deleted=True), probe(other))
    with pytest.raises(UserError, match=r"several films: .*second\.mp4; say which"):
        source_of(workspace, "film")


def test_without_set_and_weights_both_ways_out_are_named(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("FACESWAP_PRETRAINED", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"film.mp4 .*there are: film.*faces=NAME.*finder=.*networks are missing"):
        usual_finder(probe(tmp_path / "film.mp4"), workspace)


@pytest.mark.parametrize(
    ("argument", "tracks"),
    [("tracks=1", [1]), ("tracks=[0,2]", [0, 2]), ("tracks=0,2", [0, 2]), ("tracks=null", None), ("crf=20", None)],
)
def test_tracks_as_they_are_written(argument, tracks):
    assert compose_config("convert", [argument]).tracks == tracks


@pytest.mark.parametrize("argument", ["tracks=[]", "tracks=all", "tracks=true", "tracks=[a]", "tracks=1.5"])
def test_tracks_that_are_none(argument):
    with pytest.raises(UserError, match=r"^tracks=.*several as tracks=1,3"):
        compose_config("convert", [argument])


def test_a_checkpoint_is_one_of_the_run(tmp_path, monkeypatch):
    for name in ("00000500", "00001000", ".00001500.77.part"):
        (tmp_path / "run" / "checkpoints" / name).mkdir(parents=True)
    assert checkpoint_folder(tmp_path / "run", 500).name == "00000500"
    (tmp_path / "00000077").mkdir()
    monkeypatch.chdir(tmp_path)  # what lies here by chance is no checkpoint of the run
    with pytest.raises(UserError, match="there are: 500, 1000"):
        checkpoint_folder(tmp_path / "run", 77)


def test_a_film_that_has_changed_since_is_told_as_such(workspace, tmp_path, caplog):
    face_set = FaceSet.open(workspace.faces("film"), with_deleted=True)
    film = write_film(tmp_path / "film.mp4", 5)
    part_of(face_set, probe(film))
    assert f"{film} has changed since" in caplog.text and "is used for" not in caplog.text


def test_a_part_of_a_film_does_not_take_the_name_of_the_whole(tmp_path):
    info = probe(write_film(tmp_path / "b.mov", 2, sound=False))
    assert default_name(info, "a", 0, None, None) == "b_as_a" and suffix_of(info) == ".mov"
    assert default_name(info, "a", 0, 5, None) == "b_as_a_0-5"
    assert default_name(info, "a", 3, None, [0, 2]) == "b_as_a_3-end_tracks_0_2"


def test_a_run_beside_the_pairs_usual_one_is_told_in_the_name(tmp_path):
    info = probe(write_film(tmp_path / "b.mp4", 2, sound=False))
    for run, told in (("a_b", ""), ("a_b,model=df", "_model=df"), ("exp1", "_exp1"), ("a_b_2", "_2")):
        assert default_name(info, "a", 0, None, None, variant_of(run, "a", "b")) == f"b_as_a{told}"


def test_the_source_decides_about_steadying_unless_told():
    config = compose_config("convert", [])
    assert (config.smooth_frames, config.smooth_colour, config.fill_frames) == (None, None, None)
    assert compose_config("convert", ["smooth_frames=3"]).smooth_frames == 3
