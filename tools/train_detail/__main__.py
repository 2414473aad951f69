"""python -m tools.train_detail {films,draw,train,ship}: from rendered people to pretrained/detail.safetensors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.command import run

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
MINUTES = 53.0  # of about one core: the shipped weights'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the last line on stdout is what was made. Returns the exit code (2: the user can mend it)."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    return run(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.train_detail", description="Train the detail network.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    films = commands.add_parser("films", help="render pairs of people")
    films.add_argument("data", type=Path)
    films.add_argument("--pairs", type=int, default=120)
    films.add_argument("--assets", type=Path, help="MakeHuman's files (default: $FACESWAP_PEOPLE_ASSETS)")
    films.add_argument("--workers", type=int, default=2, help="processes")
    films.set_defaults(run=_films)

    draw = commands.add_parser("draw", help="let the swap models draw them")
    draw.add_argument("data", type=Path)
    draw.set_defaults(run=_draw)

    train = commands.add_parser("train", help="train on both, by the clock; goes on where it was stopped")
    train.add_argument("data", type=Path)
    train.add_argument("out", type=Path)
    train.add_argument("--minutes", type=float, default=MINUTES, help="in all, earlier calls counted in")
    train.set_defaults(run=_train)

    ship = commands.add_parser("ship", help="put the weights into pretrained/")
    ship.add_argument("out", type=Path)
    ship.add_argument("--folder", type=Path, default=PRETRAINED)
    ship.set_defaults(run=lambda options: ship_weights(options.out, options.folder))
    return parser


def _films(options: argparse.Namespace) -> Path:
    from tools.people.assets import Assets
    from tools.train_detail.films import write_films

    return write_films(Assets(options.assets), options.data, options.pairs, options.workers)


def _draw(options: argparse.Namespace) -> Path:
    from tools.train_detail.drawing import draw_missing
    from tools.train_detail.films import pair_numbers

    numbers = [number for held_out in (False, True) for number in pair_numbers(options.data, held_out)]
    draw_missing(options.data, numbers)
    return options.data


def _train(options: argparse.Namespace) -> Path:
    from tools.train_detail.task import DetailTask
    from tools.train_detail.training import train

    return train(DetailTask(options.data), options.out, options.minutes)


def ship_weights(out: Path, folder: Path = PRETRAINED) -> Path:
    """Copy OUT/detail.safetensors into `folder` and enters it into the manifest with its recipe and scores."""
    import json
    import shutil

    from faceswap.swap.detail.choices import NAME
    from faceswap.utils.errors import UserError
    from faceswap.utils.files.atomic import atomic_path
    from faceswap.utils.files.pretrained import enter_pretrained

    source = out / f"{NAME}.safetensors"
    if not source.is_file():
        raise UserError(f"{source} is missing: train first")
    about = json.loads(source.with_suffix(".json").read_text())
    scores = about.pop("scores", {})
    recipe = {
        "command": "python -m tools.train_detail train DATA OUT",
        "data": "rendered people (tools/people)",
    } | about
    target = folder / source.name
    with atomic_path(target) as temp:
        shutil.copyfile(source, temp)
    enter_pretrained(folder, NAME, source.name, licence="Apache-2.0", recipe=recipe, scores=scores)
    return target


if __name__ == "__main__":
    sys.exit(main())
