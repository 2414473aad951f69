"""How near a trained swap comes to the true swap of the rendered actors.

    python -m tools.bench truth                        trains pair 1 for five minutes, then scores it
    python -m tools.bench truth --pair unlike --minutes 20
    python -m tools.bench truth --workspace DIR --minutes 0     scores a run that is there

Prints a table and JSON; writes B | swap | truth | difference as a film into the workspace.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tools.truth.score import score_clip, table, write_comparison

DEMO = Path(__file__).resolve().parents[2] / "faceswap" / "demo"


def main(argv: list[str]) -> dict:
    """Runs the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench truth", description=__doc__.split("\n")[0])
    parser.add_argument("--pair", default="alike", help="alike or unlike")
    parser.add_argument("--minutes", type=float, default=5.0, help="training time; 0 takes the run as it is")
    parser.add_argument("--workspace", type=Path, help="where face sets and the run lie (default: a temporary folder)")
    parser.add_argument("--clips", type=Path, default=DEMO, help="folder of the actors' clips and pairs.json")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the training")
    parser.add_argument(
        "--convert", action="append", default=[], metavar="KEY=VALUE", help="settings of the conversion"
    )
    options = parser.parse_args(argv)
    pairs = {pair["name"]: pair for pair in json.loads((options.clips / "pairs.json").read_text())["pairs"]}
    if options.pair not in pairs:
        parser.error(f"--pair {options.pair}: choose from {', '.join(pairs)}")
    if options.workspace:
        result = run(pairs[options.pair], options, options.workspace)
    else:
        with tempfile.TemporaryDirectory() as folder:
            result = run(pairs[options.pair], options, Path(folder))
    print(table(result["scores"]), file=sys.stderr)
    print(json.dumps(result, indent=2))
    return result


def run(pair: dict[str, str], options: argparse.Namespace, workspace: Path) -> dict:
    """Extracts, trains and converts one pair, and scores the result beside the two answers that need no training."""
    film = swap_test_clip(pair, options, workspace)
    clip = {role: options.clips / f"{name}.mp4" for role, name in pair.items() if role != "name" and name}
    points = np.load(options.clips / f"{pair['test']}.landmarks.npz")["points"]
    # Where skins differ there are two right answers: A's own skin, and A in B's skin as colour transfer aims at.
    truths = [role for role in ("truth", "truth_toned") if role in clip]
    scores = {}
    for role in truths:
        scores[f"swap to {role}"] = score_clip(film, clip[role], clip["test"], points)
        scores[f"B to {role}"] = score_clip(clip["test"], clip[role], clip["test"], points)
    beside = write_comparison(film, clip[truths[-1]], clip["test"], workspace / "out" / f"{pair['name']}.truth.mp4")
    report = workspace / "runs" / run_name(pair) / "report.json"
    return {
        "pair": pair["name"],
        "scores": scores,
        "comparison": str(beside) if options.workspace else "",
        "training": json.loads(report.read_text()),
    }


def swap_test_clip(pair: dict[str, str], options: argparse.Namespace, workspace: Path) -> Path:
    """The test clip with A's face, made by the three commands."""
    from faceswap.convert import convert
    from faceswap.extract import extract
    from faceswap.train import train

    for role in ("a", "b", "test"):
        video = options.clips / f"{pair[role]}.mp4"
        points = f"finder.path={video.with_suffix('.landmarks.npz')}"
        extract(settings("extract", workspace, f"video={video}", "finder=landmarks", points))
    names = (f"pair.a={pair['a']}", f"pair.b={pair['b']}")
    if options.minutes:
        train(settings("train", workspace, *names, f"minutes={options.minutes}", *options.set))
    video = options.clips / f"{pair['test']}.mp4"
    return convert(settings("convert", workspace, *names, f"video={video}", *options.convert))


def settings(command: str, workspace: Path, *arguments: str) -> Any:
    """The composed settings of a command in a workspace."""
    from faceswap.config.compose import compose_config

    return compose_config(command, [*arguments, f"workspace={workspace}"])


def run_name(pair: dict[str, str]) -> str:
    """The run's name as the commands make it."""
    return f"{pair['a']}_{pair['b']}"
