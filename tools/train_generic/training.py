"""The pretraining loop: by the clock, resumable, ending in a file of weights that `ship` can put in its place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.pictures.images import write_image
from faceswap.media.stages import Stage
from faceswap.swap.losses.adversarial import AdversarialLoss
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.files.pretrained import entry_of
from faceswap.utils.files.tensor_files import save_tensors
from faceswap.utils.images import from_unit_range
from faceswap.utils.numbers import evenly_spread, half_cosine
from tools.train_eyes.training import Average, resume, save
from tools.train_generic.network import GenericNet
from tools.train_generic.task import SwapTask, score

WARM_UP_STEPS = 200
BATCHES_AHEAD = 3
LOG_EVERY = 50
LAST_RATE = 0.02
SHEET_COLUMNS = 12


def pretrain(
    network: GenericNet,
    task: SwapTask,
    folder: Path,
    minutes: float,
    rate: float = 1e-3,
    save_every_seconds: float = 120,
    beside: AdversarialLoss | None = None,
) -> Path:
    """Train for `minutes` in all (those of earlier calls counted in) and return the file of weights.

    AdamW; the rate rises over WARM_UP_STEPS and falls as a half cosine over the minutes; what is scored and exported is
    the exponential mean of the weights. `folder` holds STEM.checkpoint (to go on from), STEM.log.jsonl, a sheet of
    swaps between people held out, STEM.png, and STEM.safetensors, all rewritten every `save_every_seconds`. `beside`
    learns after each step what tells drawn from true pictures; its weights go into discriminator.safetensors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    accelerator = choose_accelerator("auto")
    stem = stem_of(network)
    network = accelerator.place(network)
    if network.person is not None and not network.person.mean.any():
        _know_people(network, task)
    average = Average(network, 0.999)
    optimizer = _optimizer(network, rate)
    checkpoint, log = folder / f"{stem}.checkpoint", folder / f"{stem}.log.jsonl"
    step, seconds = resume(checkpoint, network, average, optimizer)
    if beside is not None and step:
        beside.restore(load_file(folder / f"{stem}.discriminator"))
    begun = saved = time.monotonic()
    spent = seconds
    sums: dict[str, float] = {}
    with Stage(_batches(task, network, step), BATCHES_AHEAD, "batches") as batches:
        for batch in batches:
            spent = seconds + time.monotonic() - begun
            if spent >= 60 * minutes:
                break
            share = spent / (60 * minutes)
            now = rate * min(1.0, (step + 1) / WARM_UP_STEPS) * _half_wave(share)
            for group in optimizer.param_groups:
                group["lr"] = now
            parts = _step(network, task, _placed(batch, accelerator.device), optimizer, accelerator, share)
            if beside is not None:
                beside.learn(taken=True)
                parts |= beside.report()
            average.follow(network, step)
            step += 1
            for name, value in parts.items():
                sums[name] = sums.get(name, value) * 0.98 + value * 0.02
            if step % LOG_EVERY == 0:
                _log(log, {"step": step, "seconds": round(spent, 1), "rate": now} | _rounded(sums))
            if time.monotonic() - saved > save_every_seconds:
                _save(checkpoint, network, average, optimizer, step, spent, beside)
                export(average.network, folder, {"steps": step, "minutes": round(spent / 60, 1)})
                write_image(folder / f"{stem}.png", sheet(task, average.network))
                saved = time.monotonic()
    _save(checkpoint, network, average, optimizer, step, spent, beside)
    mean = average.network.eval()
    assert isinstance(mean, GenericNet)
    scores = score(task, mean)
    _log(log, {"step": step, "seconds": round(spent, 1), "scores": scores})
    write_image(folder / f"{stem}.png", sheet(task, average.network))
    return export(average.network, folder, {"steps": step, "minutes": round(spent / 60, 1), "scores": scores})


def stem_of(network: GenericNet) -> str:
    """Return the name of a network's files."""
    return f"{'generic' if network.person is not None else 'plain'}-{network.name}"


def _know_people(network: GenericNet, task: SwapTask) -> None:
    people = torch.from_numpy(np.stack([task.person(int(i)) for i in np.unique(task.moments.training)]))
    assert network.person is not None
    network.person.mean.copy_(people.mean(0))
    network.person.spread.copy_(people.std(0).clamp_min(1e-3))


def _optimizer(network: GenericNet, rate: float) -> torch.optim.Optimizer:
    learning = [p for p in network.parameters() if p.requires_grad]
    decayed, others = [p for p in learning if p.ndim > 1], [p for p in learning if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True)


def _step(
    network: GenericNet,
    task: SwapTask,
    batch: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    accelerator: Any,
    share: float,
) -> dict[str, float]:
    with accelerator.autocast():
        parts = task.losses(network, batch, share)
    loss = torch.stack(list(parts.values())).sum()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return {"loss": float(loss.detach())} | {name: float(part.detach()) for name, part in parts.items()}


def _save(
    checkpoint: Path,
    network: nn.Module,
    average: Average,
    optimizer: torch.optim.Optimizer,
    step: int,
    seconds: float,
    beside: AdversarialLoss | None,
) -> None:
    """The discriminator's own state lies in a file beside the checkpoint; its weights alone in one to ship."""
    if beside is not None:
        halves = {name: value.half() for name, value in beside.weights().items()}
        states = {
            checkpoint.with_suffix(".discriminator"): beside.tensors(),
            checkpoint.with_name("discriminator.safetensors"): halves,
        }
        for path, tensors in states.items():
            with atomic_path(path) as temp:  # what was restored still lies in the file that was there
                save_tensors(tensors, temp)
    save(checkpoint, network, average, optimizer, step, seconds)


def _batches(task: SwapTask, network: GenericNet, first: int) -> Iterator[dict[str, Tensor]]:
    """Yield batch n always comes from seed n, so that a training that goes on sees what it would have seen."""
    while True:
        yield task.batch(network, np.random.default_rng((1, first)))
        first += 1


def _placed(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in batch.items()}


def _half_wave(share: float) -> float:
    return LAST_RATE + (1 - LAST_RATE) * half_cosine(share)


def export(network: nn.Module, folder: Path, recipe: dict[str, Any]) -> Path:
    """Write STEM.safetensors (half precision, the model's settings in its header) and STEM.json (its recipe)."""
    assert isinstance(network, GenericNet)
    path = folder / f"{stem_of(network)}.safetensors"
    tensors = {name: tensor.half().contiguous().cpu() for name, tensor in network.weights().items()}
    with atomic_path(path) as temp:
        save_file(tensors, temp, {"settings": json.dumps(network.settings)})
    reads = {} if network.person is None else {"embedder": entry_of("embedder").tag}
    write_json(folder / f"{path.stem}.json", {"model": network.name, **reads, **recipe})
    return path


@torch.no_grad()
def sheet(task: SwapTask, network: nn.Module) -> NDArray[np.uint8]:
    """Return people held out, then people trained on.

    B, B drawn as A, A in that moment, A drawn from A; (8 R, 12 R, 3).
    """
    assert isinstance(network, GenericNet)
    rows = []
    for casts in (task.moments.held_out, task.moments.training):
        chosen = casts[evenly_spread(len(casts), SHEET_COLUMNS)]
        b, a = chosen[:, 0], chosen[:, 1]
        swap, own = task.views(network, b, a), task.views(network, a, a)
        pictures = [network(x["inputs"], x["people"])[1] for x in (swap, own)]
        for images in (swap["inputs"], pictures[0], swap["targets"], pictures[1]):
            pixels = from_unit_range(images)
            rows.append(np.concatenate(list(pixels), axis=1))
    return np.concatenate(rows)


def _log(path: Path, values: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(values) + "\n")


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}
