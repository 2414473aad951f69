"""CPU time of mask + colour + paste for one face of 256 px in frames of 720p, 1080p and 4K."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
FACE_PX = 256  # brows to chin in the frame, and the model's output
REFERENCE_MS = {"720p": 81, "1080p": 169, "4k": 832}  # deepfakes/faceswap, full-frame float32 paste
TARGET_MS, TARGET_RATIO = 5.0, 1.5


def main(argv: list[str]) -> dict:
    """Return medians over `--runs` rounds; prints them and the targets as JSON."""
    parser = argparse.ArgumentParser(prog="blend", description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--frames", type=int, default=20, help="frames a round")
    options = parser.parse_args(argv)

    import cv2

    from faceswap.compositing.blenders import AlphaBlender, PoissonBlender
    from faceswap.compositing.masks.learned import LearnedMask
    from faceswap.compositing.masks.shapes import BoxMask, HullMask
    from faceswap.media.pictures.colour_transfer import MongeKantorovich, NoColour, Reinhard
    from faceswap.utils.process import reuse_freed_memory

    cv2.setNumThreads(1)
    reuse_freed_memory()  # as convert does
    hull, alpha = HullMask(), AlphaBlender()
    ways = {
        "hull+reinhard+alpha": (hull, Reinhard(), alpha),
        "hull+mkl+alpha": (hull, MongeKantorovich(), alpha),
        "learned+reinhard+alpha": (LearnedMask(), Reinhard(), alpha),
        "box+none+alpha": (BoxMask(), NoColour(), alpha),
        "hull+reinhard+poisson": (hull, Reinhard(), PoissonBlender()),
    }
    result: dict = {"face_px": FACE_PX, "model_px": FACE_PX, "unit": "CPU-ms per frame", "reference": REFERENCE_MS}
    for name, parts in ways.items():
        result[name] = _measured(parts, options.runs, options.frames)
    default = result["hull+reinhard+alpha"]
    ratio = max(result[name]["4k"] / result[name]["720p"] for name in ways)
    result |= {"default_ms": max(default.values()), "4k_over_720p": round(ratio, 2)}
    result["met"] = (
        result["default_ms"] <= TARGET_MS and ratio <= TARGET_RATIO
    )  # the target is the default's; idle machine
    print(json.dumps(result, indent=2))
    return result


def _measured(parts: tuple, runs: int, frames: int) -> dict[str, float]:
    rounds: dict[str, list[float]] = {size: [] for size in SIZES}
    work = {size: _work(*SIZES[size], *parts) for size in SIZES}
    for _ in range(runs):  # sizes take turns, so that a busy moment hits them alike
        for size, step in work.items():
            step()
            before = time.process_time()
            for _ in range(frames):
                step()
            rounds[size].append((time.process_time() - before) / frames * 1e3)
    return {size: round(statistics.median(values), 2) for size, values in rounds.items()}


def _work(width: int, height: int, mask, colour, blender) -> Callable[[], object]:
    from faceswap.compositing.colour import ColourSmoother
    from faceswap.compositing.compositor import blend, view_of
    from faceswap.core.geometry import frame_to_crop_for
    from faceswap.core.landmarks import MEAN_FACE
    from faceswap.core.values import Decoded, Frame

    rng = np.random.default_rng(0)
    frame = Frame(rng.integers(0, 255, (height, width, 3), np.uint8), 0, 0.0)
    turn = np.array([[0.98, -0.17], [0.17, 0.98]])  # ten degrees: no axis-aligned shortcut
    points = MEAN_FACE[:, :2] @ turn.T * FACE_PX / np.ptp(MEAN_FACE[:, 1]) + (width * 0.55, height * 0.5)
    view = view_of(frame, points.astype(np.float32), frame_to_crop_for(points, FACE_PX), FACE_PX, 0.8, FACE_PX)
    grid = np.hypot(*np.mgrid[-1 : 1 : FACE_PX * 1j, -1 : 1 : FACE_PX * 1j])
    decoded = Decoded(rng.random((1, FACE_PX, FACE_PX, 3), np.float32), (1 - grid.clip(0, 1)).astype(np.float32)[None])
    memory = ColourSmoother()
    return lambda: blend(
        frame, [view], decoded, mask=mask, colour=colour, blender=blender, memory=memory, tracks=[0], in_place=True
    )


if __name__ == "__main__":
    main(sys.argv[1:])
