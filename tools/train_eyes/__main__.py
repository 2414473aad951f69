"""python -m tools.train_eyes NAME DATA OUT: train one of the built-in networks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.command import run

# where each task lives, and the minutes of one core (or of one GPU) that its shipped weights took
TASKS = {
    "detector": ("tools.train_eyes.detector", "DetectorTask", 60),
    "landmarks": ("tools.train_eyes.landmarks", "LandmarkTask", 50),
    "parser": ("tools.train_eyes.parser", "ParserTask", 225),
    "embedder": ("tools.train_eyes.embedder", "EmbedderTask", 107),
    "attributes": ("tools.train_eyes.attributes", "AttributeTask", 9),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; the last line on stdout is the file that was made. Returns the exit code (2: the user can mend it)."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    return run(lambda: _train(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.train_eyes", description="Train the built-in eyes.")
    parser.add_argument("name", choices=sorted(TASKS), help="which network")
    parser.add_argument("data", type=Path, help="a set written by python -m tools.people dataset")
    parser.add_argument("--more", type=Path, action="append", default=[], help="another set to learn from as well")
    parser.add_argument("--start", type=Path, help="weights to begin with: an eyes-NAME.safetensors")
    parser.add_argument("out", type=Path, help="folder for checkpoints and weights")
    parser.add_argument("--minutes", type=float, help="in all, earlier calls counted in (default: as shipped)")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda or cuda:N")
    return parser


def _train(options: argparse.Namespace) -> Path:
    from importlib import import_module

    import cv2
    import torch

    from tools.train_eyes.data import Faces
    from tools.train_eyes.training import train

    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    module, task, minutes = TASKS[options.name]
    chosen = getattr(import_module(module), task)(Faces(options.data, *options.more))
    return train(chosen, options.out, options.minutes or minutes, options.device, options.start)


if __name__ == "__main__":
    sys.exit(main())
