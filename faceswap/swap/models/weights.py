"""Weights files of swap models: the header says which model they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import faceswap
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.registry import build_model, model_name
from faceswap.utils.errors import UserError
from faceswap.utils.tensor_files import DamagedCheckpoint, read_description, read_tensors


def load_model(path: Path) -> tuple[SwapModel, dict[str, Any]]:
    """The model in a weights file of this program, and its description. Raises UserError when it cannot be."""
    try:
        description = read_description(path)
        if "model" not in description:
            raise UserError(f"{path} does not say which model it holds; it can serve as init=, not as a run")
        with torch.device("meta"):  # takes no memory: a header can ask for more than the file holds
            model = build_model(description["model"], description.get("settings", {}))
        model.load_state_dict(read_tensors(path), assign=True)
    except DamagedCheckpoint as error:
        raise UserError(f"cannot read the weights {path}: {error}") from error
    except RuntimeError as error:
        raise UserError(f"{path}: its weights do not fit the model '{description['model']}' it names") from error
    return model.float(), description


def describe(model: SwapModel, iteration: int) -> dict[str, Any]:
    """The description that goes into a weights file's header."""
    return {
        "model": model_name(model),
        "settings": model.settings,
        "iteration": iteration,
        "version": faceswap.__version__,
    }
