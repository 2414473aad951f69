"""What is told when the system refuses to write, and which names can be written down."""

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, write_json, writing_errors


def test_a_name_that_is_no_utf8_is_written_and_comes_back(tmp_path):
    name = os.fsdecode(b"b\xff.mp4")
    write_json(tmp_path / "report.json", {"source": name, "other": "日本"})
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["source"] == name


def test_readable_names_stay_readable(tmp_path):
    write_json(tmp_path / "report.json", {"source": "日本"})
    assert "日本" in (tmp_path / "report.json").read_text(encoding="utf-8")


def test_a_refusal_to_read_another_file_is_told_of_that_file(tmp_path):
    other = tmp_path / "elsewhere" / "frame.png"
    with pytest.raises(UserError) as caught, writing_errors(tmp_path / "out" / "film.mp4"):
        raise PermissionError(errno.EACCES, "Permission denied", str(other))
    assert str(other) in str(caught.value) and "film.mp4" not in str(caught.value)
    assert "cannot write" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "free some space"), (errno.ENAMETOOLONG, "shorter"), (errno.EISDIR, "another name")],
)
def test_the_advice_fits_the_refusal(tmp_path, number, words):
    with pytest.raises(UserError, match=words) as caught, writing_errors(tmp_path / "film.mp4"):
        raise OSError(number, os.strerror(number))
    assert (number == errno.ENOSPC) == ("free some space" in str(caught.value))


def test_a_folder_that_cannot_be_made_is_the_users_to_mend():
    with pytest.raises(UserError, match=r"cannot write /proc/foo/x\.mp4"), atomic_path("/proc/foo/x.mp4"):
        pass


def test_threads_that_write_one_file_do_not_meet(tmp_path):
    path, together = tmp_path / "small.jpg", Barrier(8)

    def write(number: int) -> None:
        with atomic_path(path) as temp:
            temp.write_bytes(b"%d" % number * 1000)
            together.wait(60)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert len(set(path.read_bytes())) == 1 and [one.name for one in tmp_path.iterdir()] == ["small.jpg"]


def test_a_missing_file_of_the_block_itself_stays_a_bug(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x.json"):
        pass  # nothing was written under the temporary name


LIBRARIES = """
import resource, sys
from pathlib import Path
import numpy as np
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.disk import create_npy

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # every larger file is refused, as by a full disk

def save(temp):
    how = sys.argv[2]
    if how == "torch":
        import torch
        torch.save(torch.zeros(100_000), temp)
    elif how == "safetensors":
        from safetensors.numpy import save_file
        save_file({"x": np.zeros(100_000)}, temp)
    elif how == "numpy":
        with open(temp, "wb") as file:
            np.save(file, np.zeros(100_000))
    elif how == "mapped":
        create_npy(temp, np.uint8, (1_000_000,))[:] = 1
    else:
        temp.write_bytes(bytes(1_000_000))

with atomic_path(Path(sys.argv[1])) as temp:
    save(temp)
"""


@pytest.mark.parametrize("how", ["torch", "safetensors", "numpy", "mapped", "plain"])
def test_every_library_refused_by_a_full_disk_ends_in_one_line(tmp_path, how):
    done = subprocess.run([sys.executable, "-c", LIBRARIES, str(tmp_path / "x"), how], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("faceswap.utils.errors.UserError: cannot write ") and "free some space" in last, done
    assert list(tmp_path.iterdir()) == []
