from __future__ import annotations

import os
import subprocess
import sys

import pytest

from faceswap.utils.streams import steady, steady_standard_error

TELLS = """
import logging, sys, time
from pathlib import Path
from faceswap.cli.runner import run_command

place = Path(sys.argv[1])  # a command runs with arguments of its own

def work(config):
    from faceswap.utils.progress import Progress
    with Progress(500, "work") as bar:
        for step in range(500):
            bar._bar.mininterval = 0  # each step is said
            bar.advance()
            logging.warning("step %d", step)
    place.write_text("done")
    return Path("result")

sys.exit(run_command("extract", work, []))
"""


def test_a_lost_standard_error_ends_nothing(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", TELLS, tmp_path / "done"], stderr=writer, stdout=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stdout, (tmp_path / "done").read_text()) == (0, b"result\n", "done")


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "2>/dev/full"])
def test_one_that_was_never_there_ends_nothing(tmp_path, closed):
    done = subprocess.run(["sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, TELLS, tmp_path / "done"])
    assert (tmp_path / "done").read_text() == "done"
    assert done.returncode == (141 if ">&- " in closed else 0)


def test_a_closed_terminal_ends_nothing(tmp_path):
    ours, theirs = os.openpty()
    process = subprocess.Popen([sys.executable, "-c", TELLS, tmp_path / "done"], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    os.read(ours, 1)  # it has begun to speak
    os.close(ours)
    assert (process.communicate()[0], process.returncode) == (b"result\n", 0)


def test_a_stream_that_was_closed_is_silent(tmp_path):
    file = open(tmp_path / "log", "w")  # noqa: SIM115
    stream = steady(file)
    stream.write("a")
    file.close()
    assert stream.write("bc") == 2
    stream.flush()
    assert (tmp_path / "log").read_text() == "a" and steady(stream) is stream


def test_standard_error_is_the_callers_again():
    before = sys.stderr
    with steady_standard_error():
        assert sys.stderr is not before
    assert sys.stderr is before
