"""Convert from end to end: frames a second by picture size, where the time goes, and what segments cost.

One face, `lite` without detail. The stages are measured one after the other on the same frames, in CPU seconds; in a
conversion they run at once.

python -m tools.bench convert                          sizes, memory, workers; four minutes on two idle cores
python -m tools.bench convert --sizes 1280x720 --without memory workers
python -m tools.bench convert --with-ray               also on a Ray cluster of this machine
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

DEMO = Path(__file__).resolve().parents[2] / "demo"
RATE = 25
TARGET_FPS = {"1280x720": 45.0, "1920x1080": 30.0, "3840x2160": 8.0}
FRAMES = {"1280x720": 240, "1920x1080": 160, "3840x2160": 48}
TARGET_OVERHEAD = 0.10
PARTS = ("sizes", "memory", "workers")


class Shot(NamedTuple):
    """A film of drifting waves with a face of a quarter of its height, and its face set."""

    film: Path
    faces: Path
    frames: int


def main(argv: list[str]) -> dict[str, Any]:
    """Measure, print the numbers as JSON and return them."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench convert", description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="*", default=list(TARGET_FPS))
    parser.add_argument("--frames", type=int, help="of each film (default: fewer of the larger ones)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--without", nargs="*", choices=PARTS, default=[])
    parser.add_argument("--with-ray", action="store_true")
    options = parser.parse_args(argv)
    told: dict[str, Any] = {"model": "lite", "detail": "none", "faces": 1}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "sizes" not in options.without:
            told["sizes"] = {size: sized(folder, size, options.frames, options.runs) for size in options.sizes}
        if "memory" not in options.without:
            from tools.bench import memory

            with contextlib.redirect_stdout(io.StringIO()):
                told["memory"] = memory.main(["--runs", "1"])
        if "workers" not in options.without:
            told["workers"] = spread(folder, options.runs, ray=options.with_ray)
    print(json.dumps(told, indent=2))
    return told


def sized(folder: Path, size: str, frames: int | None, runs: int) -> dict[str, Any]:
    """Return the frames a second of a whole conversion, and the stages' milliseconds a frame."""
    from faceswap.compositing.casting import Cast, Role
    from faceswap.compositing.pipeline import VideoConversion
    from faceswap.media.sources import probe
    from tools.bench.memory import lite

    width, height = map(int, size.split("x"))
    shot = make_shot(folder / size, width, height, frames or FRAMES.get(size, 100))
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        VideoConversion(probe(shot.film), Cast([Role(lite())]), folder / f"{size}.mp4", faces=shot.faces).run()
        seconds.append(time.perf_counter() - began)
    fps = shot.frames / statistics.median(seconds)
    target = TARGET_FPS.get(size)
    return {
        "frames": shot.frames, "frames_per_second": round(fps, 2), "target": target, "met": not target or fps >= target,
        "stages_cpu_ms_a_frame": stages(shot, folder / f"{size}.stages.mp4"),
    }  # fmt: skip


def stages(shot: Shot, out: Path) -> dict[str, float]:
    """Return the CPU milliseconds a frame of each stage, over a few frames that are held between them."""
    from faceswap.compositing.casting import Cast, Role
    from faceswap.compositing.config import ConversionConfig
    from faceswap.compositing.conversion import Conversion
    from faceswap.compositing.drawing import swapped_faces, with_views
    from faceswap.compositing.pipeline import VideoConversion
    from faceswap.compositing.segments.plan import whole
    from faceswap.media.reading import read_frames
    from faceswap.media.sources import probe
    from faceswap.media.writing import writer_for
    from faceswap.utils.process import few_library_threads, reuse_freed_memory
    from tools.bench.memory import lite

    info, count, spent = probe(shot.film), min(shot.frames, 24), dict[str, float]()
    cast = Cast([Role(lite())])
    film = VideoConversion(info, cast, out, ConversionConfig(fade_from_yaw="off"), faces=shot.faces)
    paste, source, batch_size = film.paste(), film.face_source(), film.settings.batch_size
    conversion = Conversion(info, cast, source, paste, batch_size)

    def measured(stage: str, work: Callable[[], Iterable[Any]]) -> list[Any]:
        began = time.process_time()
        done = list(work())
        spent[stage] = round((time.process_time() - began) / count * 1000, 2)
        return done

    reuse_freed_memory()
    with few_library_threads(), writer_for(info, out) as writer:  # as in a conversion
        frames = measured("decode", lambda: read_frames(info, 0, count))
        placed = measured("locate", lambda: with_views(frames, source, cast))
        drawn = measured("swap", lambda: swapped_faces(placed, cast, batch_size, paste.mask))
        made = measured("blend", lambda: conversion.blended(drawn, whole(0, count)))
        measured("encode", lambda: map(writer.write, (one.frame for one in made)))
    return spent


def make_shot(folder: Path, width: int, height: int, frames: int) -> Shot:
    """Write a film and its face set."""
    from tools.bench.memory import write_face_set

    folder.mkdir()
    film = folder / "film.mp4"
    x, y = np.meshgrid(np.arange(width + 100) / 40, np.arange(height) / 40)
    waves = np.stack([127 + 90 * np.sin(x + i) * np.cos(y - i) for i in range(3)], -1).astype(np.uint8)
    with av.open(str(film), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(frames):
            image = np.ascontiguousarray(waves[:, i % 100 : i % 100 + width])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    return Shot(film, write_face_set(folder / "faces", frames, width, height), frames)


def spread(folder: Path, runs: int, *, ray: bool) -> dict[str, Any]:
    """Return the seconds of the command by one process, two and a Ray cluster, and what the others take more."""
    workspace = f"workspace={folder / 'workspace'}"
    for name in ("hanna", "vera"):
        typed("extract", workspace, f"video={DEMO / name}.mp4")
    ways = {"one": ["workers=1"], "two": ["workers=2"]} | ({"ray": ["engine=ray", "workers=2"]} if ray else {})
    found: dict[str, float] = {}
    for way, said in ways.items():
        out = folder / f"{way}.mp4"
        said = [workspace, "photo=hanna", f"video={DEMO / 'vera.mp4'}", "detail=none", f"out={out}", *said]
        found[way] = statistics.median(typed("convert", *said) for _ in range(runs))
    more = {way: round(seconds / found["one"] - 1, 3) for way, seconds in found.items() if way != "one"}
    return {
        "seconds": {way: round(seconds, 2) for way, seconds in found.items()}, "more_than_one_process": more,
        "target": TARGET_OVERHEAD, "met": all(share <= TARGET_OVERHEAD for share in more.values()),
    }  # fmt: skip


def typed(command: str, *said: str) -> float:
    """Run a command and return its seconds, start and all."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", f"faceswap.{command}", *said], check=True, capture_output=True)
    return time.perf_counter() - began
