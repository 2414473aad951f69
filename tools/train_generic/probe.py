"""Who is it? Asked of a code by linear classifiers, about people that training has never seen.

    python -m tools.people dataset PROBE --pictures 1800 --people 20 --together 18 --seed 2 --yaw 40 --occluded 0
    python -m tools.train_generic.probe PROBE WEIGHTS [WEIGHTS ...]

Every person of the set plays every moment, so that only who they are can tell them apart. Two linear classifiers learn
on half of the moments and are asked about the other half: a ridge regression to one-hot names and a logistic one, each
with the penalty that does best there; the better of them counts, so that a code is not called blind because a probe was
weak. As a control, how well the head's yaw can be read linearly in the same way. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import choose_accelerator
from faceswap.swap.data.cache import crop_px_for
from faceswap.swap.data.warp import sample_cv2, still
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import HEADER_KEY
from faceswap.utils.images import to_unit_range
from tools.train_generic.moments import Moments

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # of ridge, in shares of the mean variance; of the logistic one, a tenth
SPLITS = 4  # halvings of the moments; the means count


def main(argv: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return probes each file of weights; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_generic.probe", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="a set in which everybody plays every moment")
    parser.add_argument("weights", nargs="*", type=Path, help="files of pretraining or of runs, all of one model")
    parser.add_argument("--model", default="lite", help="the model the weights are of")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    settings = settings_of(options.weights[0]) if options.weights else {}
    model = MODELS[options.model](**settings)
    moments = Moments(options.data, crop_px_for(model.resolution, model.coverage, 256))
    casts = moments.training
    pixels = views_of(moments, model.resolution, model.coverage)
    results = {}
    names = ["random weights", *map(str, options.weights)]
    for name in names:
        torch.manual_seed(0)
        network = MODELS[options.model](**settings)
        if name != "random weights":
            fill(network, Path(name))
        codes = codes_of(network, pixels)
        yaw = np.array([float(row["attributes"]["yaw"]) for row in moments.faces.rows])
        results[name] = probe(codes, moments.faces.person, casts) | {"yaw_r2": round(linear_r2(codes, yaw, casts), 3)}
    print(json.dumps(results, indent=2))
    return results


def settings_of(path: Path) -> dict[str, float]:
    """Return the model's settings as a file of weights tells them; empty where it does not."""
    with safe_open(path, "pt") as file:
        header = file.metadata() or {}
    return json.loads(header.get("settings") or "{}") or json.loads(header.get(HEADER_KEY) or "{}").get("settings", {})


def fill(network: torch.nn.Module, path: Path) -> None:
    """Encoder and inter of a file of weights into a model.

    Raises:
        UserError: They are not there.
    """
    with safe_open(path, "pt") as file:
        given = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no dict)
    own = {
        name: given[name]
        for name in network.state_dict()
        if name.split(".")[0] in ("encoder", "inter") and name in given
    }
    if not own:
        raise UserError(f"{path} holds no encoder")
    network.load_state_dict(own, strict=False)


def codes_of(network: torch.nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (N, D), the bottleneck of views (N, R, R, 3)."""
    accelerator = choose_accelerator("auto")
    network = accelerator.place(network).eval()
    parts = []
    with torch.inference_mode(), accelerator.autocast():
        for batch in np.array_split(pixels, max(1, len(pixels) // 64)):
            images = to_unit_range(batch)
            parts.append(network.inter[0](network.encoder(images)).float().numpy())  # type: ignore[operator,index]
    return np.concatenate(parts)


def probe(codes: NDArray[np.float32], person: NDArray, casts: NDArray[np.int64]) -> dict[str, float]:
    """Return how often a linear classifier names the right person: `right`, `chance`, their `ratio`.

    `codes` (N, D); `person` (N,); `casts` (M, k): the pictures of each moment.
    """
    best: dict[str, list[float]] = {}
    for train, test in _halves(casts):
        rows, names = _standard(codes[train], codes[test]), _numbers(person[train], person[test])
        for penalty in PENALTIES:
            best.setdefault(f"ridge {penalty}", []).append(_ridge_right(*rows, *names, penalty))
            best.setdefault(f"logistic {penalty}", []).append(_logistic_right(*rows, *names, penalty / 10))
    right = max(float(np.mean(values)) for values in best.values())
    chance = 1 / casts.shape[1]
    return {"right": round(right, 4), "chance": round(chance, 4), "ratio": round(right / chance, 3)}


def linear_r2(codes: NDArray[np.float32], wanted: NDArray, casts: NDArray[np.int64]) -> float:
    """Return share of `wanted` (N,) that a ridge regression on codes explains, on moments it has not seen."""
    values = []
    for train, test in _halves(casts):
        x, y = _standard(codes[train], codes[test])
        mean = wanted[train].mean()
        weights = _ridge(x, torch.from_numpy(wanted[train] - mean).float()[:, None], 0.1)
        error = (y @ weights)[:, 0].numpy() + mean - wanted[test]
        values.append(1 - error.var() / wanted[test].var())
    return float(np.mean(values))


def views_of(moments: Moments, size: int, coverage: float) -> NDArray[np.uint8]:
    """Return (N, R, R, 3) of all pictures, as a model sees them."""
    grid = still(coverage)[None]
    return np.stack([sample_cv2(crop[..., :3], grid, size)[0] for crop in moments.crops])


def _halves(casts: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    rng = np.random.default_rng(0)
    for _ in range(SPLITS):
        order = rng.permutation(len(casts))
        yield casts[order[: len(casts) // 2]].ravel(), casts[order[len(casts) // 2 :]].ravel()


def _standard(train: NDArray[np.float32], test: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    mean, spread = train.mean(0), train.std(0) + 1e-6
    return torch.from_numpy((train - mean) / spread), torch.from_numpy((test - mean) / spread)


def _numbers(train: NDArray, test: NDArray) -> tuple[Tensor, Tensor]:
    people = np.unique(train)
    return torch.from_numpy(np.searchsorted(people, train)), torch.from_numpy(np.searchsorted(people, test))


def _ridge(x: Tensor, y: Tensor, penalty: float) -> Tensor:
    gram = x.T @ x / len(x)
    return torch.linalg.solve(gram + penalty * torch.eye(len(gram)), x.T @ y / len(x))


def _ridge_right(x: Tensor, y: Tensor, names: Tensor, asked: Tensor, penalty: float) -> float:
    weights = _ridge(x, functional.one_hot(names).float(), penalty)
    return float(((y @ weights).argmax(1) == asked).float().mean())


def _logistic_right(x: Tensor, y: Tensor, names: Tensor, asked: Tensor, penalty: float) -> float:
    weights = torch.zeros(x.shape[1], int(names.max()) + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(x @ weights, names) + penalty * weights.square().sum() / 2
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(((y @ weights.detach()).argmax(1) == asked).float().mean())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
