"""Tensors in files: safetensors with a header of our own; never unpickled."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from faceswap.utils.file_kinds import look_mistaken
from faceswap.utils.untrusted import Untrusted, parse_json
from faceswap.utils.untrusted_arrays import read_safetensors_header
from faceswap.utils.versions import refuse_newer

HEADER_KEY = "faceswap"


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read: cut short, overwritten, or not one at all."""


def read_description(path: Path) -> dict[str, Any]:
    """What a weights file says of itself: model, settings, iteration, version; empty for a foreign file.

    Raises DamagedCheckpoint when the file is missing, cut or no safetensors, and UserError when a newer version of the
    program wrote it.
    """
    try:
        _, texts = read_safetensors_header(path)
        description = parse_json(texts.get(HEADER_KEY, "{}"))
    except (Untrusted, OSError) as error:
        raise DamagedCheckpoint(f"{path.name}: {_reason(path, error)}") from error
    if not isinstance(description, dict):
        return {}
    refuse_newer(path, description.get("version"))
    return description


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file. Raises DamagedCheckpoint."""
    with _opened(path) as file:  # sizes are known to be right: no more memory is taken than the file has
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, header: dict[str, str] | None = None) -> None:
    """Writes a safetensors file. Raises OSError, as every other way of writing does."""
    try:  # on the CPU and contiguous, as the format wants them
        own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        places = Counter(tensor.untyped_storage().data_ptr() for tensor in own.values())
        for name, tensor in own.items():
            if places[tensor.untyped_storage().data_ptr()] > 1:  # the format refuses what two names share
                own[name] = tensor.clone()
        save_file(own, path, header)
    except SafetensorError as error:
        refused = re.search(r"os error (\d+)", str(error))
        if refused is None:
            raise
        raise OSError(int(refused[1]), os.strerror(int(refused[1])), str(path)) from error


def _opened(path: Path) -> Any:
    try:
        read_safetensors_header(path)
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError, Untrusted) as error:
        raise DamagedCheckpoint(f"{path.name}: {_reason(path, error)}") from error


def _reason(path: Path, error: Exception) -> str:
    """What is wrong with a file that cannot be read: what it looks like, where it is something known."""
    return (look_mistaken(path) if path.is_file() else "") or str(error)
