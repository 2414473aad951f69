"""python -m tools.train_generic DATA OUT: pretrain the weights that new swaps begin with."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.models import MODELS as VARIANTS
from tools.command import run

RANK = 20  # of a code (GenericNet); a plain autoencoder's has all its numbers


@dataclass(frozen=True)
class Recipe:
    """How a model is pretrained: `minutes` of one core, and the model's `settings`."""

    minutes: float
    settings: Mapping[str, float] = field(default_factory=dict)


# the shipped weights'; df is df_96
MODELS = {
    "lite": Recipe(68),
    "df": Recipe(94, VARIANTS["df_96"][1]),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Return pretrains; the last line on stdout is the file that was made.

    Returns the exit code (2: the user can mend it).
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    return run(lambda: _pretrain(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.train_generic", description="Pretrain generic weights.")
    parser.add_argument("data", type=Path, help="a set written by python -m tools.people dataset ... --together 4")
    parser.add_argument("out", type=Path, help="folder for checkpoints and weights")
    parser.add_argument("--model", choices=sorted(MODELS), default="lite")
    parser.add_argument("--minutes", type=float, help="in all, earlier calls counted in (default: as shipped)")
    parser.add_argument("--plain", action="store_true", help="an ordinary autoencoder, to compare with")
    parser.add_argument("--batch", type=int, default=16, help="pictures a step, even")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    return parser


def _pretrain(options: argparse.Namespace) -> Path:
    import cv2
    import torch

    from faceswap.swap.data.cache import crop_px_for
    from tools.train_generic.moments import Moments
    from tools.train_generic.network import GenericNet
    from tools.train_generic.task import SwapTask
    from tools.train_generic.training import pretrain

    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    torch.manual_seed(0)
    recipe = MODELS[options.model]
    network = GenericNet(options.model, recipe.settings, options.plain, None if options.plain else RANK)
    moments = Moments(options.data, crop_px_for(network.resolution, network.coverage, 256))
    task = SwapTask(moments, options.batch, plain=options.plain)
    return pretrain(network, task, options.out, options.minutes or recipe.minutes)


if __name__ == "__main__":
    sys.exit(main())
