"""Weights of third-party networks: looked up in a folder, downloaded when missing."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.progress import Progress

TIMEOUT_SECONDS = 20
_CHUNK_BYTES = 1 << 20
_UNLOADABLE = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    pickle.UnpicklingError,
)
T = TypeVar("T")


@dataclass(frozen=True)
class WeightsFile:
    """A file by its exact name, and where it can be had. A hash in the name (`-0123456789.pth`) checks the download."""

    name: str
    url: str


def default_folder() -> Path:
    """Return where torch keeps downloaded weights: `$TORCH_HOME/hub/checkpoints`, by default in ~/.cache/torch."""
    cache = os.environ.get("XDG_CACHE_HOME", os.path.join("~", ".cache"))
    return Path(os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch")))) / "hub" / "checkpoints"


def find_weights(files: Sequence[WeightsFile], folder: Path) -> list[Path]:
    """Return the paths of `files` in `folder`; missing ones are downloaded.

    Raises:
        UserError: It names those still missing.
    """
    missing = [file for file in files if not (folder / file.name).is_file()]
    for number, file in enumerate(missing):
        try:
            _download(file, folder / file.name)
        except (OSError, ValueError, UserError) as error:
            names = " and ".join(other.name for other in missing[number:])
            urls = " , ".join(other.url for other in missing[number:])
            raise UserError(
                f"weights are missing and could not be downloaded ({_first_line(error)}): put {names} into {folder} "
                f"or name their folder with finder.weights_folder= (from {urls})"
            ) from error
    return [folder / file.name for file in files]


def loaded(load: Callable[[], T], files: Sequence[Path]) -> T:
    """Return what `load` makes of weights files; UserError when they are not what it expects."""
    try:
        return load()
    except _UNLOADABLE as error:
        names = " or ".join(str(file) for file in files)
        raise UserError(
            f"{names} holds no weights that fit ({type(error).__name__}); delete it to download it anew, or put "
            "the right file there"
        ) from error


def _download(file: WeightsFile, path: Path) -> None:
    request = urllib.request.Request(file.url, headers={"User-Agent": "faceswap"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, atomic_path(path) as temp:
        length = int(answer.headers.get("Content-Length") or 0)
        digest = hashlib.sha256()
        with open(temp, "wb") as target, Progress(length >> 10 or None, f"download {file.name}", "KB") as bar:
            while chunk := answer.read(_CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
                bar.advance(len(chunk) >> 10)
        expected = re.search(r"-([0-9a-f]{8,64})\.", file.name)
        if expected and not digest.hexdigest().startswith(expected[1]):
            raise ValueError("the checksum of the download is wrong")


def _first_line(error: BaseException) -> str:
    error = getattr(error, "reason", error)  # of urllib's URLError
    return (str(error) or type(error).__name__).splitlines()[0][:120]
