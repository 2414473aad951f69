"""What an optimizer remembers of each weight, checked before torch gets it.

torch's fused kernels trust these numbers: a moment of another shape or type makes them write beyond its memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from faceswap.utils.limits import OPTIMIZER_STEPS

# By the optimizer's class: the moments of a weight, each of the weight's own shape and type; beside them its `step`.
KINDS = {
    "Adam": ("exp_avg", "exp_avg_sq"),
    "AdamW": ("exp_avg", "exp_avg_sq"),
    "AdaBeliefOptimizer": ("exp_avg", "exp_avg_var"),
}
_NEVER_NEGATIVE = ("exp_avg_sq", "exp_avg_var")  # their root is taken
_STEP = "step"


def fill_moments(optimizer: torch.optim.Optimizer, found: Iterable[tuple[str, Tensor, Mapping[str, Any]]]) -> None:
    """Replace all that an optimizer remembers by what was stored; its options stay as they are.

    Args:
        optimizer: One of the classes in KINDS.
        found: Name, weight and stored moments of each weight. Empty moments: of a weight that has never moved.

    Raises:
        ValueError: A moment is missing, unknown, or has another shape or type than the weight, or is no number. The
            optimizer is then as it was.
    """
    checked = [(weight, checked_moments(optimizer, name, weight, moments)) for name, weight, moments in found]
    optimizer.state.clear()
    for weight, moments in checked:
        if moments:
            optimizer.state[weight] = moments


def checked_moments(
    optimizer: torch.optim.Optimizer, name: str, weight: Tensor, stored: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Return copies of one weight's moments, on its device and in its layout in memory. Raises ValueError."""
    if not isinstance(stored, Mapping):
        raise ValueError(f"the optimizer's memory of {name} is no table")
    if not stored:
        return {}
    kinds = KINDS[type(optimizer).__name__]
    if set(stored) != {_STEP, *kinds}:
        told = ", ".join(sorted(map(str, stored)))[:100]
        raise ValueError(f"the optimizer remembers {told} of {name}, not {', '.join((_STEP, *kinds))}")
    for kind, value in stored.items():
        shape = torch.Size() if kind == _STEP else weight.shape
        dtype = torch.float32 if kind == _STEP else weight.dtype
        if not isinstance(value, Tensor) or value.shape != shape or value.dtype != dtype or value.is_sparse:
            told = f"{value.dtype} {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"the optimizer's {kind} of {name} is {told}, not {dtype} {tuple(shape)}")
        sound = bool(value.isfinite().all()) and not (kind in _NEVER_NEGATIVE and bool((value < 0).any()))
        if not sound:
            raise ValueError(f"the optimizer's {kind} of {name} holds impossible numbers")
    if not 1 <= float(stored[_STEP]) <= OPTIMIZER_STEPS:
        raise ValueError(f"the optimizer has taken {float(stored[_STEP]):g} steps of {name}")
    beside = weight.device if optimizer.defaults.get("fused") else torch.device("cpu")
    return {
        kind: stored[kind].detach().to(beside, copy=True)
        if kind == _STEP
        else torch.empty_like(weight, requires_grad=False).copy_(stored[kind].detach())
        for kind in (_STEP, *kinds)
    }
