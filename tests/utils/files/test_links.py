"""Below a set or a run nothing is written or deleted through a link; links down to it are the user's own."""

import os
from pathlib import Path

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.files import links
from faceswap.utils.files.atomic import atomic_path, write_text
from faceswap.utils.files.links import guard, move, name_twice, open_append, own_folder, remove, truncate
from faceswap.utils.files.locks import LOCK, locked
from faceswap.utils.files.workspace import Workspace


@pytest.fixture(autouse=True)
def nothing_guarded(monkeypatch):
    monkeypatch.setattr(links, "_guarded", set())


@pytest.fixture
def precious(tmp_path) -> Path:
    """A folder and a file of the user, somewhere else."""
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    return folder


def is_unharmed(precious: Path) -> bool:
    return [path.name for path in precious.iterdir()] == ["thesis.txt"] and (
        precious / "thesis.txt"
    ).read_text() == "years of work"


@pytest.fixture
def run(tmp_path) -> Path:
    folder = Workspace(tmp_path / "ws").run("a_b")
    folder.mkdir(parents=True)
    return folder


WAYS = {
    "write": lambda folder: write_text(folder / "thesis.txt", "x"),
    "write deeper": lambda folder: write_text(folder / "new" / "x.txt", "x"),
    "delete": lambda folder: remove(folder / "thesis.txt"),
    "append": lambda folder: open_append(folder / "thesis.txt"),
    "truncate": lambda folder: truncate(folder / "thesis.txt", 0),
    "make": lambda folder: own_folder(folder),
    "lock": lambda folder: locked(folder, "training it").__enter__(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_link_in_a_run_is_not_followed(run, precious, way):
    (run / "cache").symlink_to(precious)
    with pytest.raises(UserError, match=r"cache is a link \(to .*precious\)"):
        way(run / "cache")
    assert is_unharmed(precious)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_run_that_is_a_link_itself_is_not_written_to(run, precious, way):
    run.rmdir()
    run.symlink_to(precious)
    with pytest.raises(UserError, match="is a link"):
        way(run)
    assert is_unharmed(precious)


@pytest.mark.parametrize(
    "write", [open_append, lambda path: truncate(path, 0), lambda path: locked(path.parent, "x").__enter__()]
)
@pytest.mark.parametrize("target", ["thesis.txt", "new.txt", "/dev/null"])
def test_a_file_that_is_a_link_is_not_written_through(run, precious, write, target):
    (run / LOCK).symlink_to(precious / target)
    with pytest.raises(UserError, match=r"\.lock is (a link|no ordinary file).*delete it"):
        write(run / LOCK)
    assert is_unharmed(precious)


@pytest.mark.parametrize("name", ["alignments.jsonl", LOCK])
def test_a_second_name_of_a_file_keeps_its_content(tmp_path, name):
    set_folder, backup = tmp_path / "faces" / "anna", tmp_path / "backup"
    set_folder.mkdir(parents=True)
    backup.write_text("as it was\n")
    os.link(backup, set_folder / name)
    if name == LOCK:
        with locked(set_folder, "working in it"):
            assert (set_folder / name).read_text().startswith(str(os.getpid()))
    else:
        with open_append(set_folder / name) as file:
            file.write(b"more\n")
        assert (set_folder / name).read_text() == "as it was\nmore\n"
        truncate(set_folder / name, 2)
    assert backup.read_text() == "as it was\n"
    assert [path.name for path in set_folder.iterdir()] in ([], [name])


@pytest.mark.parametrize(
    "write", [open_append, lambda path: truncate(path, 0), lambda path: locked(path.parent, "x").__enter__()]
)
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(run, write):
    os.mkfifo(run / LOCK)
    with pytest.raises(UserError, match="no ordinary file"):
        write(run / LOCK)


def test_a_link_in_the_place_of_a_whole_file_is_replaced_or_deleted_and_its_target_stays(run, precious):
    for name in ("report.json", "old.json"):
        (run / name).symlink_to(precious / "thesis.txt")
    (run / "previews").symlink_to(precious)
    write_text(run / "report.json", "{}")
    remove(run / "old.json")
    remove(run / "previews")
    assert (run / "report.json").read_text() == "{}" and not (run / "report.json").is_symlink()
    assert is_unharmed(precious) and [path.name for path in run.iterdir()] == ["report.json"]


@pytest.mark.parametrize("linked", ["ws", "ws/faces", "ws/runs", "ws/out"])
def test_the_users_own_links_down_to_the_sets_are_followed(tmp_path, linked):
    disk = tmp_path / "bigger disk"
    disk.mkdir()
    (tmp_path / linked).parent.mkdir(exist_ok=True)
    (tmp_path / linked).symlink_to(disk)
    workspace = Workspace(tmp_path / "ws")
    with locked(workspace.faces("anna"), "extracting"), locked(workspace.run("a_b"), "training"):
        write_text(workspace.faces("anna") / "report.json", "{}")
        write_text(workspace.run("a_b") / "previews" / "x" / "1.txt", "x")
        write_text(workspace.out / "film.txt", "x")
    assert list(disk.rglob("*.*"))


def test_a_place_that_the_user_names_may_be_reached_through_links(tmp_path, precious):
    (tmp_path / "elsewhere").symlink_to(precious)
    with locked(tmp_path / "elsewhere", "training it"):
        write_text(tmp_path / "elsewhere" / "film.txt", "x")
    write_text(tmp_path / "elsewhere" / "sub" / "film.txt", "x")
    assert (precious / "sub" / "film.txt").exists()


def test_the_way_back_up_does_not_lead_around_the_guard(run, precious, monkeypatch):
    (run / "cache").symlink_to(precious)
    monkeypatch.chdir(run.parent)
    guard(run)
    with pytest.raises(UserError, match="is a link"):
        write_text(Path("a_b/../a_b/cache/x.txt"), "x")
    assert is_unharmed(precious)


@pytest.mark.parametrize("place", ["checkpoints", "previews", "000001_00.jpg", "removed/000002_00.jpg", "cache/a.npy"])
@pytest.mark.parametrize("target", ["precious", "precious/thesis.txt", "nowhere"])
def test_a_link_in_a_run_is_refused_when_work_begins_on_it(run, precious, place, target):
    (run / place).parent.mkdir(exist_ok=True)
    (run / place).symlink_to(precious.parent / target)
    with pytest.raises(UserError, match=r"is a link \(to .*\), which no face set and no run has"), locked(run, "x"):
        raise AssertionError("the work began")
    assert is_unharmed(precious) and not (run / LOCK).exists()


def put_a_link(folder: Path, target: Path) -> None:
    """What somebody who may write beside `folder` can do at any moment."""
    folder.rename(folder.with_name("aside"))
    folder.symlink_to(target)


def test_a_folder_that_becomes_a_link_while_a_file_is_written_is_not_followed(run, precious):
    with pytest.raises(UserError, match="exchanged"), atomic_path(run / "cache" / "thesis.txt") as temp:
        put_a_link(run / "cache", precious)
        temp.write_text("x")
    assert (precious / "thesis.txt").read_text() == "years of work"
    assert not list((run / "aside").iterdir())


@pytest.mark.parametrize(
    "way",
    [
        lambda path: open_append(path),
        lambda path: truncate(path, 0),
        lambda path: remove(path),
        lambda path: move(path.parents[1] / "new.txt", path),
        lambda path: write_text(path, "x"),
    ],
)
def test_a_link_put_there_after_the_check_is_not_followed(run, precious, way, monkeypatch):
    (run / "new.txt").write_text("x")
    (run / "cache").symlink_to(precious)
    monkeypatch.setattr(links, "refuse_links", lambda path: None)
    with pytest.raises((UserError, OSError)):
        way(run / "cache" / "thesis.txt")
    assert is_unharmed(precious)


@pytest.mark.parametrize("knows_hard_links", [True, False])
def test_a_file_gets_a_second_name_and_no_link_does(run, precious, monkeypatch, knows_hard_links):
    if not knows_hard_links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "no hard links")))
    (run / "a.png").write_bytes(b"picture")
    name_twice(run / "a.png", run / "b.png")
    assert (run / "b.png").read_bytes() == b"picture"
    (run / "c.png").symlink_to(precious / "thesis.txt")
    with pytest.raises(UserError, match="is a link"):
        name_twice(run / "c.png", run / "d.png")
    assert not (run / "d.png").exists()
