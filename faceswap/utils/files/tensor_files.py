"""Tensor files: safetensors with a header of our own and a checksum; never unpickled."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

import faceswap
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.versions import refuse_newer
from faceswap.utils.untrusted.arrays import read_safetensors_header
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.reading import Untrusted, open_regular, parse_json

HEADER_KEY = "faceswap"
SUM_KEY = "sha256"  # in the header: see content_sum
VERSION_KEY = "version"  # in the header: of the program that wrote the file
_OPEN_FILES = Path("/dev/fd")


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read: cut short, overwritten, or not one at all."""


def read_description(path: Path) -> dict[str, Any]:
    """Return what a weights file says of itself: model, settings, iteration, version; empty for a foreign file.

    Only its header is looked at.

    Raises:
        DamagedCheckpoint: The file is missing, cut or no safetensors, UserError when it may not be read or a newer
            version of the program wrote it.
    """
    with _reading(path):
        _, texts = read_safetensors_header(path)
        description = parse_json(texts.get(HEADER_KEY, "{}"))
    refuse_newer(path, texts.get(VERSION_KEY))
    if not isinstance(description, dict):
        return {}
    refuse_newer(path, description.get("version"))
    return description


def read_tensors(path: Path, expected_sum: str | None = None) -> dict[str, Tensor]:
    """Return all tensors of a safetensors file, compared with the sum that its header tells.

    Args:
        path: The file; one without a sum, of others or of an earlier version, is taken as it is.
        expected_sum: The sum that somebody else remembers of it.

    Raises:
        DamagedCheckpoint: It cannot be read, or does not hold what was written.
        UserError: It may not be read, or a newer version of the program wrote it.
    """
    return read_tensor_file(path, expected_sum)[0]


def read_tensor_file(path: Path, expected_sum: str | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return `read_tensors`, and the texts of the header beside them."""
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
        texts = dict(file.metadata() or {})
    told = texts.pop(SUM_KEY, None)
    refuse_newer(path, texts.get(VERSION_KEY))
    if expected_sum is not None and told != expected_sum:
        raise DamagedCheckpoint(f"{path.name} is another file than the one that was written")
    if told is not None and told != content_sum(tensors, texts):
        raise DamagedCheckpoint(f"{path.name} does not hold what was written")
    texts.pop(VERSION_KEY, None)
    return tensors, texts


def save_tensors(tensors: Mapping[str, Tensor], path: Path, header: dict[str, str] | None = None) -> str:
    """Write a safetensors file that tells this program's version, and return its sum.

    Raises:
        OSError: As every other way of writing does.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}  # as the format wants them
    places = Counter(tensor.untyped_storage().data_ptr() for tensor in plain.values())
    for name, tensor in plain.items():
        if places[tensor.untyped_storage().data_ptr()] > 1:  # the format refuses what two names share
            plain[name] = tensor.clone()
    texts = {**(header or {}), VERSION_KEY: faceswap.__version__}
    told = content_sum(plain, texts)
    with open(path, "wb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777  # what the umask allows: save_file keeps all others out
    try:
        save_file(plain, path, {**texts, SUM_KEY: told})
    except SafetensorError as error:
        refused = re.search(r"os error (\d+)", str(error))
        if refused is None:
            raise
        raise OSError(int(refused[1]), os.strerror(int(refused[1])), str(path)) from error
    path.chmod(mode)
    return told


def content_sum(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    """Return sha256 over all that a file tells.

    Its texts, and name, type, shape and sha256 of each tensor, in order.
    """

    def line(name: str) -> str:
        tensor = tensors[name].detach().contiguous()
        numbers = tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""
        return f"{json.dumps(name)} {tensor.dtype} {tuple(tensor.shape)} {hashlib.sha256(numbers).hexdigest()}\n"

    digest = hashlib.sha256(json.dumps(dict(sorted(texts.items()))).encode())
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # hashing lets go of the interpreter
        for told in pool.map(line, sorted(tensors)):
            digest.update(told.encode())
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with _reading(path):
        read_safetensors_header(path)  # sizes are known to be right: no more memory is taken than the file has
        with open(open_regular(path), "rb") as held:
            # By its number where the system has names for those: safetensors takes no name that is not UTF-8.
            name = _OPEN_FILES / str(held.fileno())
            with safe_open(name if name.exists() else path, framework="pt") as file:
                yield file


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise UserError(f"cannot read {path}: {os.strerror(error.errno or 0).lower()}; ask its owner") from error
    except (SafetensorError, OSError, Untrusted) as error:
        pass_on_out_of_memory(error)
        reason = (look_mistaken(path) if path.is_file() else "") or str(error)
        raise DamagedCheckpoint(f"{path.name}: {reason}") from error
