"""What a beginning is worth: swaps from generic weights, from a plain autoencoder's and from scratch, while they train.

    python -m tools.bench transfer --real ../shared/real/videos --plain OUT/plain-lite.safetensors --workspace DIR

Trains `lite`, or --model, for 2,000 iterations from each beginning, with several seeds, on both rendered pairs and,
with --real, on the pair of real films; looks at the swap at 0, 100, 200, 500, 1,000 and 2,000. Goes on where it was
stopped. Prints JSON: every look, the means, and after how many iterations an arm's swap is as good as that of scratch
at the end.
--pictures FOLDER gets the plot and a strip of each rendered pair.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from faceswap.utils.errors import UserError
from tools.bench.models import MODELS

LOOKS = (0, 100, 200, 500, 1000, 2000)
# what is compared: measure, the scenes it is taken from, whether more is better
MEASURES = {
    "psnr_db": (("alike", "unlike"), True),
    "gmsd": (("alike", "unlike"), False),
    "identity": (("real",), True),
    "landmark_error_percent": (("real",), False),
    "validation": (("alike", "unlike", "real"), False),
}


def main(argv: list[str]) -> dict[str, Any]:
    """Run the benchmark; `argv` as on the command line."""
    from tools.transfer.trials import ARMS

    parser = argparse.ArgumentParser(prog="python -m tools.bench transfer", description=__doc__.split("\n")[0])
    parser.add_argument("--workspace", type=Path, required=True, help="where face sets, runs and results lie")
    parser.add_argument("--pairs", nargs="+", default=["alike", "unlike"], help="of the demo")
    parser.add_argument("--real", type=Path, help="the folder with A_d10.mp4 and B_d9.mp4")
    parser.add_argument("--plain", type=Path, help="plain-lite.safetensors of tools.train_generic --plain")
    parser.add_argument("--model", choices=sorted(MODELS), default="lite")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--looks", type=int, nargs="+", default=list(LOOKS), help="iterations, the last ends a trial")
    parser.add_argument("--batch", type=int, default=4, help="faces of each side a step")
    parser.add_argument("--freeze", type=int, default=0, help="steps that encoder and inter of generic weights rest")
    parser.add_argument("--rate", type=float, help="learning rate (default: the model's own)")
    parser.add_argument("--processes", type=int, default=2, help="trials at a time, a core each")
    parser.add_argument("--pictures", type=Path, help="where plot and strips go")
    options = parser.parse_args(argv)
    options.workspace.mkdir(parents=True, exist_ok=True)
    if "plain" in options.arms and options.plain is None:
        print("without --plain there is no plain arm", file=sys.stderr)
        options.arms.remove("plain")
    try:
        _extract(options)
        jobs = [(pair, arm, seed) for seed in range(options.seeds) for pair in _pairs(options) for arm in options.arms]
        with ProcessPoolExecutor(options.processes, get_context("spawn"), initializer=_start) as pool:
            done = [pool.submit(_trial, options, *job) for job in jobs]
            rows = [row for future in done for row in future.result()]
    except UserError as error:
        parser.error(str(error))
    result = {"looks": rows, **compare(rows, options.looks[-1], _pairs(options))}
    if options.pictures:
        from tools.transfer.drawing import draw_plot, draw_strips

        draw_plot(rows, MEASURES, options.pictures / "transfer.png")
        draw_strips(_trials(options), options.pairs, options.arms, options.looks, options.pictures)
    print(json.dumps(result, indent=2))
    return result


def compare(rows: Sequence[Mapping[str, Any]], last: int, scenes: Sequence[str]) -> dict[str, Any]:
    """Return `means` by measure, arm and iteration.

    `reached`: the first look at which an arm is at least as good as scratch is at its last (null: never).
    """
    from tools.transfer.trials import ARMS, means

    tables: dict[str, Any] = {}
    reached: dict[str, Any] = {}
    for measure, (wanted, more) in MEASURES.items():
        chosen = [scene for scene in wanted if scene in scenes]
        table = {arm: {i: mean for i, (mean, _, _) in means(rows, measure, arm, chosen).items()} for arm in ARMS}
        tables[measure] = {arm: {i: round(value, 4) for i, value in of.items()} for arm, of in table.items() if of}
        goal = table["scratch"].get(last)
        if goal is not None:
            good = {arm: [i for i, v in of.items() if (v >= goal if more else v <= goal)] for arm, of in table.items()}
            reached[measure] = {arm: min(at, default=None) for arm, at in good.items() if table[arm]}
    return {"means": tables, "reached": reached}


def _pairs(options: argparse.Namespace) -> list[str]:
    return [*options.pairs, *(["real"] if options.real else [])]


def _trials(options: argparse.Namespace) -> Path:
    return options.workspace / ("trials" if options.model == "lite" else f"trials-{options.model}")


def _extract(options: argparse.Namespace) -> None:
    """Make the face sets once, before several processes want them."""
    from tools.transfer.scenes import DEMO, extracted, real_films, rendered_pairs

    known = rendered_pairs()
    films = real_films(options.real) if options.real else []
    for pair in options.pairs:
        if pair not in known:
            raise UserError(f"--pairs {pair}: choose from {', '.join(known)}")
        films += [DEMO / f"{known[pair][side]}.mp4" for side in ("a", "b")]
    for film in films:
        extracted(film, options.workspace)


def _start() -> None:
    import cv2
    import torch

    from faceswap.utils.workers import end_with_parent

    end_with_parent()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _trial(options: argparse.Namespace, pair: str, arm: str, seed: int) -> list[dict[str, Any]]:
    """Return one training with all its looks."""
    from faceswap.engine.optimizers import Adam
    from faceswap.swap.initialisation.schemes import Generic
    from faceswap.swap.models.registry import MODELS as KINDS
    from tools.transfer.scenes import real_scene, rendered_pairs, rendered_scene
    from tools.transfer.trials import Trial, beginnings
    from tools.truth.eyes import Eyes

    eyes = Eyes("cpu")
    if pair == "real":
        scene = real_scene(options.real, options.workspace, eyes)
    else:
        scene = rendered_scene(rendered_pairs()[pair], options.workspace, eyes)
    folder = _trials(options)
    folder.mkdir(exist_ok=True)
    kind, sizes = MODELS[options.model]
    init = beginnings(options.plain, folder, Generic(freeze_steps=options.freeze))[arm]
    settings = {"batch_size": options.batch, "optimizer": Adam(learning_rate=options.rate)}
    return Trial(scene, arm, init, seed, settings, folder, partial(KINDS[kind], **sizes)).run(options.looks, eyes)
