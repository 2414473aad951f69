import errno
import os

import numpy as np
import pytest

from faceswap.utils.files.disk import create_npy, reserve


def test_an_array_of_zeros_has_its_space(tmp_path):
    array = create_npy(tmp_path / "x.npy", np.uint8, (1000, 1000))
    array[3] = 7
    array.flush()
    assert os.stat(tmp_path / "x.npy").st_blocks * 512 >= 1_000_000
    assert np.load(tmp_path / "x.npy")[3].tolist() == [7] * 1000


def test_where_space_cannot_be_reserved_zeros_are_written_behind_what_is_there(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    path = tmp_path / "x"
    path.write_bytes(b"head")
    os.truncate(path, 4 + 3_000_000)
    reserve(path, 3_000_000)
    assert path.read_bytes() == b"head" + bytes(3_000_000) and os.stat(path).st_blocks * 512 >= 3_000_000


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="no space") as caught:
        create_npy(tmp_path / "x.npy", np.uint8, (10,))
    assert caught.value.filename == str(tmp_path / "x.npy")
