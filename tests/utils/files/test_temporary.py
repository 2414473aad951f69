"""Temporary names tell who writes: only what the dead of this machine left is swept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap.utils.files import temporary
from faceswap.utils.files.atomic import atomic_path, write_text
from faceswap.utils.files.temporary import is_temp_of, sweep, temp_path

HALF_WRITTEN = """
import os, sys
from pathlib import Path
from faceswap.utils.files.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as temp:
    temp.write_text("half")
    print(temp.name, flush=True)
    sys.stdin.read()
    os._exit(9)
"""


CONTAINER = ("unshare", "--fork", "--kill-child", "--pid", "--mount-proc")  # a space of process numbers of its own


@pytest.fixture
def half_written(tmp_path):
    """Starts a process that writes `path` and never ends it: its temporary name, and how to kill it."""
    begun = []

    def begin(path, *within):
        command = [*within, sys.executable, "-c", HALF_WRITTEN, str(path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun.append(process)
        assert process.stdout is not None
        return path.with_name(process.stdout.readline().strip()), process

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def test_the_first_write_into_a_folder_sweeps_what_the_dead_left(tmp_path, half_written):
    dead, process = half_written(tmp_path / "film.mp4")
    alive, _ = half_written(tmp_path / "film.mp4")
    assert dead != alive and dead.exists() and alive.exists()
    process.kill()
    process.wait()
    write_text(tmp_path / "report.json", "{}")
    assert sorted(tmp_path.iterdir()) == sorted([alive, tmp_path / "report.json"])


def test_two_containers_with_one_folder_leave_each_others_files_alone(tmp_path, half_written):
    if not shutil.which("unshare") or subprocess.run([*CONTAINER, "true"], capture_output=True).returncode:
        pytest.skip("no spaces of process numbers may be made here")
    first, _ = half_written(tmp_path / "film.mp4", *CONTAINER)
    second, process = half_written(tmp_path / "film.mp4", *CONTAINER)
    numbers = {name.name.split("-")[1] for name in (first, second)}
    assert numbers == {"1"}, "both are the first process of their container"
    process.kill()
    process.wait()
    written = "import sys, pathlib as p, faceswap.utils.files.atomic as a; a.write_text(p.Path(sys.argv[1]), 'whole')"
    for within in (CONTAINER, ()):
        subprocess.run([*within, sys.executable, "-c", written, str(tmp_path / "film.mp4")], check=True)
        assert (tmp_path / "film.mp4").read_text() == "whole"
        assert first.exists() and second.exists(), "nobody outside can tell whether their writers live"


FOREIGN = [".my.part1.rar", ".x.12.part.json", ".x.part", "film.part.mp4", ".x.000000000000000000-1-1-000000.partial"]


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_stay(tmp_path, name):
    (tmp_path / name).touch()
    sweep(tmp_path)
    assert (tmp_path / name).exists()


def as_if(path: Path, part: str, value: str) -> Path:
    """The temporary name that a writer would have chosen that differs from this one in one part."""
    found = temporary._WRITER.fullmatch(path.name)
    assert found is not None
    return path.with_name(path.name[: found.start(part)] + value + path.name[found.end(part) :])


@pytest.mark.parametrize(
    ("part", "value", "is_swept"),
    [
        ("machine", "000000", False),  # another host: its process numbers mean nothing here
        ("space", "000000", False),  # another container of this host
        ("boot", "000000", False),  # a twin of this machine, writing just now
        ("began", "1", True),  # the number is given anew: this process began later
        ("process", "999999999", True),
        ("process", "1", False),
    ],
)
def test_only_a_writer_known_to_be_dead_is_swept(tmp_path, monkeypatch, part, value, is_swept):
    path = as_if(temp_path(tmp_path / "film.mp4"), part, value)
    if (part, value) == ("process", "1"):
        monkeypatch.setattr(temporary, "_began", lambda process: 0)  # where it cannot be told, the number has to do
    path.touch()
    sweep(tmp_path)
    assert path.exists() != is_swept


def test_what_was_left_before_this_boot_is_swept(tmp_path):
    path = as_if(temp_path(tmp_path / "film.mp4"), "boot", "000000")
    path.touch()
    os.utime(path, (1, 1))
    sweep(tmp_path)
    assert not path.exists()


def test_a_folder_left_half_made_is_swept_and_a_link_in_its_place_leads_nowhere(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").touch()
    run = tmp_path / "run"
    folder = as_if(temp_path(run / "00000010"), "process", "999999999")
    folder.mkdir(parents=True)
    (folder / "x").touch()
    as_if(temp_path(run / "00000020"), "process", "999999999").symlink_to(tmp_path / "mine")
    sweep(run)
    assert not list(run.iterdir()) and (tmp_path / "mine" / "photo.jpg").exists()


def test_a_name_is_given_once_and_known_again(tmp_path):
    film, long = tmp_path / "film.mp4", tmp_path / ("x" * 240 + ".mp4")
    assert temp_path(film) != temp_path(film)
    assert is_temp_of(temp_path(film), film) and is_temp_of(temp_path(long), long)
    assert not is_temp_of(temp_path(tmp_path / "film2.mp4"), film) and not is_temp_of(film, film)
    assert not is_temp_of(temp_path(tmp_path / "other" / "film.mp4"), film)


def test_two_processes_never_share_a_name(tmp_path):
    command = [sys.executable, "-c", "from faceswap.utils.files.temporary import *; print(temp_path(Path('x.mp4')))"]
    names = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(names | {str(temp_path(Path("x.mp4"))) + "\n"}) == 3


def test_a_forked_process_has_a_name_of_its_own():
    here = temp_path(Path("x.mp4")).name
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, temp_path(Path("x.mp4")).name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 200).decode() != here


@pytest.mark.parametrize("name", ["x" * 240 + ".mp4", "日" * 80 + ".json", "a." + "b" * 240, ".hidden", "no_suffix"])
def test_long_and_odd_names_are_written(tmp_path, name):
    with atomic_path(tmp_path / name) as temp:
        temp.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [name]
