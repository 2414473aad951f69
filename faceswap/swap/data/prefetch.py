"""Batches on their way to a GPU: copied, warped and coloured there, beside the step that it is busy with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.engine.accelerator import Accelerator
from faceswap.swap.data.batches import FaceBatch, RawBatch, TrainingFaces
from faceswap.swap.data.colour import recolour_torch
from faceswap.swap.data.warp import sample_torch
from faceswap.utils.images import to_unit_range

AHEAD = 2  # batches


@dataclass(frozen=True, eq=False)
class DeviceBatch:
    """N faces of one side on the device.

    `inputs`, `targets` (N, 3, R, R), `masks` (N, 1, R, R), `regions` (N, 2, R, R) or None; float32 in [0, 1].
    """

    inputs: Tensor
    targets: Tensor
    masks: Tensor
    regions: Tensor | None

    def __len__(self) -> int:
        return len(self.inputs)


AnyBatch = FaceBatch | RawBatch | DeviceBatch


class DeviceLoader:
    """Turn batches into tensors on the accelerator's device. `sides`: whose faces a RawBatch means."""

    def __init__(self, accelerator: Accelerator, resolution: int, sides: Mapping[str, TrainingFaces]) -> None:
        self._accelerator = accelerator
        self._resolution = resolution
        self._sides = sides
        self._pins = accelerator.device.type == "cuda"

    def load(self, batch: AnyBatch, side: str) -> DeviceBatch:
        """Return one side of a batch. On a GPU nothing waits: the copies come from pinned memory."""
        if isinstance(batch, DeviceBatch):
            return batch
        if isinstance(batch, RawBatch):
            crops = self._gathered(self._sides[side].crops, batch.faces)
            pictures = sample_torch(self._pictures(crops), self._sent(batch.grids), self._resolution)
            colours = pictures[:, :, :3]
            if batch.colours is not None:
                colours = recolour_torch(colours, self._sent(batch.colours))
            inputs, targets, masks = colours[:, 0], colours[:, 1], pictures[:, 1, 3:]
        else:
            inputs, targets = (self._pictures(self._sent(drawn)) for drawn in (batch.inputs, batch.targets))
            masks = self._pictures(self._sent(batch.masks[..., None]))
        regions = None if batch.regions is None else self._pictures(self._sent(batch.regions))
        return DeviceBatch(self._laid_out(inputs), self._laid_out(targets), masks, regions)

    def _gathered(self, crops: NDArray[np.uint8], faces: NDArray[np.int64]) -> Tensor:
        """The faces of a cache on the device, (N, S, S, 4) uint8: from the disk's pages straight into pinned memory."""
        chosen = torch.empty((len(faces), *crops.shape[1:]), dtype=torch.uint8, pin_memory=self._pins)
        np.take(crops, faces, axis=0, out=chosen.numpy(), mode="clip")  # "raise" would take another copy
        return chosen.to(self._accelerator.device, non_blocking=True)

    def _sent(self, array: NDArray[Any]) -> Tensor:
        values = torch.from_numpy(np.ascontiguousarray(array))
        return (values.pin_memory() if self._pins else values).to(self._accelerator.device, non_blocking=True)

    @staticmethod
    def _pictures(values: Tensor) -> Tensor:
        """(N, H, W, C) uint8 -> (N, C, H, W) float32 in [0, 1]."""
        return to_unit_range(values)

    def _laid_out(self, images: Tensor) -> Tensor:
        layout = torch.channels_last if self._accelerator.channels_last else torch.contiguous_format
        return images.contiguous(memory_format=layout)


class CudaPrefetcher:
    """Iterate over a stream's batches, each made ready on the GPU by a thread while the steps before it are taken.

    The copies have a queue beside the steps' on the GPU, so that neither waits for the other. Use as a context manager.
    """

    def __init__(
        self, stream: Iterator[Mapping[str, FaceBatch | RawBatch]], loader: DeviceLoader, accelerator: Accelerator
    ) -> None:
        self._stream = stream
        self._loader = loader
        self._device = accelerator.device
        self._queue = torch.cuda.Stream(accelerator.device) if accelerator.device.type == "cuda" else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._waiting: deque[Future[tuple[dict[str, DeviceBatch], torch.cuda.Event | None]]] = deque()

    def __enter__(self) -> CudaPrefetcher:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[dict[str, DeviceBatch]]:
        return self

    def __next__(self) -> dict[str, DeviceBatch]:
        while len(self._waiting) <= AHEAD:
            self._waiting.append(self._thread.submit(self._prepare))
        batch, ready = self._waiting.popleft().result()
        if ready is not None:
            steps = torch.cuda.current_stream(self._device)
            steps.wait_event(ready)
            for side in batch.values():
                for tensor in (getattr(side, field.name) for field in fields(side)):
                    if tensor is not None:
                        tensor.record_stream(steps)  # its memory is not used anew before the step is done with it
        return batch

    def _prepare(self) -> tuple[dict[str, DeviceBatch], torch.cuda.Event | None]:
        batch = next(self._stream)
        with ExitStack() as stack:
            for context in self._beside():
                stack.enter_context(context)
            ready = {side: self._loader.load(faces, side) for side, faces in batch.items()}
            return ready, None if self._queue is None else self._queue.record_event()

    def _beside(self) -> list[AbstractContextManager[Any]]:
        return [] if self._queue is None else [torch.cuda.device(self._device), torch.cuda.stream(self._queue)]
