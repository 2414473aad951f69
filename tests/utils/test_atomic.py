"""What is told when the system refuses to write, and which names can be written down."""

import errno
import json
import os

import pytest

from faceswap.utils.atomic import atomic_path, write_json, writing_errors
from faceswap.utils.errors import UserError


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


def test_a_missing_file_of_the_block_itself_stays_a_bug(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x.json"):
        pass  # nothing was written under the temporary name
