"""CPU time per training image at 64 and 256 px: from the cache, warped, coloured."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

TARGET_MS = {"64": 0.35, "256": 2.0}
REFERENCE_MS = {"64": 7.1, "256": 13.4}  # deepfakes/faceswap
STORED_PX, COVERAGE, FACES, BATCH = 512, 0.8, 200, 16


def main(argv: list[str]) -> dict:
    """Return medians over `--runs` rounds on one thread; prints them and the targets as JSON."""
    parser = argparse.ArgumentParser(prog="batches", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--batches", type=int, default=10, help="batches of 16 + 16 a round")
    options = parser.parse_args(argv)

    import cv2

    cv2.setNumThreads(1)
    result: dict = {
        "unit": "CPU-ms per training image (input and target)",
        "target": TARGET_MS,
        "reference": REFERENCE_MS,
    }
    with tempfile.TemporaryDirectory() as folder:
        for resolution in (64, 256):
            result[str(resolution)] = _measured(Path(folder), resolution, options.runs, options.batches)
    result["met"] = all(result[size] <= target for size, target in TARGET_MS.items())
    print(json.dumps(result, indent=2))
    return result


def _measured(folder: Path, resolution: int, runs: int, batches: int) -> float:
    from faceswap.cli.composing.compose import compose_config
    from faceswap.swap.data.batches import BatchMaker, TrainingFaces
    from faceswap.swap.data.cache import crop_px_for

    size = crop_px_for(resolution, COVERAGE, STORED_PX)
    path = folder / f"{resolution}.npy"
    np.save(path, np.random.default_rng(0).integers(0, 255, (FACES, size, size, 4)).astype(np.uint8))
    sides = {name: TrainingFaces(path, np.arange(FACES)) for name in "ab"}
    colour = compose_config("train", ["augment=light"]).augment.colour
    maker = BatchMaker(sides, BATCH, resolution, COVERAGE, colour=colour)
    maker.make(0)
    rounds = []
    for run in range(runs):
        before = time.process_time()
        for number in range(batches):
            maker.make(run * batches + number)
        rounds.append((time.process_time() - before) / (batches * 2 * BATCH) * 1e3)
    return round(statistics.median(rounds), 3)
