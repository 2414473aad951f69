"""The shipped networks: found, checked against their manifest, read as arrays."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.limits import MIB, NAME_CHARACTERS, PRETRAINED_BYTES
from faceswap.utils.numbers import can_be_weights
from faceswap.utils.untrusted.reading import Untrusted, parse_json, read_bytes, read_json

MANIFEST = "manifest.json"
FILE_NAME = "eyes-{}.safetensors"
FOLDER_VARIABLE = "FACESWAP_PRETRAINED"

_PACKAGE = Path(__file__).resolve().parents[2]
_AGAIN = "get it again from the project (git checkout, or install the package again)"


@dataclass(frozen=True)
class ManifestEntry:
    """What the manifest says of one network's file: its name in the folder, checksum, size and origin."""

    path: Path
    sha256: str
    size_bytes: int
    about: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """Eight characters that name these weights: what they gave cannot be compared with what others give."""
        return self.sha256[:8]


def pretrained_folder() -> Path:
    """Return the folder that holds the manifest: FACESWAP_PRETRAINED, else pretrained/ in the package or beside it."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        folders = [Path(os.path.expanduser(chosen))]
    else:
        folders = [_PACKAGE / "pretrained", _PACKAGE.parent / "pretrained"]
    for folder in folders:
        if (folder / MANIFEST).is_file():
            return folder
    where = f"{FOLDER_VARIABLE}={chosen} holds none" if chosen else f"there is no {MANIFEST} in {folders[-1]}"
    raise UserError(f"the program's own networks are missing: {where}; install the package again")


def listed() -> tuple[str, ...]:
    """Return the names of the networks in the manifest.

    Raises:
        UserError: It cannot be read.
    """
    return tuple(sorted(_files(pretrained_folder())))


def entry_of(name: str) -> ManifestEntry:
    """Return what the manifest says of the network `name`.

    Raises:
        UserError: It is not there or makes no sense.
    """
    folder = pretrained_folder()
    files = _files(folder)
    manifest = folder / MANIFEST
    if name not in files:
        known = ", ".join(sorted(files)) or "none"
        raise UserError(f"{manifest} lists no network '{name}' (it has: {known}); {_AGAIN}")
    about = files[name]
    file, sha256, size = (about.get(key) for key in ("file", "sha256", "bytes")) if isinstance(about, dict) else [0] * 3
    plain = isinstance(file, str) and Path(file).name == file and file.endswith(".safetensors") and "\0" not in file
    if not plain or not isinstance(sha256, str) or type(size) is not int or not 8 <= size <= PRETRAINED_BYTES:
        raise UserError(f"{manifest}: the entry of '{name}' makes no sense; {_AGAIN}")
    return ManifestEntry(folder / str(file), sha256, size, about)


def load_pretrained(name: str) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Return the tensors of a network (float32, whatever they are on disk) and the texts stored with them.

    The text `settings` is JSON: the network's constructor arguments.

    Raises:
        UserError: The file is missing, is not the one that the manifest describes, or holds what no weights are.
    """
    entry = entry_of(name)
    try:
        data = read_bytes(entry.path, PRETRAINED_BYTES)
    except (OSError, Untrusted) as error:
        pass_on_out_of_memory(error)
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UserError(f"cannot read the network {entry.path}: {reason}; {_AGAIN}") from error
    if len(data) != entry.size_bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise UserError(f"{entry.path} is damaged or not the file that {MANIFEST} describes; {_AGAIN}")
    try:
        tensors = load(data)  # checks every size against the data before it makes an array
        metadata = _metadata(data)
    except (SafetensorError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        pass_on_out_of_memory(error)
        raise UserError(f"{entry.path} holds no weights ({type(error).__name__}); {_AGAIN}") from error
    wrong = next((key for key, value in tensors.items() if not can_be_weights(value)), None)
    if wrong is not None:
        raise UserError(f"{entry.path}: {wrong[:NAME_CHARACTERS]!r} holds impossible numbers; {_AGAIN}")
    return {key: np.asarray(value, np.float32, order="C") for key, value in tensors.items()}, metadata


def save_pretrained(
    folder: Path, name: str, tensors: Mapping[str, NDArray], settings: Mapping[str, Any], **about: Any
) -> Path:
    """Write a network as `eyes-NAME.safetensors` (float16) and enters it into the folder's manifest.

    `about`: see `enter_pretrained`.

    Args:
        settings: Its constructor arguments.
    """
    path = folder / FILE_NAME.format(name)
    with np.errstate(over="ignore"):
        halves = {key: np.asarray(value, np.float16, order="C") for key, value in tensors.items()}
    if not all(np.isfinite(value).all() for value in halves.values()):
        raise ValueError(f"the network '{name}' has weights that are not finite or too large for float16")
    data = save(halves, {"settings": json.dumps(settings)})
    with atomic_path(path) as temp:
        temp.write_bytes(data)
    enter_pretrained(folder, name, **about)
    return path


def enter_pretrained(folder: Path, name: str, file: str = "", **about: Any) -> None:
    """Enter a file that lies in `folder` into its manifest: checksum, size, date.

    `about`: licence, recipe, scores and what else is to be known.

    Args:
        file: Its name (default: `eyes-NAME.safetensors`).
    """
    file = file or FILE_NAME.format(name)
    data = (folder / file).read_bytes()
    files = _files(folder) if (folder / MANIFEST).is_file() else {}
    entry = {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    files[name] = entry | {"date": datetime.date.today().isoformat()} | about
    write_json(folder / MANIFEST, {"files": dict(sorted(files.items()))})


def _files(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        files = read_json(path, MIB)["files"]
        if not isinstance(files, dict):
            raise TypeError("files is no table")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(f"cannot read {path} ({type(error).__name__}); {_AGAIN}") from error
    return files


def _metadata(data: bytes) -> dict[str, str]:
    """Return the texts in a safetensors header, which was checked when the tensors were read."""
    size = int.from_bytes(data[:8], "little")
    return parse_json(data[8 : 8 + size]).get("__metadata__") or {}
