"""Seconds an iteration of `original`, batch 16 + 16: this program against the same layers in plain eager fp32 torch."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

BATCH = 16
TARGET_BF16, TARGET_FP32 = 0.50, 0.95  # share of the plain step's time, with and without bf16 instructions
REFERENCE_SECONDS = {"deepfakes/faceswap": 4.48, "plain torch": 2.64, "bf16 autocast + fused Adam": 1.40, "floor": 0.88}


def main(argv: list[str]) -> dict:
    """Return medians over `--runs` steps of each, taken in turns after `--warm-up` steps.

    Prints them and the target as JSON.
    """
    parser = argparse.ArgumentParser(prog="train_step", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(argv)

    ours, accelerator = _our_step()  # first: the room sets what torch reads when it is imported
    import torch

    torch.set_num_threads(options.threads)
    accelerator["threads"] = options.threads
    steps = {"ours": ours, "plain": _plain_step()}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for run in range(options.warm_up + options.runs):
        for name, step in steps.items():  # in turns, so that a busy moment hits both alike
            before = time.perf_counter()
            step()
            if run >= options.warm_up:
                seconds[name].append(time.perf_counter() - before)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio, target = (
        medians["ours"] / medians["plain"],
        TARGET_BF16 if accelerator["precision"] == "bf16" else TARGET_FP32,
    )
    result = {
        "unit": "seconds per iteration, original, batch 16 + 16",
        "machine": accelerator,
        "ours": round(medians["ours"], 3),
        "plain": round(medians["plain"], 3),
        "fastest": {name: round(min(values), 3) for name, values in seconds.items()},
        "ratio": round(ratio, 3),
        "target": target,
        "met": ratio <= target,
        "reference": REFERENCE_SECONDS,
    }
    print(json.dumps(result, indent=2))
    return result


def _our_step() -> tuple[Callable[[], object], dict]:
    from faceswap.engine.accelerator import choose_accelerator
    from faceswap.engine.optimizers import Adam
    from faceswap.engine.progress import TrainingProgress
    from faceswap.engine.state import TrainingState
    from faceswap.engine.update import Update, Updater
    from faceswap.swap.data.batches import FaceBatch
    from faceswap.swap.losses.reconstruction import ReconstructionLoss
    from faceswap.swap.models.original import Original
    from faceswap.swap.training.objective import Objective
    from faceswap.swap.training.train_step import TrainStep

    accelerator = choose_accelerator("cpu")
    model = accelerator.place(Original())
    rng = np.random.default_rng(0)
    batch = {
        side: FaceBatch(
            inputs=rng.integers(0, 255, (BATCH, 64, 64, 3)).astype(np.uint8),
            targets=rng.integers(0, 255, (BATCH, 64, 64, 3)).astype(np.uint8),
            masks=rng.integers(0, 255, (BATCH, 64, 64)).astype(np.uint8),
        )
        for side in "ab"
    }
    updater = Updater(model, Adam().build(model), Update())
    progress = TrainingProgress(TrainingState(0, 0.0, 0), 10**9, None)
    train_step = TrainStep(model, updater, Objective(ReconstructionLoss()), accelerator, {}, progress)
    return lambda: train_step.step(batch), accelerator.describe()


def _plain_step() -> Callable[[], object]:
    """Return the same layers and loss as a tutorial would write them.

    Library convolutions, NCHW, fp32, default Adam.
    """
    import torch

    from faceswap.swap.losses.reconstruction import ReconstructionLoss
    from faceswap.swap.models.layers import Convolution
    from faceswap.swap.models.original import Original

    model = Original()
    for module in model.modules():
        if isinstance(module, Convolution):
            module.SMALL_MAP = 0  # never as a matrix product
    optimizer = torch.optim.Adam(model.parameters(), 5e-5, (0.5, 0.999))
    images, masks, loss = torch.rand(BATCH, 3, 64, 64), torch.rand(BATCH, 1, 64, 64), ReconstructionLoss()

    def step() -> None:
        parts = [
            value
            for pictures, learned_masks, _ in model(images, images).values()
            for value in loss(pictures, learned_masks, images, masks).values()
        ]
        optimizer.zero_grad()
        torch.stack(parts).sum().backward()
        optimizer.step()

    return step
