"""Speed of finding faces: the whole of extract with finder=builtin, face-alignment beside it, and the first face.

    python -m tools.bench find                       a 512 x 512 clip of the demo, three times
    python -m tools.bench find --weights DIR         networks in training: DIR/eyes-*.safetensors

face-alignment (SFD and 2DFAN-4, without mirroring) runs with random weights, which cost the same, and is given a face.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

CLIP = Path(__file__).resolve().parents[2] / "demo" / "hanna.mp4"
TARGET_FPS, TARGET_RATIO, TARGET_FIRST_FACE_SECONDS = 60.0, 20.0, 1.5
FAN, SFD = "2DFAN4-11f355bf06.pth.tar", "s3fd-619a316812.pth"  # what the package calls its files

FIRST_FACE = """
import json, sys, time
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
info = probe(sys.argv[1])
frame = next(iter(read_frames(info)))
began = time.perf_counter()
import torch
imported = time.perf_counter()
finder = BuiltinFinder()
finder.prepare(info)
faces = finder.find([frame])[0]
ended = time.perf_counter()
print(json.dumps({"import_torch": imported - began, "load_and_find": ended - imported, "faces": len(faces)}))
"""


def main(argv: list[str]) -> dict:
    """Return medians over `--runs`; prints them and the targets as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench find", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clip", type=Path, default=CLIP, help="a film of 512 x 512 with one face")
    parser.add_argument("--frames", type=int, help="only so many of its frames (default: all)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of extract")
    parser.add_argument("--weights", type=Path, help="folder of eyes-*.safetensors that stand in for the shipped ones")
    parser.add_argument("--other-frames", type=int, default=5, help="frames that face-alignment gets a run")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if options.weights:
            from tools.bench.eyes import stand_ins

            (Path(folder) / "eyes").mkdir()
            os.environ["FACESWAP_PRETRAINED"] = str(stand_ins(options.weights, Path(folder) / "eyes"))
        result = _measured(options, Path(folder))
    print(json.dumps(result, indent=2))
    return result


def _measured(options: argparse.Namespace, folder: Path) -> dict:
    from faceswap.media.reading import read_frames
    from faceswap.media.sources import probe

    info = probe(options.clip)
    some = list(read_frames(info, 0, options.other_frames))
    first = [_first_face(options.clip) for _ in range(options.runs)]
    other = _face_alignment(folder)
    other(some[0].image)  # its first call loads and compiles for seconds
    whole: list[dict] = []
    theirs: list[float] = []
    for run in range(options.runs):  # in turns, so that a busy moment hits both alike
        whole.append(_extract(options, folder / f"faces_{run}"))
        for frame in some:
            before = time.perf_counter()
            other(frame.image)
            theirs.append(time.perf_counter() - before)
    fps = statistics.median(run["frames"] / run["seconds"] for run in whole)
    ratio = fps * statistics.median(theirs)
    seconds = {name: statistics.median(run[name] for run in first) for name in ("import_torch", "load_and_find")}
    return {
        "clip": f"{options.clip.name}, {info.width} x {info.height}, {whole[0]['frames']} frames",
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "cores": os.cpu_count(),
        "extract_fps": round(fps, 1),
        "extract_fps_runs": [round(run["frames"] / run["seconds"], 1) for run in whole],
        "extract_cpu_ms_a_frame": round(statistics.median(1e3 * run["cpu"] / run["frames"] for run in whole), 2),
        "faces": whole[0]["faces"],
        "face_alignment_seconds_a_frame": round(statistics.median(theirs), 3),
        "ratio": round(ratio, 1),
        "first_face_seconds": round(seconds["load_and_find"], 3),
        "first_face_seconds_with_import_of_torch": round(sum(seconds.values()), 3),
        "targets": {"extract_fps": TARGET_FPS, "ratio": TARGET_RATIO, "first_face_seconds": TARGET_FIRST_FACE_SECONDS},
        "met": {
            "extract_fps": fps >= TARGET_FPS,
            "ratio": ratio >= TARGET_RATIO,
            "first_face_seconds": seconds["load_and_find"] <= TARGET_FIRST_FACE_SECONDS,
        },
    }


def _extract(options: argparse.Namespace, folder: Path) -> dict:
    """Decode, find, follow, align and write, as the command does; the networks are loaded anew each time."""
    from faceswap.cli.composing.compose import compose_config
    from faceswap.config.build import build
    from faceswap.extraction.pipeline import extract_faces

    config = compose_config("extract", ["finder=builtin", *options.set])
    wall, cpu = time.perf_counter(), time.process_time()
    extract_faces(options.clip, build(config.finder), folder, replace(config, stop=options.frames))
    seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    report = json.loads((folder / "report.json").read_text())
    return {"seconds": seconds, "cpu": used, "frames": report["frames"], "faces": report["faces"]}


def _first_face(clip: Path) -> dict[str, float]:
    """Return seconds in a new process, as a user waits for them."""
    done = subprocess.run([sys.executable, "-c", FIRST_FACE, str(clip)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _face_alignment(folder: Path):
    """Return the package as it is: detection in a frame, then the landmarks of one face in its middle."""
    import torch
    from face_alignment import FaceAlignment, LandmarksType
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN as Network

    weights = folder / "torch" / "hub" / "checkpoints"
    weights.mkdir(parents=True)
    detector = s3fd()
    for name, parameter in detector.named_parameters():
        if name.endswith("mbox_conf.bias"):  # no face anywhere: thousands of false ones would cost time
            parameter.data[:] = 20.0
            parameter.data[-1] = -20.0
    torch.save(detector.state_dict(), weights / SFD)
    torch.save(Network(4).state_dict(), weights / FAN)
    before = os.environ.get("TORCH_HOME")
    os.environ["TORCH_HOME"] = str(folder / "torch")
    try:
        package = FaceAlignment(LandmarksType.TWO_D, device="cpu", flip_input=False, compile=False)
    finally:
        os.environ.pop("TORCH_HOME") if before is None else os.environ.update(TORCH_HOME=before)
    for file in (SFD, FAN):
        (weights / file).unlink()

    def find(image: np.ndarray) -> None:
        height, width = image.shape[:2]
        package.face_detector.detect_from_image(image)
        package.get_landmarks_from_image(image, [[width * 0.3, height * 0.3, width * 0.7, height * 0.7]])

    return find


if __name__ == "__main__":
    main(sys.argv[1:])
