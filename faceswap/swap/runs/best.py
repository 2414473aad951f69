"""The weights whose swap was judged best, beside the newest ones of a run."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.weights import describe
from faceswap.swap.runs.checkpoints import CHECKPOINTS
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.tensor_files import HEADER_KEY, DamagedCheckpoint, read_description, save_tensors

BEST_FILE = "best.safetensors"

log = logging.getLogger(__name__)


class Best:
    """`run/checkpoints/best.safetensors`: weights alone, to be used and not to go on from; their numbers in the header.

    Only who holds the run may make one. `score`: higher is better; of an earlier session's file, if there is one that
    can be read.
    """

    def __init__(self, run: Path, yaw_degrees: Mapping[str, float] | None = None) -> None:
        self._yaw_degrees = yaw_degrees
        self._path = run / CHECKPOINTS / BEST_FILE
        self._numbers = _numbers_in(self._path)
        for leftover in self._path.parent.glob(".tmp??????"):  # safetensors writes there; a killed process leaves it
            if leftover.is_file() and not leftover.is_symlink():
                leftover.unlink()

    @property
    def score(self) -> float:
        return self._numbers.get("score", -math.inf)

    def offer(self, model: SwapModel, iteration: int, score: float | None, validation: Mapping[str, float]) -> bool:
        """Keeps the model in the place of the one before when it scored higher; None is no score."""
        if score is None or not score > self.score:
            return False
        numbers = {"score": score, "iteration": iteration, "validation": dict(validation)}
        with atomic_path(self._path) as temp:
            about = describe(model, iteration, self._yaw_degrees) | numbers
            save_tensors(model.state_dict(), temp, {HEADER_KEY: json.dumps(about)})
        self._numbers = numbers
        return True

    def report(self) -> dict[str, Any]:
        """For report.json: its iteration, score and validation; empty when nothing was judged yet."""
        return dict(self._numbers)


def _numbers_in(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told = read_description(path)
        score, iteration, validation = told["score"], told["iteration"], told["validation"]
        if not math.isfinite(score) or type(iteration) is not int or not isinstance(validation, dict):
            raise ValueError("no numbers of ours")
    except (DamagedCheckpoint, KeyError, TypeError, ValueError) as error:
        log.warning("%s is damaged (%s): what comes next is the best", path, error)
        return {}
    return {"score": float(score), "iteration": iteration, "validation": validation}
