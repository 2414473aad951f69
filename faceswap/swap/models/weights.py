"""Weights files of swap models: the header says which model they hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import faceswap
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.swap.models.registry import build_model, model_name
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.tensor_files import DamagedCheckpoint, read_description, read_tensors
from faceswap.utils.limits import WEIGHT_MAGNITUDE

YAW = "yaw_degrees"  # in the description


def read_weights(path: Path, expected_sum: str | None = None) -> dict[str, Tensor]:
    """`read_tensors` of a file that holds weights alone. Raises DamagedCheckpoint also for numbers that cannot be."""
    tensors = read_tensors(path, expected_sum)
    check_numbers(path.name, tensors)
    return tensors


def check_numbers(name: str, tensors: Mapping[str, Tensor]) -> None:
    """Raise DamagedCheckpoint for weights of `name` that are no number, or larger than any that training makes."""
    for key, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel() and not float(tensor.abs().max()) <= WEIGHT_MAGNITUDE:
            raise DamagedCheckpoint(f"{name}: {key} holds impossible numbers")


def load_model(path: Path) -> tuple[SwapModel, dict[str, Any]]:
    """The model in a weights file of this program, and its description. Raises UserError when it cannot be."""
    try:
        description = read_description(path)
        if "model" not in description:
            raise UserError(f"{path} does not say which model it holds; it can serve as init=, not as a run")
        with torch.device("meta"):  # takes no memory: a header can ask for more than the file holds
            model = build_model(description["model"], description.get("settings", {}))
        model.load_state_dict(read_weights(path), assign=True)
    except DamagedCheckpoint as error:
        raise UserError(f"cannot read the weights {path}: {error}") from error
    except RuntimeError as error:
        pass_on_out_of_memory(error)
        raise UserError(f"{path}: its weights do not fit the model '{description['model']}' it names") from error
    return model.float(), description


def seen_yaw(description: Mapping[str, Any]) -> dict[str, float]:
    """How far the faces of each side were turned that a described model was trained on, degrees; {} where unknown."""
    told = description.get(YAW)
    angles = told.items() if isinstance(told, Mapping) else ()
    return {side: float(yaw) for side, yaw in angles if side in SIDES and type(yaw) in (int, float) and 0 <= yaw <= 180}


def describe(model: SwapModel, iteration: int, yaw_degrees: Mapping[str, float] | None = None) -> dict[str, Any]:
    """The description that goes into a weights file's header.

    `yaw_degrees`: how far the faces of each side were turned on which the model was trained, if known.
    """
    return {
        "model": model_name(model),
        "settings": model.settings,
        "iteration": iteration,
        "version": faceswap.__version__,
        **({YAW: dict(yaw_degrees)} if yaw_degrees else {}),
    }
