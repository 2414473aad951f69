"""Files for their owner's eyes alone."""

import os
import stat

import pytest

from faceswap.utils.files.private import keep_private


def test_a_private_file_is_its_owners_alone_whatever_the_umask(tmp_path):
    path, umask = tmp_path / "a" / "key.pem", os.umask(0)
    try:
        assert keep_private(path, b"first")
    finally:
        os.umask(umask)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["key.pem"]


def test_the_first_is_kept_unless_it_is_to_be_replaced(tmp_path):
    path = tmp_path / "key.pem"
    assert keep_private(path, b"first") and not keep_private(path, b"second")
    assert path.read_bytes() == b"first"
    assert keep_private(path, b"third", replace=True)
    assert path.read_bytes() == b"third" and os.listdir(tmp_path) == ["key.pem"]


def test_nothing_is_left_of_a_file_that_cannot_be_kept(tmp_path):
    (tmp_path / "key.pem").mkdir()
    with pytest.raises(OSError):
        keep_private(tmp_path / "key.pem", b"first", replace=True)
    assert os.listdir(tmp_path) == ["key.pem"]
