"""Loading of a built-in network: shipped weights, folded for inference, on the chosen device."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from faceswap.facenets.layers import folded
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.pretrained import load_pretrained

NetworkT = TypeVar("NetworkT", bound=nn.Module)


def load_network(name: str, build: Callable[..., NetworkT], device: str = "auto") -> tuple[NetworkT, torch.device]:
    """Return `build(**settings)` with the weights that are shipped under `name`.

    Raises:
        UserError: They do not fit.
    """
    arrays, metadata = load_pretrained(name)
    place = choose_device(device)
    try:
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
    return network, place
