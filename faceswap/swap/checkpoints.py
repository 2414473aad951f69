"""Checkpoints: a folder with weights, optimiser state and numbers; whole or not there, never unpickled.

checkpoints/00012000/  model.safetensors      weights; the header names the model, so this file alone can be used
                       optimiser.safetensors  moments by weight name, and the random generator's state
                       state.json             everything else, and the size of the two files
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

import faceswap
from faceswap.faces.atomic import flush_to_disk, remove, temp_path, write_text, writing_errors
from faceswap.faces.errors import UserError
from faceswap.swap.blocks import SwapModel
from faceswap.swap.models import build_model, model_name

CHECKPOINTS = "checkpoints"
MODEL_FILE, OPTIMISER_FILE, STATE_FILE = "model.safetensors", "optimiser.safetensors", "state.json"
_HEADER_KEY = "faceswap"
_GENERATOR_KEY = "generator/cpu"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands: `iteration` steps done in `seconds` of training, `seed` of its batches (see batches.py)."""

    iteration: int
    seconds: float
    seed: int


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read: cut short, overwritten, or not one at all."""


def save_checkpoint(
    run: Path, model: SwapModel, optimiser: torch.optim.Optimizer, state: TrainingState, keep: int
) -> Path:
    """Writes `run/checkpoints/ITERATION`, which gets its name when all is on the disk; keeps the last `keep`."""
    folder = run / CHECKPOINTS / f"{state.iteration:08d}"
    temp = temp_path(folder)
    with writing_errors(folder):
        remove(temp)
        temp.mkdir(parents=True)
        try:
            _write(temp, model, optimiser, state)
            remove(folder)
            os.replace(temp, folder)
        finally:
            remove(temp)
        for old in list_checkpoints(run)[keep:]:
            remove(old)
    return folder


def list_checkpoints(run: Path) -> list[Path]:
    """The checkpoint folders of a run, newest first."""
    parent = run / CHECKPOINTS
    folders = [path for path in parent.iterdir() if path.name.isdigit()] if parent.is_dir() else []
    return sorted(folders, key=lambda path: int(path.name), reverse=True)


def restore_latest(run: Path, model: SwapModel, optimiser: torch.optim.Optimizer) -> TrainingState | None:
    """Fills model, optimiser and random generator from the newest checkpoint that can be read; None when there is none.

    A damaged one is passed over with a warning. Raises UserError when all are damaged, or when the run's model is
    another than `model`.
    """
    found = list_checkpoints(run)
    for folder in found:
        try:
            return _restore(folder, model, optimiser)
        except DamagedCheckpoint as error:
            log.warning("checkpoint %s is damaged (%s); trying the one before", folder, error)
    if found:
        raise UserError(f"no checkpoint in {run / CHECKPOINTS} can be read; restart=true begins anew")
    return None


def find_weights(source: Path) -> Path:
    """The weights file meant by a run folder (its newest readable checkpoint), a checkpoint folder or a file.

    Raises UserError when there is none.
    """
    if source.is_file():
        return source
    if (source / MODEL_FILE).is_file():
        return source / MODEL_FILE
    damaged = []
    for folder in list_checkpoints(source):
        try:
            read_description(folder / MODEL_FILE)
            return folder / MODEL_FILE
        except DamagedCheckpoint as error:
            log.warning("checkpoint %s is damaged (%s); trying the one before", folder, error)
            damaged.append(folder.name)
    if damaged:
        raise UserError(f"no checkpoint in {source / CHECKPOINTS} can be read ({', '.join(damaged)} are damaged)")
    raise UserError(f"no weights in {source}: expected a run, one of its checkpoints or a .safetensors file")


def read_description(path: Path) -> dict[str, Any]:
    """What a weights file says of itself: model, settings, iteration, version; empty for a foreign file.

    Raises DamagedCheckpoint when the file is missing, cut or no safetensors.
    """
    with _opened(path) as file:
        try:
            description = json.loads((file.metadata() or {}).get(_HEADER_KEY, "{}"))
        except ValueError as error:
            raise DamagedCheckpoint(f"{path.name}: {error}") from error
    return description if isinstance(description, dict) else {}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file. Raises DamagedCheckpoint."""
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)


def load_model(path: Path) -> tuple[SwapModel, dict[str, Any]]:
    """The model in a weights file of this program, and its description. Raises UserError when it cannot be."""
    try:
        description = read_description(path)
        if "model" not in description:
            raise UserError(f"{path} does not say which model it holds; it can serve as init=, not as a run")
        model = build_model(description["model"], description.get("settings", {}))
        model.load_state_dict(read_tensors(path))
    except DamagedCheckpoint as error:
        raise UserError(f"cannot read the weights {path}: {error}") from error
    except RuntimeError as error:
        raise UserError(f"{path}: its weights do not fit the model '{description['model']}' it names") from error
    return model, description


def describe(model: SwapModel, state: TrainingState) -> dict[str, Any]:
    """The description that goes into a weights file's header."""
    return {
        "model": model_name(model),
        "settings": {"coverage": model.coverage},
        "iteration": state.iteration,
        "version": faceswap.__version__,
    }


def _write(folder: Path, model: SwapModel, optimiser: torch.optim.Optimizer, state: TrainingState) -> None:
    header = {_HEADER_KEY: json.dumps(describe(model, state))}
    _save(model.state_dict(), folder / MODEL_FILE, header)
    moments = {
        f"{name}/{key}": value
        for name, parameter in model.named_parameters()
        for key, value in optimiser.state[parameter].items()
    }
    _save(moments | {_GENERATOR_KEY: torch.get_rng_state()}, folder / OPTIMISER_FILE)
    sizes = {name: (folder / name).stat().st_size for name in (MODEL_FILE, OPTIMISER_FILE)}
    write_text(folder / STATE_FILE, json.dumps({"format": 1, **asdict(state), "bytes": sizes}, indent=2) + "\n")
    flush_to_disk(folder / MODEL_FILE)
    flush_to_disk(folder / OPTIMISER_FILE)


def _restore(folder: Path, model: SwapModel, optimiser: torch.optim.Optimizer) -> TrainingState:
    state = _read_state(folder)
    description = read_description(folder / MODEL_FILE)
    if description.get("model") != model_name(model):
        raise UserError(
            f"{folder.parent.parent} was trained with model={description.get('model')}, not {model_name(model)}; "
            "choose that model, another pair name, or restart=true"
        )
    weights, moments = read_tensors(folder / MODEL_FILE), read_tensors(folder / OPTIMISER_FILE)
    try:
        model.load_state_dict(weights)
        _restore_moments(moments, model, optimiser)
    except (RuntimeError, KeyError) as error:
        raise DamagedCheckpoint(str(error).splitlines()[0]) from error
    torch.set_rng_state(moments[_GENERATOR_KEY])
    return state


def _restore_moments(moments: Mapping[str, Tensor], model: SwapModel, optimiser: torch.optim.Optimizer) -> None:
    by_weight: dict[str, dict[str, Tensor]] = {}
    for key, value in moments.items():
        name, _, kind = key.rpartition("/")
        by_weight.setdefault(name, {})[kind] = value
    for name, parameter in model.named_parameters():  # the layout in memory must be the weight's own
        optimiser.state[parameter] = {
            kind: torch.empty_like(parameter, requires_grad=False).copy_(value) if value.dim() else value.clone()
            for kind, value in by_weight[name].items()
        }


def _read_state(folder: Path) -> TrainingState:
    try:
        values = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        for name, size in values["bytes"].items():
            if (folder / name).stat().st_size != size:
                raise DamagedCheckpoint(f"{name} has {(folder / name).stat().st_size} bytes, not {size}")
        return TrainingState(int(values["iteration"]), float(values["seconds"]), int(values["seed"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedCheckpoint(f"{STATE_FILE}: {error}") from error


def _opened(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise DamagedCheckpoint(f"{path.name}: {error}") from error


def _save(tensors: Mapping[str, Tensor], path: Path, header: dict[str, str] | None = None) -> None:
    """Writes a safetensors file. Raises OSError, as every other way of writing does."""
    try:  # on the CPU and contiguous, as the format wants them
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path, header)
    except SafetensorError as error:
        refused = re.search(r"os error (\d+)", str(error))
        if refused is None:
            raise
        raise OSError(int(refused[1]), os.strerror(int(refused[1])), str(path)) from error
