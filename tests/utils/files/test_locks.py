import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.files import locks
from faceswap.utils.files.locks import LOCK, locked, tidy
from tests.leftovers import left_by

HOLD = """
import sys, time
from pathlib import Path
from faceswap.utils.files.locks import locked
with locked(Path(sys.argv[1]), "training"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_once_and_freed_by_a_kill(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    with (
        pytest.raises(UserError, match=rf"another process \({other.pid} on .*\) is extracting"),
        locked(tmp_path, "extracting"),
    ):
        pass
    other.kill()
    other.wait()
    with locked(tmp_path, "extracting"):
        assert (tmp_path / LOCK).read_text().split()[0] == str(os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_freed_when_the_block_fails(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path / "new", "training"):
        raise RuntimeError
    assert not (tmp_path / "new").exists()
    with locked(tmp_path / "new", "training"):
        (tmp_path / "new" / "result").touch()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["result"]


def test_a_lock_goes_where_open_files_cannot_be_removed(tmp_path, monkeypatch):
    """As on Windows."""
    real = Path.unlink

    def unlink(path, missing_ok=False):
        if any(os.path.samefile(path, f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")
               if os.path.exists(f"/proc/self/fd/{number}")):  # fmt: skip
            raise PermissionError(13, "it is being used by another process")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with locked(tmp_path, "training"):
        assert (tmp_path / LOCK).exists()
    assert not list(tmp_path.iterdir())


def test_a_lock_file_removed_meanwhile_is_made_anew(tmp_path, monkeypatch):
    """Who opened the file just before its holder removed it must not think it holds the folder."""
    real, calls = fcntl.flock, []

    def flock(file, how):
        if not calls:
            (tmp_path / LOCK).unlink()
        calls.append(file)
        real(file, how)

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with locked(tmp_path, "training"), pytest.raises(UserError), locked(tmp_path, "training"):
        pass
    assert len(calls) == 3


def test_a_file_system_without_locks_is_only_warned_about(tmp_path, monkeypatch, caplog):
    def flock(file, how):
        raise OSError(locks.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with locked(tmp_path, "training"):
        pass
    assert "cannot be locked" in caplog.text


def test_a_lock_of_the_dead_goes_and_one_that_is_held_stays(tmp_path):
    (tmp_path / LOCK).write_text("123 on another")
    tidy(tmp_path)
    assert list(tmp_path.iterdir()) == []
    tidy(tmp_path)
    with locked(tmp_path, "training"):
        tidy(tmp_path)
        assert (tmp_path / LOCK).exists()


def test_what_the_dead_left_deeper_in_a_run_goes_though_nothing_is_written_there(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run" / "previews" / "own").mkdir(parents=True)
    (tmp_path / "run" / "link").symlink_to(tmp_path / "elsewhere")
    folders = [tmp_path / "run" / "previews", tmp_path / "run" / "previews" / "own", tmp_path / "elsewhere"]
    left = [left_by(folder / "00000014.jpg") for folder in folders]
    for path in left:
        path.touch()
    with pytest.raises(UserError, match="link is a link"), locked(tmp_path / "run", "training"):
        pass
    assert [path.exists() for path in left] == [False, False, True]
    assert not (tmp_path / "run" / LOCK).exists()
