"""Checkpoints: a folder with weights, optimizer state and numbers; whole or not there, never unpickled.

checkpoints/00012000/  model.safetensors      weights; the header names the model, so this file alone can be used
                       optimiser.safetensors  moments by weight name, and the random generator's state; where the
                                              weights above are an average, those in training too
                       state.json             everything else, and size and sum of the two files
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from faceswap.engine.moments import fill_moments
from faceswap.engine.state import TrainingState, read_state, write_state
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.registry import ADDED_SETTINGS, sized_name
from faceswap.swap.models.weights import check_numbers, describe, read_weights
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.atomic import flush_to_disk, writing_errors
from faceswap.utils.files.links import move, own_folder, refuse_links_in, remove
from faceswap.utils.files.temporary import temp_path
from faceswap.utils.files.tensor_files import (
    HEADER_KEY,
    DamagedCheckpoint,
    read_description,
    read_tensors,
    save_tensors,
)

CHECKPOINTS = "checkpoints"
MODEL_FILE, OPTIMIZER_FILE = "model.safetensors", "optimiser.safetensors"
_NUMBER = re.compile(r"[0-9]{1,18}")  # str.isdigit takes more than int() does
_GENERATOR_KEY = "generator/cpu"
_TRAINED = "trained/"  # weights in training, where those in the model's file are their average

log = logging.getLogger(__name__)


class Companion(Protocol):
    """What trains beside the model and must come back as it was; its tensors' names begin with its own."""

    def tensors(self) -> dict[str, Tensor]: ...

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes its own out of all the tensors of optimiser.safetensors; begins anew where there are none."""
        ...


class CheckpointIO:
    """Collect all that a training must have to go on, write it and read it.

    Args:
        model: The model in training.
        optimizer: The optimizer of its weights, one of engine.moments.KINDS.
        averaged: The model whose weights are to be used later on, where these are not those in training.
        companions: What trains beside the model.
    """

    def __init__(
        self,
        model: SwapModel,
        optimizer: torch.optim.Optimizer,
        averaged: SwapModel | None = None,
        companions: Sequence[Companion] = (),
    ) -> None:
        self._model = model
        self._optimizer = optimizer
        self._averaged = averaged
        self._companions = companions

    def state_dict(self, state: TrainingState) -> dict[str, Any]:
        """Return the state of a training that stands at `state`; its tensors are the training's own.

        Returns:
            "progress": the fields of TrainingState; "optimizer": the optimizer's class; "weights": those to be used, by
            name; "training": everything else, by the names in optimiser.safetensors.
        """
        model, averaged = self._model, self._averaged
        trained = {_TRAINED + name: value for name, value in model.state_dict().items()} if averaged else {}
        beside = {name: value for companion in self._companions for name, value in companion.tensors().items()}
        moments = {
            f"{name}/{key}": value
            for name, parameter in model.named_parameters()
            for key, value in self._optimizer.state[parameter].items()
        }
        return {
            "progress": asdict(state),
            "optimizer": type(self._optimizer).__name__,
            "weights": (averaged or model).state_dict(),
            "training": moments | trained | beside | {_GENERATOR_KEY: torch.get_rng_state()},
        }

    def load_state_dict(self, values: Mapping[str, Any]) -> TrainingState:
        """Fill model, optimizer, companions and the random generator with what state_dict() has returned.

        An average that is not held begins at the weights; the moments of another kind of optimizer are left.

        Raises:
            RuntimeError, KeyError, TypeError, ValueError: The state is of another model, or damaged.
        """
        weights, training, kind = values["weights"], values["training"], values["optimizer"]
        trained = {name.removeprefix(_TRAINED): v for name, v in training.items() if name.startswith(_TRAINED)}
        state = TrainingState(**values["progress"])
        self._model.load_state_dict(trained or weights)
        if self._averaged is not None:
            self._averaged.load_state_dict(weights)
        if kind == type(self._optimizer).__name__:
            _restore_moments(training, self._model, self._optimizer)
            if state.iteration and not self._optimizer.state:
                log.warning("%s begins anew: the checkpoint of step %d does not hold it", kind, state.iteration)
        else:
            self._optimizer.state.clear()
            log.info("%s begins anew: the checkpoint was written by %s", type(self._optimizer).__name__, kind)
        for companion in self._companions:
            companion.restore(training)
        torch.set_rng_state(training[_GENERATOR_KEY])
        return state

    def save(self, run: Path, state: TrainingState, keep: int, yaw_degrees: Mapping[str, float] | None = None) -> Path:
        """Write `run/checkpoints/ITERATION`, which gets its name when all is on the disk, and keep the last `keep`.

        Removes later ones too: the run went back behind them (they are damaged), and a resumed run must not find them.
        `yaw_degrees`: see describe().
        """
        folder = run / CHECKPOINTS / f"{state.iteration:08d}"
        temp = temp_path(folder)
        with writing_errors(folder):
            remove(temp)
            own_folder(temp)
            try:
                self._write(temp, state, describe(self._model, state.iteration, yaw_degrees))
                remove(folder)
                move(temp, folder)
            finally:
                remove(temp)
            others = [path for path in list_checkpoints(run) if path != folder]
            earlier = [path for path in others if int(path.name) < state.iteration]
            for path in others:
                if path not in earlier[: keep - 1]:
                    remove(path)
        return folder

    def restore_latest(self, run: Path, faces: tuple[str, str] | None = None) -> TrainingState | None:
        """Fill all from the newest checkpoint that can be read; None when there is none.

        A damaged one is passed over with a warning.

        Args:
            run: The folder of the run.
            faces: Names of the face sets of A and B; None for any.

        Raises:
            UserError: All are damaged, or the run was trained with another model, coverage or pair of face sets.
        """
        found = list_checkpoints(run)
        for folder in found:
            try:
                return self._restore(folder, faces)
            except DamagedCheckpoint as error:
                log.warning("checkpoint %s is damaged (%s); trying the one before", folder, error)
        if found:
            raise UserError(f"no checkpoint in {run / CHECKPOINTS} can be read; restart=true begins anew")
        return None

    def _write(self, folder: Path, state: TrainingState, description: Mapping[str, Any]) -> None:
        values = self.state_dict(state)
        header = {HEADER_KEY: json.dumps(description)}
        sums = {
            MODEL_FILE: save_tensors(values["weights"], folder / MODEL_FILE, header),
            OPTIMIZER_FILE: save_tensors(values["training"], folder / OPTIMIZER_FILE),
        }
        sizes = {name: (folder / name).stat().st_size for name in sums}
        write_state(folder, state, values["optimizer"], sizes, sums)
        flush_to_disk(folder / MODEL_FILE)
        flush_to_disk(folder / OPTIMIZER_FILE)

    def _restore(self, folder: Path, faces: tuple[str, str] | None) -> TrainingState:
        state, kind, sums = read_state(folder)
        _check_same_run(folder, state, describe(self._model, state.iteration), faces)
        weights = read_weights(folder / MODEL_FILE, sums.get(MODEL_FILE))
        training = read_tensors(folder / OPTIMIZER_FILE, sums.get(OPTIMIZER_FILE))
        check_numbers(OPTIMIZER_FILE, {name: v for name, v in training.items() if name.startswith(_TRAINED)})
        try:
            return self.load_state_dict(
                {"progress": asdict(state), "optimizer": kind, "weights": weights, "training": training}
            )
        except (RuntimeError, KeyError, TypeError, ValueError) as error:
            pass_on_out_of_memory(error)
            raise DamagedCheckpoint(str(error).splitlines()[0]) from error


def list_checkpoints(run: Path) -> list[Path]:
    """The checkpoint folders of a run, newest first."""
    parent = run / CHECKPOINTS
    if parent.is_dir():
        refuse_links_in(run)
    folders = [path for path in parent.iterdir() if _NUMBER.fullmatch(path.name)] if parent.is_dir() else []
    return sorted(folders, key=lambda path: int(path.name), reverse=True)


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
            read_weights(folder / MODEL_FILE)
            return folder / MODEL_FILE
        except DamagedCheckpoint as error:
            log.warning("checkpoint %s is damaged (%s); trying the one before", folder, error)
            damaged.append(folder.name)
    if damaged:
        raise UserError(f"no checkpoint in {source / CHECKPOINTS} can be used ({', '.join(damaged)} are damaged)")
    raise UserError(f"no weights in {source}: expected a run, one of its checkpoints or a .safetensors file")


def _check_same_run(
    folder: Path, state: TrainingState, asked: Mapping[str, Any], faces: tuple[str, str] | None
) -> None:
    """Raises UserError when the checkpoint is of another model or pair; what merely steers the training may change."""
    trained = read_description(folder / MODEL_FILE)
    if trained.get("iteration", state.iteration) != state.iteration:
        raise DamagedCheckpoint(f"{MODEL_FILE} is of iteration {trained['iteration']}, the rest of {state.iteration}")
    settings = trained.get("settings")
    compared: list[tuple[str, Any, Any]] = []
    if trained.get("model") != asked["model"]:
        was, now = (sized_name(one.get("model"), one.get("settings")) for one in (trained, asked))
        compared.append(("model", was, now))
    elif isinstance(settings, dict):
        settings = ADDED_SETTINGS | settings
        compared += [(f"model.{name}", settings.get(name), value) for name, value in asked["settings"].items()]
    if state.faces and faces:
        compared += [("pair.a", state.faces[0], faces[0]), ("pair.b", state.faces[1], faces[1])]
    differs = [f"{name}={was}, not {now}" for name, was, now in compared if was != now]
    if differs:
        raise UserError(
            f"{folder.parent.parent} was trained with {' and '.join(differs)}; "
            "choose that again, name another run by run=, or say restart=true"
        )


def _restore_moments(moments: Mapping[str, Tensor], model: SwapModel, optimizer: torch.optim.Optimizer) -> None:
    by_weight: dict[str, dict[str, Tensor]] = {}
    for key, value in moments.items():
        name, _, kind = key.rpartition("/")
        by_weight.setdefault(name, {})[kind] = value
    # None of a weight that has rested so far.
    fill_moments(optimizer, ((name, weight, by_weight.get(name, {})) for name, weight in model.named_parameters()))
