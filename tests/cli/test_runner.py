"""Exit codes and what goes to stdout and stderr."""

import errno
import os
import subprocess
import sys

import av
import pytest

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

CODE = """
import os, sys
from pathlib import Path
from faceswap.cli.runner import run_command
sys.exit(run_command("extract", lambda config: Path(os.fsdecode(b"b\\xff.mp4")), sys.argv[1:]))
"""


def failing(error):
    def call(config):
        raise error

    return run_command("extract", call, [])


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.ENOENT, errno.EACCES])
def test_a_name_the_system_refuses_is_the_users_to_mend(capsys, number):
    assert failing(OSError(number, "refused", "clip.mp4")) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: clip.mp4: {os.strerror(number).lower()}"


def test_other_system_errors_are_bugs(capsys):
    assert failing(OSError(errno.ENOENT, "no name")) == 1
    assert failing(OSError(errno.EBADF, "bad", "x")) == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("can't start new thread"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object: Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        av.error.BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable", 'avcodec_open2("h264", {})'),
    ],
)
def test_too_little_memory_names_the_setting(capsys, error):
    assert failing(error) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: out of memory") and "batch_size=" in line and line.count("\n") == 1


def test_memory_that_processes_cannot_share_is_no_full_disk(capsys, monkeypatch):
    assert failing(OSError(errno.ENOSPC, "No space left on device", "/dev/shm/psm_1")) == 2
    line = capsys.readouterr().err
    assert "/dev/shm" in line and "workers=0" in line and "disk" not in line
    for number in (errno.ENOSPC, errno.EROFS):  # as Python tells of memory that it could not make: without a name
        monkeypatch.setattr("faceswap.cli.runner._has_room", lambda folder: False)
        assert failing(OSError(number, os.strerror(number))) == 2
        assert "/dev/shm" in capsys.readouterr().err
    assert failing(OSError(errno.ENOSPC, "No space left on device", "/data/x.mp4")) == 2
    assert capsys.readouterr().err == "error: the disk is full (/data/x.mp4); free some space\n"


def test_an_error_shows_what_steers_a_terminal_and_does_not_send_it(capsys):
    assert failing(UserError("cannot read \x1b]0;owned\x07\x1b[2J" + "x" * 100_000)) == 2
    assert failing(ValueError("\x1b[2J")) == 1
    told = capsys.readouterr().err
    assert "\x1b" not in told and r"\x1b[2J" in told and len(told) < 5_000 and told.count("\n") == 2


def test_a_path_that_is_no_utf8_is_printed_as_its_bytes():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"b\xff.mp4\n")


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_a_closed_stdout_ends_quietly(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(("rank", "times"), [("0", 1), ("1", 0)])
def test_one_process_of_a_team_speaks(rank, times):
    code = CODE.replace("lambda config:", "lambda config: logging.getLogger('faceswap').warning('no consent') or")
    done = subprocess.run(
        [sys.executable, "-c", f"import logging\n{code}"], env=os.environ | {"RANK": rank}, capture_output=True
    )
    assert (done.returncode, done.stderr.count(b"no consent")) == (0, times)
