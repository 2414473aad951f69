"""The checkpoint of a tool that goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from faceswap.utils.errors import UserError


def read_checkpoint(path: Path, plan: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was saved; None: nothing yet.

    Args:
        path: Of the checkpoint.
        plan: What is asked for now, by name; `steps` alone may be another than before.

    Raises:
        UserError: It is of another plan.
    """
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True)
    for name in plan.keys() - {"steps"}:
        if state["plan"][name] != plan[name]:
            raise UserError(f"{path} was begun with --{name}={state['plan'][name]}: say so again, or name another OUT")
    return state
