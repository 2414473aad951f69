"""Which face set, or finder, gives the faces of a film."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap.commands.converting.film_faces import source_of, stored_faces, usual_finder
from faceswap.compositing.face_sources.matching import part_of
from faceswap.core.face_set import FaceSet
from faceswap.media.sources import probe
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


def test_a_film_that_has_changed_since_is_told_as_such(workspace, tmp_path, caplog):
    face_set = FaceSet.open(workspace.faces("film"), with_deleted=True)
    film = write_film(tmp_path / "film.mp4", 5)
    part_of(face_set, probe(film))
    assert f"{film} has changed since" in caplog.text and "is used for" not in caplog.text
