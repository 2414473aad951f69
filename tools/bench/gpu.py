"""Training on one GPU: images a second, the share of a step that waits for data, how much of the card is used.

The targets: waiting at most 3 % of a step; at least 45 % of the rate of a large bf16 matrix product on the same card,
or the profile that shows what stops it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

TARGET_WAITING, TARGET_RATE = 0.03, 0.45
FACES, STORED_PX = 2000, 256
NO_GPU = "error: this machine has no NVIDIA GPU (or a PyTorch built without CUDA); --device cpu --small tries the code"


def main(argv: list[str]) -> dict:
    """Print a row a batch size as JSON; on stderr the profile of those that miss the rate. Exits 2 without a GPU."""
    parser = argparse.ArgumentParser(prog="gpu", description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 256], help="faces of each side")
    parser.add_argument("--steps", type=int, default=100, help="timed steps, after as many to warm up")
    parser.add_argument("--compile", choices=("auto", "on", "off", "graphs"), default="auto")
    parser.add_argument("--workers", type=int, help="processes that prepare batches")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="df with a few channels instead of original: a test")
    options = parser.parse_args(argv)
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        print(NO_GPU, file=sys.stderr)
        raise SystemExit(2)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options)
        matrix_rate = bench.matrix_rate()
        result: dict[str, Any] = {
            "machine": bench.accelerator.describe(),
            "torch": torch.__version__,
            "matrix_tflops": float(f"{matrix_rate / 1e12:.4g}"),
            "targets": {"waiting_share": TARGET_WAITING, "rate_share": TARGET_RATE},
        }
        for batch in options.batches:
            result[f"2 x {batch}"] = bench.row(batch, matrix_rate)
    print(json.dumps(result, indent=2))
    return result


class Bench:
    """The training of a made face set, as faceswap.train sets it up."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        from faceswap.engine.accelerator import choose_accelerator

        self.options = options
        self.folder = folder
        self.accelerator = choose_accelerator(options.device, compile=options.compile)
        self.sides = self._sides()

    def row(self, batch: int, matrix_rate: float) -> dict[str, Any]:
        """Return what is measured at one batch size; both trainings in this process, one after the other."""
        with self._training(batch) as (step, waited):
            seconds = self._timed(step, waited)
            share = waited[0] / (seconds * self.options.steps)
            flops = self._flops(batch)
            rate = flops / seconds / matrix_rate
            if rate < TARGET_RATE:
                self._profile(step, batch)
        plain = self._timed(self._plain_step(batch), [0.0])
        return {
            "images_per_second": round(2 * batch / seconds, 1),
            "plain_eager_fp32": round(2 * batch / plain, 1),
            "times_as_fast": round(plain / seconds, 2),
            "step_ms": round(1e3 * seconds, 3),
            "waiting_share": round(share, 4),
            "gflop_a_step": round(flops / 1e9, 3),
            "rate_share": round(rate, 4),
            "met": share <= TARGET_WAITING and rate >= TARGET_RATE,
        }

    def matrix_rate(self) -> float:
        """Return FLOP a second of a large bf16 product, the best of several."""
        import torch

        side = 256 if self.options.small else 8192
        one, other = (torch.randn(side, side, device=self.accelerator.device, dtype=torch.bfloat16) for _ in "ab")
        seconds = []
        for _ in range(20):
            self._wait()
            began = time.perf_counter()
            one @ other
            self._wait()
            seconds.append(time.perf_counter() - began)
        return 2 * side**3 / min(seconds)

    @contextmanager
    def _training(self, batch: int) -> Iterator[tuple[Callable[[], None], list[float]]]:
        """A step of ours, data and all, and the seconds it has waited for data so far."""
        import torch

        from faceswap.cli.composing.compose import compose_config
        from faceswap.engine.optimizers import Adam
        from faceswap.engine.progress import TrainingProgress
        from faceswap.engine.state import TrainingState
        from faceswap.engine.update import Update, Updater
        from faceswap.swap.data.batch_stream import BatchStream, worker_count
        from faceswap.swap.data.batches import BatchMaker
        from faceswap.swap.data.prefetch import CudaPrefetcher
        from faceswap.swap.losses.reconstruction import ReconstructionLoss
        from faceswap.swap.training.objective import Objective
        from faceswap.swap.training.train_step import TrainStep

        torch.manual_seed(0)
        model = self.accelerator.place(self._model())
        updater = Updater(model, Adam().build(model), Update())
        progress = TrainingProgress(TrainingState(0, 0.0, 0), 10**9, None)
        objective = Objective(ReconstructionLoss())
        train_step = TrainStep(model, updater, objective, self.accelerator, self.sides, progress)
        colour = compose_config("train", []).augment.colour
        maker = BatchMaker(self.sides, batch, model.resolution, model.coverage, colour=colour, drawn=False)
        workers = worker_count(self.options.workers, self.accelerator.device.type == "cuda")
        with ExitStack() as stack:
            stream = stack.enter_context(BatchStream(maker, 0, workers))
            batches = stack.enter_context(CudaPrefetcher(stream, train_step.loader, self.accelerator))
            waited = [0.0]

            def step() -> None:
                began = time.perf_counter()
                faces = next(batches)
                waited[0] += time.perf_counter() - began
                train_step.step(faces)

            yield step, waited

    def _timed(self, step: Callable[[], Any], waited: list[float]) -> float:
        """Return seconds a step."""
        for _ in range(self.options.steps):
            step()
        self._wait()
        waited[0], began = 0.0, time.perf_counter()
        for _ in range(self.options.steps):
            step()
        self._wait()
        return (time.perf_counter() - began) / self.options.steps

    def _plain_step(self, batch: int) -> Callable[[], Any]:
        """Return the same network and loss as a tutorial would train them.

        Eager fp32, NCHW, default Adam, data at hand.
        """
        import torch

        from faceswap.swap.losses.reconstruction import ReconstructionLoss

        model, loss = self._model().to(self.accelerator.device), ReconstructionLoss()
        optimizer = torch.optim.Adam(model.parameters(), 5e-5, (0.5, 0.999))
        size = model.resolution
        images, masks = (torch.rand(batch, count, size, size, device=self.accelerator.device) for count in (3, 1))

        def step() -> None:
            parts = [
                v for drawn, own, _ in model(images, images).values() for v in loss(drawn, own, images, masks).values()
            ]
            optimizer.zero_grad()
            torch.stack(parts).sum().backward()
            optimizer.step()

        return step

    def _flops(self, batch: int) -> int:
        """Return of the model's way forward and back, one multiplication and one addition counted as two."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        with torch.device("meta"):
            model = self._model()
            images = torch.zeros(batch, 3, model.resolution, model.resolution)
            with FlopCounterMode(display=False) as counter:
                torch.stack([drawn.sum() for drawn, _, _ in model(images, images).values()]).sum().backward()
        return counter.get_total_flops()

    def _profile(self, step: Callable[[], None], batch: int) -> None:
        """Where the time goes, as a table on stderr."""
        from torch.profiler import ProfilerActivity, profile

        on_gpu = self.accelerator.device.type == "cuda"
        with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as found:
            for _ in range(3):
                step()
            self._wait()
        order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
        print(f"2 x {batch}, three steps:", found.key_averages().table(sort_by=order, row_limit=25), file=sys.stderr)

    def _model(self) -> Any:
        from faceswap.swap.models.df import Df
        from faceswap.swap.models.original import Original

        return Df(64, 8, 4, 4, 4) if self.options.small else Original()

    def _sides(self) -> dict[str, Any]:
        from faceswap.swap.data.batches import TrainingFaces
        from faceswap.swap.data.cache import crop_px_for

        count = 32 if self.options.small else FACES
        size = crop_px_for(64, 0.8, STORED_PX)
        sides = {}
        for name in "ab":
            faces = np.random.default_rng(0).integers(0, 255, (count, size, size, 4)).astype(np.uint8)
            np.save(self.folder / f"{name}.npy", faces)
            sides[name] = TrainingFaces(self.folder / f"{name}.npy", np.arange(count))
        return sides

    def _wait(self) -> None:
        import torch

        if self.accelerator.device.type == "cuda":
            torch.cuda.synchronize(self.accelerator.device)
