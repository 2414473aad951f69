"""The batches of a training: who makes them, and how they come to the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from faceswap.engine.accelerator import Accelerator
from faceswap.engine.progress import TrainingProgress
from faceswap.swap.data.batch_stream import BatchStream, worker_count
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.colour import ColourChange
from faceswap.swap.data.pair_data import PairData
from faceswap.swap.data.prefetch import AnyBatch, CudaPrefetcher, DeviceLoader
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.training.batch_size import choose_batch_size
from faceswap.swap.training.train_config import TrainConfig

Batches = Iterator[Mapping[str, AnyBatch]]


def batch_maker_for(
    config: TrainConfig,
    model: SwapModel,
    data: PairData,
    accelerator: Accelerator,
    progress: TrainingProgress,
    attempt: Callable[[int], None],
) -> BatchMaker:
    """Return what makes the batches of a run; where `config` says so, as large as memory allows.

    Args:
        config: All settings.
        model: What sees the faces.
        data: The faces.
        accelerator: A GPU draws warps and colours itself, where these can be told as tables.
        progress: Where the run stands; it keeps the size that was chosen.
        attempt: Takes a step of so many faces of each side, to see what memory that takes.
    """
    augment, batch_size = config.augment, config.batch_size
    gpu_draws = accelerator.on_gpu and ColourChange(augment.colour).looks_at_pixels_alone()
    if batch_size == "auto":
        chosen = choose_batch_size(progress.batch_size, model, accelerator, attempt)
        batch_size = progress.batch_size = accelerator.processes.minimum(chosen)
    return BatchMaker(
        sides=data.sides,
        batch_size=batch_size,
        resolution=model.resolution,
        coverage=model.coverage,
        warp=augment.warp,
        colour=augment.colour,
        seed=progress.seed,
        drawn=not gpu_draws,
        transfer=augment.transfer,
        processes=accelerator.processes,
    )


@contextmanager
def open_batches(
    maker: BatchMaker, start: int, workers: int | None, loader: DeviceLoader, accelerator: Accelerator
) -> Iterator[Batches]:
    """Prepare batches from number `start` on ahead of their use, on a GPU up to its memory.

    Args:
        maker: Makes them.
        start: Number of the first.
        workers: Processes that make them; 0 for a thread; None for what was measured to be fastest.
        loader: Turns them into tensors.
        accelerator: Where these are wanted.
    """
    count = worker_count(workers, accelerator.on_gpu, accelerator.processes.local_size)
    with BatchStream(maker, start, count) as stream:
        if not accelerator.on_gpu:
            yield stream
            return
        with CudaPrefetcher(stream, loader, accelerator) as batches:
            yield batches
