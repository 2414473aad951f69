"""Writing of torch files."""

from __future__ import annotations

import resource
import signal

import pytest
import torch

from faceswap.stylegan.weights.torch_writing import write_torch_file
from faceswap.utils.errors import UserError


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    content = {"a": torch.arange(400_000.0), "b": [torch.zeros(3), {"c": "text"}]}
    path = tmp_path / "weights.pt"
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        with pytest.raises(UserError, match=r"cannot write .*weights.pt"):
            write_torch_file(content, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
    write_torch_file(content, path)
    back = torch.load(path, weights_only=True)
    assert torch.equal(back["a"], content["a"]) and back["b"][1] == {"c": "text"}
    assert path.stat().st_size < 4 * 400_000 + 20_000  # what was reserved in vain is given back
