"""Exit codes and what goes to stdout and stderr."""

import errno
import os
import subprocess
import sys

import pytest

from faceswap.config.command import run_command

CODE = """
import os, sys
from pathlib import Path
from faceswap.config.command import run_command
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


def test_too_little_memory_names_the_setting(capsys):
    assert failing(MemoryError()) == 2
    assert "batch_size=" in capsys.readouterr().err


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
