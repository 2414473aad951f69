"""batch_size=auto: how many faces of each side a step takes on the memory at hand."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil
import torch
from torch import Tensor, nn

from faceswap.engine.accelerator import Accelerator
from faceswap.utils.errors import UserError

BatchSize = int | Literal["auto"]

LARGEST_ON_GPU, LARGEST_ON_CPU = 256, 16  # a CPU makes no more images a second from larger batches
LEAST = 2
SHARE_OF_GPU = 0.8  # of what is free: fragments and the picture of the screen need some too
SHARE_OF_RAM = 0.5  # of what is available: other programs go on working
PEAK = 1.6  # most memory of a step, times what it keeps for the way back
LONGEST_STEP_SECONDS = 2.0  # on a CPU: more, smaller steps learn more in the same time
PATIENT = 4  # faces a side that a step takes even if it is longer than that

Attempt = Callable[[int], None]

log = logging.getLogger(__name__)


def choose_batch_size(before: int, network: nn.Module, accelerator: Accelerator, attempt: Attempt) -> int:
    """What the run chose `before` (0: nothing yet), else what memory allows, with one line why.

    `attempt` takes one step of so many faces a side, without changing anything, and may run out of memory.
    """
    if before:
        log.info("batch_size=%d, as this run chose before", before)
        return before
    moments = 2 * sum(weight.nbytes for weight in network.parameters())  # which Adam begins to keep at the first step
    by = _by_trial if accelerator.device.type == "cuda" else _by_counting
    size, reason = by(accelerator, attempt, moments)
    log.info("batch_size=%d: %s", size, reason)
    return size


def check_batch_size(asked: BatchSize) -> None:
    """Raises UserError for what is neither a number above 0 nor auto."""
    if asked != "auto" and (isinstance(asked, bool) or not isinstance(asked, int) or asked < 1):
        raise UserError(f"batch_size={asked}: a number above 0 is accepted, or auto")


def _by_trial(accelerator: Accelerator, attempt: Attempt, moments: int) -> tuple[int, str]:
    """Doubles the batch until it fails or takes more than its share of the GPU's free memory."""
    free, _ = torch.cuda.mem_get_info(accelerator.device)
    room = SHARE_OF_GPU * free - moments
    size, reason = LEAST, "not even twice as many fit into the GPU's memory"
    while size <= LARGEST_ON_GPU:
        torch.cuda.reset_peak_memory_stats(accelerator.device)
        used = torch.cuda.memory_allocated(accelerator.device)
        try:
            attempt(size)
        except torch.OutOfMemoryError:
            reason = f"{size} do not fit into {_gib(free)} of free GPU memory"
            gc.collect()
            break
        finally:
            torch.cuda.empty_cache()
        taken = torch.cuda.max_memory_allocated(accelerator.device) - used
        if taken > room:
            reason = f"{size} take {_gib(taken)} of {_gib(free)} of free GPU memory"
            break
        size, reason = size * 2, f"{size} take {_gib(taken)} of {_gib(free)} of free GPU memory; more is not tried"
    return max(LEAST, size // 2), reason


def _by_counting(accelerator: Accelerator, attempt: Attempt, moments: int) -> tuple[int, str]:
    """What a step keeps grows evenly with its faces: two small ones tell. A lack of RAM would end the process."""
    kept = []
    for size in (1, 2):
        with kept_bytes() as storages:
            attempt(size)
        kept.append(sum(storages.values()))
    a_face = PEAK * max(1, kept[1] - kept[0])
    a_face_seconds = min(_seconds_of(attempt, 2) for _ in range(3)) / 2  # the least: other programs slow down some

    available = available_bytes()
    fitting = (SHARE_OF_RAM * available - moments) / a_face
    size = LARGEST_ON_CPU
    while size > LEAST and size > fitting:
        size //= 2
    if size < LARGEST_ON_CPU:
        reason = f"{2 * size} would take {_gib(2 * size * a_face)} of {_gib(available)} of available memory"
    else:
        reason = "more do not make a CPU faster"
    if size > PATIENT and size * a_face_seconds > LONGEST_STEP_SECONDS:
        while size > PATIENT and size * a_face_seconds > LONGEST_STEP_SECONDS:
            size //= 2
        reason = f"a step of {2 * size} would last {2 * size * a_face_seconds:.1f} s"
    return size, reason


def _seconds_of(attempt: Attempt, size: int) -> float:
    began = time.perf_counter()
    attempt(size)
    return time.perf_counter() - began


@contextmanager
def kept_bytes() -> Iterator[dict[int, int]]:
    """Bytes by storage of what autograd keeps for the way back of all that runs inside, the weights with it."""
    kept: dict[int, int] = {}
    alive = []  # a storage that was freed could give its place, and so its name, to another

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes()
        alive.append(storage)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield kept


def available_bytes() -> int:
    """Memory that programs can still take here, of the machine or of the container's share."""
    available: int = psutil.virtual_memory().available
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        available = min(available, max(0, limit - used))
    return available


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max": no limit
        return None


def _gib(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"
