"""What the model runs on: device, number format, memory layout; `auto` takes what was measured to be fastest."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from faceswap.engine.process_group import SINGLE_PROCESS, ProcessGroup
from faceswap.utils.choices import Compile, Precision, Switch
from faceswap.utils.devices import choose_device, multiplies_bf16
from faceswap.utils.errors import UserError, is_out_of_memory

_GPU_LIBRARIES = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "CUDNN_STATUS", "NCCL error")  # in their messages

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@dataclass(frozen=True)
class Accelerator:
    """`device`: where; `bf16`: mixed precision by autocast; `channels_last`: NHWC in memory; `compile`: by torch.

    `processes`: the processes that train together. `graphs`: what is compiled is also recorded and played as one (CUDA
    graphs).
    """

    device: torch.device
    bf16: bool
    channels_last: bool
    compile: bool
    processes: ProcessGroup = SINGLE_PROCESS
    graphs: bool = False

    @property
    def on_gpu(self) -> bool:
        """Return whether it is a GPU."""
        return self.device.type == "cuda"

    def autocast(self) -> AbstractContextManager[Any]:
        """Mixed precision for what runs inside, if it is on."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def compiled(self, module: ModuleT) -> ModuleT | Callable[..., Any]:
        """What to call in the module's place."""
        mode = "reduce-overhead" if self.graphs else None
        return torch.compile(module, mode=mode) if self.compile else module

    def place(self, module: ModuleT) -> ModuleT:
        """Moves a module there, in the chosen layout."""
        if self.channels_last:
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return module.to(self.device)

    def describe(self) -> dict[str, str | int | bool]:
        """Return what reports tell of it."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else _processor()
        return {
            "device": str(self.device),
            "name": name,
            "threads": torch.get_num_threads(),
            "precision": "bf16" if self.bf16 else "fp32",
            "channels_last": self.channels_last,
            "compile": "graphs" if self.graphs else self.compile,
            "processes": self.processes.size,
        }


def choose_accelerator(
    device: str = "auto",
    precision: Precision = "auto",
    channels_last: Switch = "auto",
    compile: Compile = "auto",
    processes: ProcessGroup = SINGLE_PROCESS,
) -> Accelerator:
    """`device`: auto (a GPU if there is one), cpu, cuda or cuda:N. Raises UserError for one that is not there.

    Each of several `processes` takes a GPU of its own.

    auto: bf16 where the hardware multiplies it; channels_last with bf16 and on a GPU; compile on a GPU only (on
    a CPU it costs most of a minute and gains nothing).
    """
    place = choose_device(device) if processes.size == 1 else _own_device(device, processes)
    gpu = place.type == "cuda"
    if compile == "graphs" and not gpu:
        raise UserError(f"compile=graphs needs an NVIDIA GPU, and this is {place}: say compile=auto")
    bf16 = multiplies_bf16(place) if precision == "auto" else precision == "bf16"
    return Accelerator(
        device=place,
        bf16=bf16,
        channels_last=(gpu or bf16) if channels_last == "auto" else channels_last == "on",
        compile=gpu if compile == "auto" else compile != "off",
        processes=processes,
        graphs=compile == "graphs",
    )


def _own_device(asked: str, processes: ProcessGroup) -> torch.device:
    if asked.startswith("cuda:"):
        raise UserError(
            f"device={asked} is one GPU for {processes.size} processes: say device=auto and each takes its own"
        )
    place = choose_device(asked)
    if place.type == "cpu":
        return place
    count = torch.cuda.device_count()
    if processes.local_size > count:
        raise UserError(
            f"{processes.local_size} processes on this machine share {count} GPU(s): say --nproc-per-node {count}, or "
            "device=cpu"
        )
    return torch.device("cuda", processes.local_rank)


@contextmanager
def gpu_errors() -> Iterator[None]:
    """Turns a GPU that is lost, or has come to harm, into one line for the user."""
    try:
        yield
    except RuntimeError as error:
        first_line = str(error).splitlines()[0] if str(error) else ""
        if isinstance(error, torch.OutOfMemoryError) or not any(name in first_line for name in _GPU_LIBRARIES):
            raise
        raise UserError(
            f"the GPU has failed ({first_line[:120]}); the same command goes on from the last checkpoint. If it fails "
            "again, nvidia-smi shows its state, and device=cpu does without"
        ) from error


@contextmanager
def memory_errors(batch_size: int | str) -> Iterator[None]:
    """Turns a lack of memory, on a GPU or not, into one line for the user."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        on_gpu = isinstance(error, torch.OutOfMemoryError)
        raise UserError(
            f"out of {'GPU ' if on_gpu else ''}memory at batch_size={batch_size}: say a smaller batch_size=, a smaller "
            "model= or close other programs; the same command goes on from the last checkpoint"
        ) from error


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
