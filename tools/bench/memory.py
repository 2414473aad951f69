"""Peak memory of convert for 300 and for 6,000 frames: it must not grow with the film's length."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, RATE = 640, 360, 25
LENGTHS = (300, 6000)
TARGET_GROWTH = 0.05


def main(argv: list[str]) -> dict:
    """Convert both films in processes of their own, `--runs` times; prints the medians and the growth as JSON."""
    parser = argparse.ArgumentParser(prog="memory", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", choices=("copy", "lite"), default="copy", help="copy: gives the views back")
    parser.add_argument("--child", nargs=2, metavar=("FRAMES", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.child:
        return _convert(int(options.child[0]), Path(options.child[1]), options.model)
    with tempfile.TemporaryDirectory() as folder:
        for frames in LENGTHS:
            _prepare(Path(folder), frames)
        runs = [{n: _peak_mib(n, folder, options.model) for n in LENGTHS} for _ in range(options.runs)]
    peaks = {n: statistics.median(run[n] for run in runs) for n in LENGTHS}
    growth = peaks[LENGTHS[1]] / peaks[LENGTHS[0]] - 1
    result = {
        "frame": f"{WIDTH} x {HEIGHT}",
        "model": options.model,
        "peak_mib": {str(n): round(peak, 1) for n, peak in peaks.items()},
        "growth": round(growth, 4),
        "met": growth <= TARGET_GROWTH,
    }
    print(json.dumps(result, indent=2))
    return result


def _peak_mib(frames: int, folder: str, model: str) -> float:
    command = [sys.executable, "-m", "tools.bench.memory", "--model", model, "--child", str(frames), folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["peak_mib"]


def _convert(frames: int, folder: Path, model: str) -> dict:
    from faceswap.compositing.casting import Cast, Role
    from faceswap.compositing.pipeline import VideoConversion
    from faceswap.media.sources import probe

    cast, film = Cast([Role(_swapper(model))]), probe(_film(folder, frames))
    VideoConversion(film, cast, folder / "out.mp4", faces=_faces(folder, frames)).run()
    result = {"peak_mib": peak_mib()}
    print(json.dumps(result))
    return result


def peak_mib() -> float:
    """Return the most memory that this program has held.

    Linux counts for a new program, in `getrusage`, what the one that started it held: the status does not.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


class _Copy:
    """Stands in for a model: what convert itself holds is to be measured."""

    resolution, coverage = 128, 0.8
    description = {"model": "copy"}  # noqa: RUF012

    def swap(self, views: np.ndarray, to: str = "a"):
        from faceswap.core.values import Decoded

        return Decoded(views.astype(np.float32) / np.float32(255), None)


def _swapper(model: str):
    return _Copy() if model == "copy" else lite()


def lite():
    """Return a model of random weights, which is as fast as a trained one."""
    from faceswap.engine.accelerator import choose_accelerator
    from faceswap.swap.inference.swapper import TrainedSwapper
    from faceswap.swap.models.lite import Lite

    accelerator = choose_accelerator("cpu")
    return TrainedSwapper(accelerator.place(Lite()).eval(), accelerator, {"model": "lite"})


def _film(folder: Path, frames: int) -> Path:
    return folder / f"{frames}.mp4"


def _faces(folder: Path, frames: int) -> Path:
    return folder / f"faces_{frames}"


def _prepare(folder: Path, frames: int) -> None:
    """A film of drifting waves and a face set with one face in each frame."""
    import av

    x, y = np.meshgrid(np.arange(WIDTH + 100) / 40, np.arange(HEIGHT) / 40)
    waves = np.stack([127 + 90 * np.sin(x + i) * np.cos(y - i) for i in range(3)], -1).astype(np.uint8)
    with av.open(str(_film(folder, frames)), "w") as output:
        stream = output.add_stream("libx264", rate=Fraction(RATE), options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for i in range(frames):
            image = np.ascontiguousarray(waves[:, i % 100 : i % 100 + WIDTH])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    write_face_set(_faces(folder, frames), frames, WIDTH, HEIGHT)


def write_face_set(folder: Path, frames: int, width: int, height: int) -> Path:
    """Write a face set with one face in each frame, of a third of its height; returns the folder."""
    from faceswap.core.face_set import ALIGNMENTS

    folder.mkdir()
    with open(folder / ALIGNMENTS, "w", encoding="utf-8") as file:
        for line in _records(frames, width, height):
            file.write(line + "\n")
            (folder / json.loads(line)["file"]).touch()
    return folder


def _records(frames: int, width: int, height: int) -> Iterator[str]:
    from faceswap.core.face_record import FaceRecord
    from faceswap.core.geometry import frame_to_crop_for
    from faceswap.core.landmarks import MEAN_FACE

    for i in range(frames):
        centre = width / 2 + width / 13 * np.sin(i / 20), height / 2
        points = (MEAN_FACE[:, :2] * height * 0.306 + centre).astype(np.float32)
        box = np.concatenate([points.min(0), points.max(0)])
        matrix = frame_to_crop_for(points, 256)
        yield FaceRecord(f"{i:06d}.jpg", i, i / RATE, box, points, matrix, 1.0, 0, 1.0, 0, 0, 0, 256).to_json()


if __name__ == "__main__":
    main(sys.argv[1:])
