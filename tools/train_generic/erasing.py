"""Takes out of a trained code what tells people apart, in closed form, and folds that into the code's own layer.

    python -m tools.train_generic.erasing DATA OUT     changes OUT/generic-MODEL.safetensors, once

Pulling codes together leaves little of who is seen, but a linear classifier finds little too: where a moment moves a
direction of the code even less, what is left stands out. So directions are compared by shares of their own variance.
Kept are those in which people of one moment differ least, without those in which the same person differs alike from
moment to moment; the others become what the kept ones tell of them (a projection orthogonal in the metric of the
codes' covariance, as in Belrose et al. 2023, LEACE).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from faceswap.swap.data.cache import crop_px_for
from faceswap.utils.errors import UserError
from tools.train_generic.moments import Moments
from tools.train_generic.network import GenericNet
from tools.train_generic.probe import codes_of, settings_of, views_of
from tools.train_generic.task import SwapTask, score
from tools.train_generic.training import export

LEAST = 1e-6  # of a code's variance: what has less is rounding, and no direction of it
SHARED, TELLING = 10, 2  # directions in which a moment is shared most, and those of them that tell people apart most


@dataclass(frozen=True, eq=False)
class Spread:
    """Of codes (N, D): their `mean` (D,), the covariances (D, D) of all (`total`) and of people within a moment.

    `within`), and the part of the latter that a person carries from moment to moment (`person`.
    """

    mean: NDArray[np.float64]
    total: NDArray[np.float64]
    within: NDArray[np.float64]
    person: NDArray[np.float64]

    @classmethod
    def of(cls, codes: NDArray, person: NDArray, casts: NDArray[np.int64]) -> Spread:
        """Return `person` (N,): who is in each picture.

        Args:
            casts: (M, k) The pictures of each moment.
        """
        played = codes[casts].astype(np.float64)
        together = casts.shape[1]
        unbiased = together / (together - 1)
        apart = (played - played.mean(1, keepdims=True)).reshape(-1, played.shape[-1])
        _, who, counts = np.unique(person[casts].ravel(), return_inverse=True, return_counts=True)
        sums = np.zeros((len(counts), apart.shape[1]))
        np.add.at(sums, who, apart)
        pairs = (counts * (counts - 1)).sum()  # of different moments of one person: what they share is the person
        flat = played.reshape(-1, played.shape[-1])
        return cls(
            mean=flat.mean(0),
            total=np.cov(flat.T),
            within=apart.T @ apart / len(apart) * unbiased,
            person=(sums.T @ sums - apart.T @ apart) / pairs * unbiased,
        )


def projection(spread: Spread, shared: int = SHARED, telling: int = TELLING) -> NDArray[np.float64]:
    """Return (D, D): keeps `shared` less `telling` directions of a code, which is to be measured from its mean."""
    values, axes = np.linalg.eigh(spread.total)
    real = values > LEAST * values.sum()
    white = axes[:, real] / np.sqrt(values[real])  # columns: directions of variance 1
    _, order = np.linalg.eigh(white.T @ spread.within @ white)
    best = white @ order[:, :shared]
    _, order = np.linalg.eigh(best.T @ spread.person @ best)
    kept = best @ order[:, : shared - telling]
    return spread.total @ kept @ kept.T


@torch.no_grad()
def erase(network: GenericNet, spread: Spread, shared: int = SHARED, telling: int = TELLING) -> None:
    """Folds the projection into the layer that makes the code."""
    layer = network.inter[0]
    assert isinstance(layer, nn.Linear)
    keep, mean = (torch.from_numpy(value).float() for value in (projection(spread, shared, telling), spread.mean))
    layer.weight.copy_(keep @ layer.weight)
    layer.bias.copy_(keep @ (layer.bias - mean) + mean)


def main(argv: Sequence[str]) -> Path:
    """Return erases and scores anew; `argv` as on the command line. Returns the file."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_generic.erasing", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the paired set of the pretraining")
    parser.add_argument("out", type=Path, help="the folder it wrote to")
    parser.add_argument("--model", default="lite")
    parser.add_argument("--shared", type=int, default=SHARED, help="directions in which moments are shared most")
    parser.add_argument("--telling", type=int, default=TELLING, help="how many of them go, as they tell people apart")
    options = parser.parse_args(argv)
    if not 0 <= options.telling < options.shared:
        raise UserError(f"--telling {options.telling}: give 0 to {options.shared - 1}, fewer than --shared")
    torch.set_num_threads(1)
    path = options.out / f"generic-{options.model}.safetensors"
    recipe_file = path.with_suffix(".json")
    if not path.is_file() or not recipe_file.is_file():
        raise UserError(f"{path} is missing: pretrain first")
    recipe = json.loads(recipe_file.read_text())
    if "erased" in recipe:
        raise UserError(f"{path} has been through this already")
    network = GenericNet(options.model, settings_of(path)).eval()
    given = {name: value.float() for name, value in load_file(path).items()}
    network.load_state_dict(given | {f"agreement.{k}": v for k, v in network.agreement.state_dict().items()})
    moments = Moments(options.data, crop_px_for(network.resolution, network.coverage, 256))
    codes = codes_of(network, views_of(moments, network.resolution, network.coverage))
    erase(network, Spread.of(codes, moments.faces.person, moments.training), options.shared, options.telling)
    del recipe["model"]
    recipe["scores"] = score(SwapTask(moments), network)
    return export(network, options.out, recipe | {"erased": {"shared": options.shared, "telling": options.telling}})


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
