"""Writing of torch files, atomically, with full disks reported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.disk import reserve

_ENTRY_BYTES = 1024  # a record's names, sizes and alignment, and its place in the pickle


def write_torch_file(content: Any, path: Path) -> None:
    """Write nested dicts and lists of tensors and plain values as `torch.save` does, atomically.

    Raises:
        UserError: The disk is full, or the folder cannot be written.
    """
    sizes = [tensor.untyped_storage().nbytes() + _ENTRY_BYTES for tensor in _tensors(content)]
    size = sum(sizes) + 64 * _ENTRY_BYTES
    with atomic_path(path) as temp, open(temp, "w+b") as file:
        file.truncate(size)
        reserve(temp, size)  # torch says of a full disk only that a number of bytes is not another one
        torch.save(content, file)
        file.truncate(file.seek(0, os.SEEK_CUR))


def _tensors(content: Any) -> Iterator[Tensor]:
    if isinstance(content, Tensor):
        yield content
    elif isinstance(content, dict | list | tuple):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _tensors(part)
