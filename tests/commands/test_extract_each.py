"""python -m faceswap.extract each=true: a face set of each film, whoever makes it; a broken one stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faceswap.commands.extracting import REPORT
from tests.clips import make_clip
from tests.commands.conftest import one_line_error, run, run_process

NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for seed, name in enumerate(NAMES):
        make_clip(folder, name, 8, seed=seed)
    return folder


def _said(films: Path, workspace: Path, *more: str) -> list[str]:
    found = ("finder=landmarks", f"finder.path={films / 'one.landmarks.npz'}", "size_px=64")
    return [f"video={films}/*.mp4", "each=true", f"workspace={workspace}", *found, *more]


def _sets(workspace: Path) -> dict[str, bytes]:
    """All files of the face sets but the reports, which tell how long it took."""
    files = [path for path in (workspace / "faces").rglob("*") if path.is_file() and path.name != "report.json"]
    return {str(path.relative_to(workspace)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def local(films, tmp_path_factory) -> dict[str, bytes]:
    workspace = tmp_path_factory.mktemp("local")
    ran = run("extract", *_said(films, workspace), cwd=workspace)
    report = json.loads(ran.path.read_text())
    assert ran.path == workspace / REPORT and (report["films"], report["made"], report["failed"]) == (3, 3, 0)
    assert [Path(line["faces"]).name for line in report["each"]] == sorted(NAMES)
    sets = _sets(workspace)
    assert all(f"faces/{name}/alignments.jsonl" in sets for name in NAMES)
    return sets


def test_two_processes_make_the_same_face_sets(films, local, tmp_path) -> None:
    run("extract", *_said(films, tmp_path, "workers=2"), cwd=tmp_path)
    assert _sets(tmp_path) == local


@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_film_stops_no_other_and_the_same_command_goes_on(workers, films, local, tmp_path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    for path in films.iterdir():
        (takes / path.name).symlink_to(path)
    (takes / "broken.mp4").write_bytes(b"no film")
    said = _said(takes, tmp_path, f"workers={workers}")
    last = one_line_error(run("extract", *said, cwd=tmp_path, code=2))
    assert "1 of 4 films failed" in last and "broken.mp4 (cannot read" in last and REPORT in last
    assert set(_sets(tmp_path)) == set(local)
    (takes / "broken.mp4").unlink()
    report = json.loads(run("extract", *said, cwd=tmp_path).path.read_text())
    assert (report["made"], report["failed"]) == (3, 0)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (["name=all"], "with each=true every face set is called as its film"),
        (["each=false", "workers=2"], "say each=true"),
        (["each=false", "engine=ray"], "say each=true"),
    ],
)
def test_what_cannot_be_is_one_line(said, error, films, tmp_path) -> None:
    assert error in one_line_error(run("extract", *_said(films, tmp_path), *said, cwd=tmp_path, code=2))


def test_films_of_one_name_are_refused_before_the_work(films, tmp_path) -> None:
    other = make_clip(tmp_path, "one", 8)
    video = f"video=[{films / 'one.mp4'},{other.video}]"
    said = [word for word in _said(films, tmp_path) if not word.startswith("video=")]
    assert "are called alike" in one_line_error(run("extract", video, *said, cwd=tmp_path, code=2))
    assert not (tmp_path / "faces").exists()


def test_a_ray_cluster_of_two_nodes_makes_the_same_face_sets(films, local, tmp_path, ray_address) -> None:
    ran = run_process("extract", *_said(films, tmp_path, "engine=ray"), cwd=tmp_path, RAY_ADDRESS=ray_address)
    assert "3 films go to 2 cores of 2 nodes" in ran.stderr
    assert _sets(tmp_path) == local
