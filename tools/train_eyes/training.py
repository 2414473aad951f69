"""The loop that trains each of the built-in networks: by the clock, resumable, ending in a small safetensors file."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.stages import Stage
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.numbers import half_cosine

WARM_UP_STEPS = 100
BATCHES_AHEAD = 3
POOL = 48  # batches that wait for their next turn, so that no step sees what the last one saw

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class Task(Protocol):
    """What is learned: a network, batches of examples, a loss and a score on people that training never sees."""

    name: str
    learning_rate: float
    batch_size: int
    echoes: int  # steps that each batch serves: more where an example costs more than learning from it

    def network(self) -> nn.Module: ...

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]: ...

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]: ...

    def score(self, network: nn.Module) -> dict[str, float]: ...


def train(
    task: Task,
    folder: Path,
    minutes: float,
    device: str = "auto",
    start: Path | None = None,
    save_every_seconds: float = 120,
) -> Path:
    """Train for `minutes` in all (those of earlier calls counted in) and return the exported file.

    The learning rate rises over WARM_UP_STEPS and falls as a half cosine over the minutes; what is scored and exported
    is the exponential mean of the weights. Mixed precision where the machine has it. `folder` holds NAME.checkpoint (to
    go on from), NAME.log.jsonl, and eyes-NAME.safetensors, rewritten with every checkpoint.

    Args:
        start: Exported weights to begin with.

    Raises:
        UserError: They are of another network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    accelerator = choose_accelerator(device)
    place = accelerator.device
    network = task.network()
    if start is not None:
        _begin_with(network, start)
    network = network.to(place).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(network)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=task.learning_rate)
    checkpoint = folder / f"{task.name}.checkpoint"
    step, seconds = resume(checkpoint, network, average, optimizer)
    begun = saved = time.monotonic()
    sums: dict[str, float] = {}
    with Stage(_batches(task, step), BATCHES_AHEAD, "batches") as batches:
        for batch in echoed(batches, task.echoes, POOL, np.random.default_rng((2, step))):
            spent = seconds + time.monotonic() - begun
            if spent >= 60 * minutes:
                break
            rate = task.learning_rate * min(1, (step + 1) / WARM_UP_STEPS) * _cosine(spent / (60 * minutes))
            for group in optimizer.param_groups:
                group["lr"] = rate
            with accelerator.autocast():
                loss, parts = task.loss(network, {name: tensor.to(place) for name, tensor in batch.items()})
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            average.follow(network, step)
            step += 1
            for name, value in {"loss": loss.item(), **parts}.items():
                sums[name] = sums.get(name, 0.0) * 0.98 + value * 0.02 if name in sums else value
            if step % 50 == 0:
                _log(folder, task, {"step": step, "seconds": round(spent, 1), "rate": rate, **sums})
            if time.monotonic() - saved > save_every_seconds:
                save(checkpoint, network, average, optimizer, step, spent)
                export(task, average.network, folder, {"steps": step, "minutes": round(spent / 60, 1)})
                saved = time.monotonic()
    spent = seconds + time.monotonic() - begun
    save(checkpoint, network, average, optimizer, step, spent)
    scores = task.score(average.network.eval())
    _log(folder, task, {"step": step, "seconds": round(spent, 1), "scores": scores})
    return export(task, average.network, folder, {"steps": step, "minutes": round(spent / 60, 1), "scores": scores})


def _batches(task: Task, first: int) -> Iterator[dict[str, Tensor]]:
    """Yield batch n always comes from seed n; a training that goes on begins with a number that none has had."""
    while True:
        yield task.batch(np.random.default_rng((1, first)))
        first += 1


def echoed(
    batches: Iterable[dict[str, Tensor]], echoes: int, pool: int, rng: np.random.Generator
) -> Iterator[dict[str, Tensor]]:
    """Yield every batch `echoes` times, in an order shuffled over `pool` of them (data echoing, Choi et al. 2019)."""
    waiting: list[tuple[dict[str, Tensor], int]] = []
    for fresh in batches:
        waiting.append((fresh, echoes))
        for _ in range(echoes if len(waiting) >= pool else 1):
            place = int(rng.integers(len(waiting)))
            batch, left = waiting[place]
            yield batch
            if left > 1:
                waiting[place] = (batch, left - 1)
            else:
                waiting.pop(place)
                if not waiting:
                    break


def _cosine(share: float) -> float:
    return half_cosine(share) + 0.003


class Average:
    """An exponential mean of a network's weights: `network` is what should be used."""

    def __init__(self, network: nn.Module, decay: float = 0.998) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self._decay = decay

    def follow(self, network: nn.Module, step: int) -> None:
        """Take one step towards `network`; faster at first, while the weights still run away."""
        decay = min(self._decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, now in zip(self.network.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
            for kept, latest in zip(self.network.buffers(), network.buffers(), strict=True):
                kept.copy_(latest)


def _begin_with(network: nn.Module, weights: Path) -> None:
    """Take the weights that were exported from such a network; parts that only training needs stay fresh."""
    own = getattr(network, "exported", network).state_dict()
    given = {name: tensor.float() for name, tensor in load_file(weights).items()}
    wanted = {name for name in own if not name.endswith("num_batches_tracked")}
    wrong = sorted({*given} ^ wanted) or [name for name in given if given[name].shape != own[name].shape]
    if wrong:
        raise UserError(f"{weights} is of another network: {', '.join(wrong[:3])} do not fit")
    for name, tensor in given.items():
        own[name].copy_(tensor)


def resume(path: Path, network: nn.Module, average: Average, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    """Fill all three from the checkpoint at `path`; the steps and seconds behind it, (0, 0.0) where there is none."""
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    average.network.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimiser"])
    return state["step"], state["seconds"]


def save(
    path: Path, network: nn.Module, average: Average, optimizer: torch.optim.Optimizer, step: int, seconds: float
) -> None:
    """Write the checkpoint that `resume` reads."""
    state = {
        "network": network.state_dict(),
        "average": average.network.state_dict(),
        "optimiser": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    with atomic_path(path) as temp:
        torch.save(state, temp)


def _log(folder: Path, task: Task, values: dict[str, Any]) -> None:
    with (folder / f"{task.name}.log.jsonl").open("a") as file:
        file.write(json.dumps(values) + "\n")


def export(task: Task, network: nn.Module, folder: Path, recipe: dict[str, Any]) -> Path:
    """Write eyes-NAME.safetensors (half precision, settings in its metadata) and eyes-NAME.json (its recipe).

    Of a network with a part called `exported` only that part is written: the rest serves training alone.
    """
    network = getattr(network, "exported", network)
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    path = folder / f"eyes-{task.name}.safetensors"
    settings = {"settings": json.dumps(getattr(network, "settings", {}))}
    with atomic_path(path) as temp:
        save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, temp, settings)
    write_json(folder / f"eyes-{task.name}.json", {"task": task.name, **recipe})
    return path


def exported(path: Path, build: Callable[..., NetworkT]) -> NetworkT:
    """Return the network that `export` wrote to `path`: `build` with its settings and its weights, ready to look."""
    with safe_open(path, "pt") as file:
        settings = json.loads(file.metadata()["settings"])
    network = build(**settings)
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()}, strict=False)
    return network.eval()
