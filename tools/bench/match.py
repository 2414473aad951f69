"""CPU and wall time of one look into a gallery of 100,000 faces."""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np

TARGET_MS = 20.0
FACES, PHOTOS_A_PERSON = 100_000, 2


def main(argv: list[str]) -> dict:
    """Return the mean CPU time and median wall time over `--runs` looks; prints them and the target as JSON."""
    parser = argparse.ArgumentParser(prog="match", description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--faces", type=int, default=FACES)
    options = parser.parse_args(argv)

    from faceswap.lookalike.gallery import Gallery, Photo, unit
    from faceswap.lookalike.search import GallerySearch
    from faceswap.lookalike.shipped import shipped_gallery

    calibration = shipped_gallery().calibration
    assert calibration is not None
    codes = unit(np.random.default_rng(0).normal(size=(options.faces, 128)).astype(np.float32))
    box = np.zeros(4, np.float32)
    photos = tuple(Photo(number // PHOTOS_A_PERSON, code, box) for number, code in enumerate(codes))
    names = tuple(str(number) for number in range(photos[-1].person + 1))
    search = GallerySearch(Gallery(names, photos, "bench", calibration), calibration)
    search.match(codes[0])
    wall = []
    began = time.process_time()  # of all runs together: the system counts it in steps of milliseconds
    for run in range(options.runs):
        began_one = time.perf_counter()
        search.match(codes[run])
        wall.append((time.perf_counter() - began_one) * 1e3)
    cpu = (time.process_time() - began) / options.runs * 1e3
    result = {
        "faces": options.faces,
        "cpu_ms": round(cpu, 2),
        "wall_ms": round(statistics.median(wall), 2),
        "target_ms": TARGET_MS,
    }
    result["met"] = result["cpu_ms"] <= TARGET_MS
    print(json.dumps(result, indent=2))
    return result
