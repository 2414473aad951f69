"""Choice of the device for networks, and its support of bfloat16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    import torch  # at work it is imported where it is needed: help and errors answer without it


def choose_device(asked: str = "auto", setting: str = "device") -> torch.device:
    """Return `asked`: auto (a GPU if there is one), cpu, cuda or cuda:N.

    Raises UserError, naming `setting`, for another.
    """
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "auto":
        return torch.device("cuda" if count else "cpu")
    kind, colon, number = asked.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not number.isdecimal())):
        raise UserError(f"{setting}={asked}: accepted are auto, cpu, cuda and cuda:N")
    if kind == "cuda" and int(number or 0) >= count:
        found = f"only {count} NVIDIA GPU(s)" if count else "no NVIDIA GPU (or a PyTorch built without CUDA)"
        raise UserError(f"{setting}={asked}: this machine has {found}; use {setting}=auto or {setting}=cpu")
    return torch.device(asked)


def multiplies_bf16(device: torch.device) -> bool:
    """Return whether the hardware has bfloat16 products: elsewhere they are emulated, slower than float32."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # The question has no public name in torch yet.
    asks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(ask() for ask in asks if ask is not None)
