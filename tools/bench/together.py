"""How many films a worker makes for visitors who wait: one process for each of them, and one for all.

python -m tools.bench together --visitors 8
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from faceswap.booth.shared.visitors import RESULT, Arrival, Visitors
from faceswap.jobs.opening import open_queue
from faceswap.jobs.tables import State
from faceswap.media.pictures.images import encode_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.souvenir.config import FILES

DEMO = Path(__file__).resolve().parents[2] / "demo"
ACTORS = ("vera", "hanna", "henrik", "amara")


def main(argv: list[str]) -> dict[str, Any]:
    """Return seconds, CPU seconds and films a minute of both ways; prints them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench together", description=__doc__.split("\n")[0])
    parser.add_argument("--visitors", type=int, default=8)
    options = parser.parse_args(argv)
    result = {str(size): _made(options.visitors, size) for size in (1, options.visitors)}
    print(json.dumps({"visitors": options.visitors, "by_batch_size": result}, indent=2))
    return result


def _made(visitors: int, batch_size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="together-") as name:
        workspace = Path(name) / "workspace"
        queue = open_queue(workspace)
        booth = Visitors(queue, Path(name) / "visitors", [f"workspace={workspace}"])
        came = [booth.add(Arrival(photo, "for the bench")) for photo in islice(cycle(_photos()), visitors)]
        line = [sys.executable, "-m", "faceswap.worker", f"workspace={workspace}", f"batch_size={batch_size}",
                "until_empty=true"]  # fmt: skip
        began, cpu = time.perf_counter(), _cpu_seconds()
        subprocess.run(line, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        seconds, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
        jobs = [queue.get(one.job_id) for one in came]
        assert all(job.state == State.DONE for job in jobs), [job.reason for job in jobs]
        for one in came:
            assert all((booth.folder / one.id / RESULT / file).is_file() for file in FILES)
        firsts = [job.ended - min(one.started or 0 for one in jobs) for job in jobs if job.ended]
        queue.database.close()
    return {
        "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "first_film_after": round(min(firsts), 1),
        "films_a_minute": round(60 * visitors / seconds, 2),
    }  # fmt: skip


def _cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _photos() -> list[bytes]:
    frames = [next(iter(read_frames(probe(DEMO / f"{actor}.mp4"), 20, 21))) for actor in ACTORS]
    return [encode_image(frame.image, ".jpg", quality=92, metadata={}) for frame in frames]
