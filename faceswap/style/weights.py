"""Generators and encoders to files and back: our own safetensors, and everybody else's layouts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from faceswap.faces.atomic import atomic_path
from faceswap.faces.errors import UserError
from faceswap.faces.pretrained import load_pretrained
from faceswap.style.generator import Generator

SHIPPED_GENERATOR = "stylegan-people-64"
SHIPPED_ENCODER = "stylegan-people-64-encoder"
ModuleT = TypeVar("ModuleT", bound=nn.Module)


def load_generator(source: str | Path | None = None) -> Generator:
    """The generator in a file (None: the shipped one), float32, on the CPU, ready to be used: nothing in it learns.

    Raises UserError when the file is missing, damaged or holds something else.
    """
    return _ready(Generator, *_read(source, SHIPPED_GENERATOR), source or SHIPPED_GENERATOR)


def load_encoder(source: str | Path | None = None) -> Any:
    """The encoder in a file (None: the shipped one), as `load_generator` does."""
    from faceswap.style.encoder import Encoder

    return _ready(Encoder, *_read(source, SHIPPED_ENCODER), source or SHIPPED_ENCODER)


def save_generator(
    generator: Generator, path: str | Path, about: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> Path:
    """Writes a generator as safetensors, atomically; `about` (JSON) says where it comes from."""
    return _save(generator, path, about, dtype)


def save_encoder(encoder: nn.Module, path: str | Path, about: Mapping[str, Any], dtype=torch.float32) -> Path:
    """Writes an encoder as `save_generator` does."""
    return _save(encoder, path, about, dtype)


def generator_hash(module: nn.Module) -> str:
    """sha256 over the sorted names, shapes and float32 bytes of all weights: directions belong to one generator."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _save(module: Any, path: str | Path, about: Mapping[str, Any], dtype: torch.dtype) -> Path:
    tensors = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in module.state_dict().items()}
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError(f"the weights for {path} are not finite as {dtype}")
    header = {"settings": json.dumps(module.settings), "about": json.dumps(dict(about))}
    with atomic_path(path) as temp:
        save_file(tensors, temp, header)
    return Path(path)


def _read(source: str | Path | None, shipped: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and the header's settings."""
    if source is None:
        arrays, texts = load_pretrained(shipped)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}, json.loads(texts["settings"])
    if not Path(source).is_file():
        raise UserError(f"there are no weights {source}: name a file of ours (.safetensors)")
    try:
        with safe_open(source, framework="pt") as file:
            settings = json.loads((file.metadata() or {})["settings"])
            return {name: file.get_tensor(name) for name in file.keys()}, settings  # noqa: SIM118 (no dict)
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(
            f"cannot read the weights {source} ({type(error).__name__}): it is damaged or no weights"
        ) from error


def _ready(kind: type[ModuleT], tensors: dict[str, Tensor], settings: dict[str, Any], name: str | Path) -> ModuleT:
    try:
        with torch.device("meta"):  # takes no memory: a header can ask for more than the file holds
            module = kind(**settings)
        module.load_state_dict(tensors, assign=True)
    except (RuntimeError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise UserError(f"{name}: its weights do not fit the network it describes") from error
    return module.float().eval().requires_grad_(False)
