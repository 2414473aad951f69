"""python -m tools.people {sheet,dataset,actors}: see tools/people/README.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.command import run
from tools.people.assets import ASSETS_VARIABLE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (2: the user can mend it).

    The last line on stdout is the path that was made.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one process a core; threads below would only fight
    return run(lambda: options.run(options), "from here")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.people", description="Render people who do not exist.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    sheet = _command(commands, "sheet", "a contact sheet of random people", _sheet)
    sheet.add_argument("--people", type=int, default=64)
    sheet.add_argument("--size", type=int, default=256, help="pixels of each picture")
    sheet.add_argument("--seed", type=int, default=0)
    sheet.add_argument("--labels", action="store_true", help="with landmarks and classes")
    sheet.add_argument("--out", type=Path, default=Path("people.png"))

    dataset = _command(commands, "dataset", "a labelled set of faces", _dataset)
    dataset.add_argument("folder", type=Path)
    dataset.add_argument("--pictures", type=int, required=True, help="how many in all")
    dataset.add_argument(
        "--people", type=int, required=True, help="how many different people; one in ten is for validation"
    )
    dataset.add_argument("--size", type=int, default=256, help="pixels, 32 to 2048")
    dataset.add_argument("--seed", type=int, default=0, help="another seed: other people, other moments")
    dataset.add_argument("--together", type=int, default=1, metavar="K", help="paired mode: K people play each moment")
    dataset.add_argument("--yaw", type=float, default=60.0, help="largest turn from the camera, degrees")
    dataset.add_argument("--occluded", type=float, default=0.2, help="share of faces with something before them")
    dataset.add_argument(
        "--counterfactual", action="store_true", help="each moment again, one thing of it moved at a time"
    )
    dataset.add_argument("--depth", action="store_true", help="write depth pictures too")

    actors = _command(commands, "actors", "the demo's clips, tests and true swaps", _actors)
    actors.add_argument("folder", type=Path)
    actors.add_argument("--size", type=int, default=512)
    actors.add_argument("--crf", type=int, default=21, help="H.264 quality, smaller is better")
    actors.add_argument("--scale", type=float, default=1.0, help="share of the full length, for a quick look")
    actors.add_argument("--only", default="", metavar="CLIP", help="film one clip")
    return parser


def _command(commands, name: str, text: str, run) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--assets", type=Path, help=f"MakeHuman's files (default: ${ASSETS_VARIABLE})")
    command.add_argument("--workers", type=int, default=_cores(), help="processes (default: one a core)")
    command.set_defaults(run=run)
    return command


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# Numba and the geometry are imported by the commands that need them: help answers at once.


def _sheet(options: argparse.Namespace) -> Path:
    import cv2

    from tools.people.assets import Assets
    from tools.people.contact import contact_sheet, with_labels
    from tools.people.moment import random_moment
    from tools.people.person import Person
    from tools.people.renderer import Renderer

    renderer = Renderer(Assets(options.assets))
    seeds = range(options.seed, options.seed + options.people)
    pictures = [renderer.render(Person.from_seed(seed), random_moment(seed), options.size) for seed in seeds]
    if options.labels:
        columns = max(1, min(8, len(pictures)))
        rows = [with_labels(picture) for picture in pictures]
        import numpy as np

        rows += [np.zeros_like(rows[0])] * (-len(rows) % columns)
        sheet = np.vstack([np.hstack(rows[start : start + columns]) for start in range(0, len(rows), columns)])
    else:
        sheet = contact_sheet([picture.image for picture in pictures], tile_px=options.size)
    cv2.imwrite(str(options.out), sheet[..., ::-1])
    return options.out


def _dataset(options: argparse.Namespace) -> Path:
    from tools.people.assets import Assets
    from tools.people.dataset import Plan, write_dataset

    plan = Plan(
        pictures=options.pictures,
        people=options.people,
        size_px=options.size,
        seed=options.seed,
        together=options.together,
        yaw_limit=options.yaw,
        occluded=options.occluded,
        depth=options.depth,
        counterfactual=options.counterfactual,
    )
    return write_dataset(Assets(options.assets), options.folder, plan, options.workers)


def _actors(options: argparse.Namespace) -> Path:
    from tools.people.actors import film_actors
    from tools.people.assets import Assets

    return film_actors(
        Assets(options.assets),
        options.folder,
        size_px=options.size,
        workers=options.workers,
        crf=options.crf,
        seconds_scale=options.scale,
        only=options.only,
    )


if __name__ == "__main__":
    sys.exit(main())
