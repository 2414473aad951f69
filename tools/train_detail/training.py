"""The loop: by the clock, resumable, ending in a file of weights that `ship` can put in its place."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.pictures.images import write_image
from faceswap.media.stages import Stage
from faceswap.swap.detail.network import DetailNet
from faceswap.swap.losses.adversarial import AdversarialLoss, Discriminator
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.files.tensor_files import save_tensors
from tools.train_detail.task import DetailTask
from tools.train_eyes.training import Average, resume, save

RATE, LAST_RATE = 1e-3, 0.05
WARM_UP_STEPS = 100
BATCHES_AHEAD = 3
LOG_EVERY = 25
WHOLE = 0.33  # share of the time after which whole views are learned from
ADVERSARIAL_FROM = 0.06  # share of the time after which the adversary takes part
ADVERSARY = Discriminator(gan_weight=0.06, feature_matching=0.3, channels=24, init="scratch")


def train(task: DetailTask, folder: Path, minutes: float, save_every_seconds: float = 240) -> Path:
    """Train for `minutes` in all (those of earlier calls counted in) and return the file of weights.

    AdamW; the rate rises over WARM_UP_STEPS and falls as a half cosine over the minutes; what is scored and exported is
    the exponential mean of the weights. `folder` holds detail.checkpoint (to go on from), detail.log.jsonl, a sheet of
    people held out, detail.png, and detail.safetensors, rewritten every `save_every_seconds`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    accelerator = choose_accelerator("cpu")
    network = accelerator.place(DetailNet())
    adversary = AdversarialLoss(ADVERSARY, accelerator)
    average = Average(network, 0.998)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.005)
    checkpoint, beside, log = (folder / f"detail.{kind}" for kind in ("checkpoint", "adversary", "log.jsonl"))
    step, seconds = resume(checkpoint, network, average, optimiser)
    if beside.exists():
        adversary.restore(load_file(beside))
    begun = saved = time.monotonic()
    spent, sums = seconds, dict[str, float]()
    with Stage(_batches(task, step), BATCHES_AHEAD, "batches") as batches:
        for batch in batches:
            spent = seconds + time.monotonic() - begun
            share = spent / (60 * minutes)
            if share >= 1:
                break
            task.whole = share >= WHOLE
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * _half_wave(share)
            with accelerator.autocast():
                parts, images, targets, masks = task.losses(network, batch)
                if share >= ADVERSARIAL_FROM:
                    parts |= adversary(images, targets.clamp(0, 1), masks, step)
            loss = torch.stack([part.float() for part in parts.values()]).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimiser.step()
            adversary.learn(taken=True)
            average.follow(network, step)
            step += 1
            for name, value in ({n: float(p.detach()) for n, p in parts.items()} | adversary.report()).items():
                sums[name] = sums.get(name, value) * 0.97 + value * 0.03
            if step % LOG_EVERY == 0:
                _log(log, {"step": step, "seconds": round(spent, 1)} | {n: round(v, 5) for n, v in sums.items()})
            if time.monotonic() - saved > save_every_seconds:
                _save(checkpoint, beside, network, average, optimiser, adversary, step, spent)
                scores = _shown(task, average.network, folder, step, spent)
                _log(log, {"step": step, "scores": scores})
                task.look_again()
                saved = time.monotonic()
    _save(checkpoint, beside, network, average, optimiser, adversary, step, spent)
    _shown(task, average.network, folder, step, spent)
    return folder / "detail.safetensors"


def _save(
    checkpoint: Path,
    beside: Path,
    network: nn.Module,
    average: Average,
    optimiser: torch.optim.Optimizer,
    adversary: AdversarialLoss,
    step: int,
    seconds: float,
) -> None:
    if adversary.report():
        with atomic_path(beside) as temp:
            save_tensors(adversary.tensors(), temp)
    save(checkpoint, network, average, optimiser, step, seconds)


def _shown(task: DetailTask, network: nn.Module, folder: Path, step: int, seconds: float) -> dict[str, float]:
    network = cast(DetailNet, network)
    scores = task.score(network)
    export(network, folder, {"steps": step, "minutes": round(seconds / 60, 1), "scores": scores})
    write_image(folder / "detail.png", task.sheet(network))
    return scores


def _batches(task: DetailTask, first: int) -> Iterator[dict[str, Tensor]]:
    """Yield batch n always comes from seed n, so that a training that goes on sees what it would have seen."""
    while True:
        yield task.batch(np.random.default_rng((1, first)))
        first += 1


def _half_wave(share: float) -> float:
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def export(network: DetailNet, folder: Path, recipe: dict[str, Any]) -> Path:
    """Write detail.safetensors (half precision, settings in its header) and detail.json (its recipe)."""
    path = folder / "detail.safetensors"
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(path) as temp:
        save_file(tensors, temp, {"settings": json.dumps(network.settings)})
    write_json(folder / "detail.json", recipe)
    return path


def _log(path: Path, values: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(values) + "\n")
