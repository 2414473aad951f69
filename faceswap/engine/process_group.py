"""Several processes that train one model. torchrun starts them; each takes its part of every batch.

Nothing wraps the model: gradients and losses are averaged in one message between the way back and the step
(Updater.step). So all see the same numbers and take, leave out or undo the same steps, and whatever trains beside the
model, begins late or is frozen for a while needs no special case. Numbers to agree on travel apart from them, over the
CPU: a GPU need not be waited for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed

from faceswap.utils.errors import UserError

log = logging.getLogger(__name__)


class PeerLost(UserError):
    """Another process of the training has ended, or cannot be reached."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that train one model together, seen from this one.

    Attributes:
        rank: Number of this process, from 0.
        size: How many there are.
        local_rank: Number of this process on its machine.
        local_size: How many there are on its machine.
        restarts: How often torchrun has started all anew after one had died.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    restarts: int = 0

    @property
    def is_leader(self) -> bool:
        """Return whether this process is the one that writes, shows and logs for all."""
        return self.rank == 0

    @property
    def was_restarted(self) -> bool:
        """Return whether torchrun has started this training before."""
        return self.restarts > 0

    @contextmanager
    def connect(self, device: torch.device) -> Iterator[None]:
        """Connect the processes, each with its `device`: NCCL between GPUs, gloo between CPUs.

        Raises:
            UserError: Some have a GPU and others none.
            PeerLost: They do not find each other.
        """
        if self.size == 1:
            yield
            return
        on_gpu = device.type == "cuda"
        if on_gpu:
            torch.cuda.set_device(device)
        if not self.is_leader:
            logging.getLogger("faceswap").setLevel(logging.ERROR)
        with _peers():
            # torchrun's store outlives a try; who found the addresses of the last one there would wait for the dead.
            store, _, _ = next(distributed.rendezvous("env://"))
            fresh = distributed.PrefixStore(f"try {self.restarts} of {self.size}", store)
            backends = "cpu:gloo,cuda:nccl" if on_gpu else "gloo"
            distributed.init_process_group(backends, store=fresh, rank=self.rank, world_size=self.size)
        if self.minimum(on_gpu) != -self.minimum(-on_gpu):
            raise UserError("some processes have a GPU and others none: say device=cpu, or start them where GPUs are")
        log.info("%d processes train together, %d of them here", self.size, self.local_size)
        try:
            yield
        except BaseException:
            if not on_gpu:  # a GPU that waits for a lost process cannot be asked to let go; torchrun ends this one
                distributed.destroy_process_group()
            raise
        distributed.destroy_process_group()

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace every tensor (of one type and device) by its mean over all processes, in one message."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _peers():
            distributed.all_reduce(flat)
        means = (flat / self.size).split([tensor.numel() for tensor in tensors])
        torch._foreach_copy_(list(tensors), [mean.view(t.shape) for mean, t in zip(means, tensors, strict=True)])

    def maximum(self, values: Sequence[float]) -> list[float]:
        """Return the largest that any process gives, value by value; all wait for each other."""
        if self.size == 1:
            return [float(value) for value in values]
        numbers = torch.tensor([float(value) for value in values], dtype=torch.float64)
        with _peers():
            distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
        return numbers.tolist()

    def minimum(self, number: int) -> int:
        """Return the smallest that any process gives; all wait for each other."""
        return -int(self.maximum([-number])[0])

    def check_same(self, number: int, what: str) -> None:
        """Raise UserError when `number` is not the same everywhere: the processes do not see the same files."""
        lowest, highest = self.minimum(number), -self.minimum(-number)
        if lowest != highest:
            raise UserError(
                f"the processes do not see the same {what} ({lowest} to {highest}): workspace= must be one folder that "
                "all machines share"
            )

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Run what stands inside in the leader first: the others find the files that it has made."""
        if not self.is_leader:
            self.maximum([0])
        yield
        if self.is_leader:
            self.maximum([0])

    def seed_each(self, seed: int, iteration: int) -> None:
        """Seed every process apart (Gaussian codes are drawn); a single process keeps its generator as it is."""
        if self.size > 1:
            torch.manual_seed(int(np.random.SeedSequence([seed, iteration, self.rank]).generate_state(1)[0]))


SINGLE_PROCESS = ProcessGroup()


def find_processes() -> ProcessGroup:
    """Return the processes that torchrun has started, by its environment; without torchrun this one alone.

    Raises:
        UserError: The environment is incomplete.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return SINGLE_PROCESS
    numbers = {name: os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")}
    if not all(value.isdecimal() for value in numbers.values()):
        told = ", ".join(f"{name}={value}" for name, value in numbers.items())
        raise UserError(f"torchrun's environment is incomplete ({told}): start all processes with torchrun")
    restarts = os.environ.get("TORCHELASTIC_RESTART_COUNT", "")
    rank, size, local_rank, local_size = (int(value) for value in numbers.values())
    return ProcessGroup(rank, size, local_rank, local_size, int(restarts) if restarts.isdecimal() else 0)


@contextmanager
def _peers() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:  # gloo, NCCL and the rendezvous have no error of their own in common
        reason = str(error).splitlines()[0][:160]
        raise PeerLost(
            f"another process of this training has ended or cannot be reached ({reason}); see its own message. The "
            "same command goes on from the last checkpoint"
        ) from error
