"""Loading of a built-in network: shipped weights, folded for inference, on the chosen device, once a process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from faceswap.facenets.layers import folded
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.pretrained import entry_of, load_pretrained

MOST_LOADED = 16  # networks; a process uses six

NetworkT = TypeVar("NetworkT", bound=nn.Module)

_LOADED: dict[Any, Any] = {}
_LOCK = threading.Lock()


def load_network(name: str, build: Callable[..., NetworkT], device: str = "auto") -> tuple[NetworkT, torch.device]:
    """Return `build(**settings)` with the weights that are shipped under `name`, and where it is.

    All who ask for the same get the same one: it is for looking through, nobody changes it. Random numbers are the same
    before and after, whoever has asked first.

    Raises:
        UserError: They do not fit.
    """
    place, entry = choose_device(device), entry_of(name)
    with _LOCK:
        try:
            file = entry.path.stat()
        except OSError:
            return _loaded(name, build, place), place  # which says what is wrong with the file
        key = (build, str(place), entry.path, entry.sha256, file.st_ino, file.st_size, file.st_mtime_ns)
        if key not in _LOADED:
            if len(_LOADED) >= MOST_LOADED:
                _LOADED.clear()
            _LOADED[key] = _loaded(name, build, place)
        return _LOADED[key], place


def check_answer(name: str, values: Tensor) -> None:
    """Raise UserError where a network answers with what is no number: nobody would be found, or anybody known again."""
    if not bool(values.isfinite().all()):
        raise UserError(
            f"the {name} network answers with numbers that are none: its weights are broken; get them again from "
            "where they come"
        )


def _loaded(name: str, build: Callable[..., NetworkT], place: torch.device) -> NetworkT:
    arrays, metadata = load_pretrained(name)
    try:
        with torch.random.fork_rng([]):
            network = build(**json.loads(metadata.get("settings", "{}")))
        state = {key: torch.from_numpy(values) for key, values in arrays.items()}
        missing, unexpected = network.load_state_dict(state, strict=False)
        wrong = [key for key in missing if not key.endswith("num_batches_tracked")] + unexpected
        if wrong:
            raise ValueError(f"{len(wrong)} tensors missing or left over, {wrong[0]} the first")
    except (RuntimeError, ValueError, TypeError) as error:
        pass_on_out_of_memory(error)
        reason = str(error).splitlines()[0]
        raise UserError(f"the weights of the built-in {name} network do not fit: {reason}; install again") from error
    folded(network)
    network.requires_grad_(False).to(place)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
