"""One training from one beginning, looked at after so many iterations; goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.pictures.images import write_image
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.initialisation.schemes import Generic, Scratch, Weights
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.swap.models.lite import Lite
from faceswap.swap.training.trainer import Trainer
from faceswap.utils.files.atomic import atomic_path, write_json
from tools.transfer.scenes import Scene
from tools.truth.eyes import Eyes

ARMS = ("generic", "plain", "scratch")
NEVER = 10**9


@dataclass(frozen=True)
class Trial:
    """`arm`: what it begins with; `settings` of the training beside the pair, as TrainConfig takes them.

    `model`: what is trained.
    """

    scene: Scene
    arm: str
    init: Scratch
    seed: int
    settings: Mapping[str, Any]
    folder: Path  # of all trials
    model: Callable[[], SwapModel] = Lite

    @property
    def name(self) -> str:
        return f"{self.scene.name}-{self.arm}-{self.seed}"

    @property
    def results(self) -> Path:
        """The file of what was seen: a list of rows, one a look."""
        return self.folder / f"{self.name}.json"

    def picture(self, iteration: int) -> Path:
        """Return the face as it was drawn then."""
        return self.folder / f"{self.name}-{iteration:05d}.png"

    def run(self, looks: Sequence[int], eyes: Eyes) -> list[dict[str, Any]]:
        """Train from look to look (iterations, 0 first). A row: iteration, seconds of training, scores, validation."""
        rows = json.loads(self.results.read_text()) if self.results.is_file() else []
        self._show_ends()
        for iteration in looks:
            if any(row["iteration"] == iteration for row in rows):
                continue
            row = self._after(iteration, eyes) if iteration else self._before(eyes)
            rows.append({"scene": self.scene.name, "arm": self.arm, "seed": self.seed, **row})
            write_json(self.results, rows)
        return rows

    def _show_ends(self) -> None:
        """The face of B as it is, and of the true swap."""
        ends = {"b": [frame.image for frame in self.scene.frames], "truth": self.scene.truth}
        for name, pictures in ends.items():
            if pictures is not None:
                write_image(self.folder / f"{self.scene.name}-{name}.png", self.scene.shown(pictures))

    def _before(self, eyes: Eyes) -> dict[str, Any]:
        torch.manual_seed(self.seed)
        accelerator = choose_accelerator("cpu")
        model = accelerator.place(self.model())
        self.init.begin(model, {"a": self.scene.faces_a, "b": self.scene.faces_b})
        return {"iteration": 0, "seconds": 0.0, **self._look(TrainedSwapper(model.eval(), accelerator, {}), 0, eyes)}

    def _after(self, iteration: int, eyes: Eyes) -> dict[str, Any]:
        run = self.folder / "runs" / self.name
        rarely = {"preview_every": NEVER, "save_every": NEVER, "keep_checkpoints": 1, "evaluate": False}
        settings = {"init": self.init, "seed": self.seed, "device": "cpu", "workers": 0, **rarely, **self.settings}
        Trainer(self.scene.faces_a, self.scene.faces_b, run, model=self.model, **settings).fit(iteration)
        report = json.loads((run / "report.json").read_text())
        row = {"iteration": iteration, "seconds": report["seconds"], "validation": report["validation"]["validation"]}
        return row | self._look(TrainedSwapper.load(run, device="cpu"), iteration, eyes)

    def _look(self, swapper: TrainedSwapper, iteration: int, eyes: Eyes) -> dict[str, float]:
        write_image(self.picture(iteration), self.scene.shown(self.scene.swapped(swapper)))
        return self.scene.score(swapper, eyes)


def beginnings(plain: Path | None, folder: Path, generic: Generic) -> dict[str, Scratch]:
    """Return what each arm begins with.

    Args:
        plain: What `tools.train_generic --plain` wrote.
    """
    starts: dict[str, Scratch] = {"generic": generic, "scratch": Scratch()}
    if plain is not None:
        starts["plain"] = Weights(path=_with_two_decoders(plain, folder))
    return starts


def _with_two_decoders(path: Path, folder: Path) -> Path:
    """Return a plain autoencoder's file as a run begins with it: both decoders are its own."""
    out = folder / "plain.safetensors"
    weights = {}
    for name, value in load_file(path).items():
        for place in [f"decoder_{side}." for side in SIDES] if name.startswith("decoder.") else [""]:
            weights[place + name.removeprefix("decoder.") if place else name] = value.float()
    with atomic_path(out) as temp:
        save_file(weights, temp)
    return out


def means(
    rows: Sequence[Mapping[str, Any]], measure: str, arm: str, scenes: Sequence[str]
) -> dict[int, tuple[float, float, float]]:
    """Return by iteration the mean, least and largest value of a measure over scenes and seeds.

    Where all scenes have it.
    """
    found: dict[int, list[float]] = {}
    seen: dict[int, set[str]] = {}
    for row in rows:
        if row["arm"] == arm and row["scene"] in scenes and measure in row:
            found.setdefault(row["iteration"], []).append(float(row[measure]))
            seen.setdefault(row["iteration"], set()).add(row["scene"])
    whole = {i: values for i, values in sorted(found.items()) if seen[i] == set(scenes)}
    return {i: (float(np.mean(values)), min(values), max(values)) for i, values in whole.items()}
