"""How near a trained swap comes to the true swap of the rendered actors.

    python -m tools.bench truth                        trains pair alike for five minutes, then scores it
    python -m tools.bench truth --pair both --minutes 20
    python -m tools.bench truth --workspace DIR --minutes 0              scores a run that is there
    python -m tools.bench truth --workspace DIR --minutes 0 --run NAME   the same of a run with a name of its own

Prints one table and one JSON; writes B | swap | truth | difference of each pair as a film into the workspace. Landmarks
and identity are what the built-in eyes see; FACESWAP_PRETRAINED names another folder of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import mean_of
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError
from tools.truth.eyes import Eyes
from tools.truth.field import ParserFeatures, gallery
from tools.truth.score import Gallery, score_clip, table, write_comparison

DEMO = Path(__file__).resolve().parents[2] / "demo"
BOTH = "both"
FACES_A_PERSON = 32  # of a training clip, whose mean is who somebody is to the gallery


def main(argv: list[str]) -> dict:
    """Run the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench truth", description=__doc__.split("\n")[0])
    parser.add_argument("--pair", default="alike", help="alike, unlike or both, one after the other")
    parser.add_argument("--minutes", type=float, default=5.0, help="training time of a pair; 0: the run as it is")
    parser.add_argument("--workspace", type=Path, help="where face sets and runs lie (default: a temporary folder)")
    parser.add_argument("--run", default="", metavar="NAME", help="the run's name in the workspace (default: A_B)")
    parser.add_argument("--clips", type=Path, default=DEMO, help="folder of the actors' clips and pairs.json")
    parser.add_argument(
        "--people",
        type=Path,
        metavar="FOLDER",
        help="a set of python -m tools.people dataset, 200 people and more: adds the retrieval of A among them",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the training")
    parser.add_argument(
        "--convert", action="append", default=[], metavar="KEY=VALUE", help="settings of the conversion"
    )
    options = parser.parse_args(argv)
    pairs = {pair["name"]: pair for pair in json.loads((options.clips / "pairs.json").read_text())["pairs"]}
    if options.pair not in (*pairs, BOTH):
        parser.error(f"--pair {options.pair}: choose from {', '.join(pairs)}, {BOTH}")
    if options.run and options.pair == BOTH:
        parser.error(f"--run {options.run}: a run is one pair's; leave it out with --pair {BOTH}")
    if not options.minutes and not options.workspace:
        parser.error("--minutes 0 takes a run that is there: say its --workspace")
    chosen = list(pairs.values()) if options.pair == BOTH else [pairs[options.pair]]
    try:
        eyes, parser_features = Eyes(), ParserFeatures()  # before anything is trained: they may not be there
        strangers = gallery(options.people, eyes.embedder) if options.people else None
        with tempfile.TemporaryDirectory() as folder:
            place = options.workspace or Path(folder)
            results = {pair["name"]: run(pair, options, place, (eyes, parser_features, strangers)) for pair in chosen}
    except UserError as error:
        parser.error(str(error))
    columns = {f"{name}: {clip}": row for name, part in results.items() for clip, row in part["scores"].items()}
    print(table(columns), file=sys.stderr)
    result = {"eyes": eyes.weights | {"parser": parser_features.tag}, "pairs": results}
    print(json.dumps(result, indent=2))
    return result


def run(
    pair: dict[str, str],
    options: argparse.Namespace,
    workspace: Path,
    judges: tuple[Eyes, ParserFeatures, NDArray | None],
) -> dict:
    """Extract, trains and converts one pair, and scores the result beside B's film as it was."""
    film = swap_test_clip(pair, options, workspace)
    clip = {role: options.clips / f"{name}.mp4" for role, name in pair.items() if role != "name" and name}
    points = np.load(options.clips / f"{pair['test']}.landmarks.npz")["points"]
    # Where skins differ there are two right answers: A's own skin, and A in B's skin as colour transfer aims at.
    truths = [role for role in ("truth", "truth_toned") if role in clip]
    eyes, _, strangers = judges
    people = None if strangers is None else Gallery(who(clip["a"], eyes), who(clip["b"], eyes), strangers)
    scores = {}
    for role in truths:
        scores[f"swap to {role}"] = score_clip(film, clip[role], clip["test"], points, *judges[:2], people)
        scores[f"B to {role}"] = score_clip(clip["test"], clip[role], clip["test"], points, *judges[:2], people)
    name = f"{options.run or pair['name']}.truth.mp4"
    beside = write_comparison(film, clip[truths[-1]], clip["test"], workspace / "out" / name)
    report = workspace / "runs" / run_name(pair, options) / "report.json"
    return {
        "run": run_name(pair, options),
        "scores": scores,
        "comparison": str(beside) if options.workspace else "",
        "training": json.loads(report.read_text()),
    }


def who(clip: Path, eyes: Eyes) -> NDArray[np.float32]:
    """Return the mean embedding (128,) of some frames of an actor's training clip."""
    points = np.load(clip.with_suffix(".landmarks.npz"))["points"]
    chosen = {int(i) for i in np.linspace(0, len(points) - 1, FACES_A_PERSON)}
    images = [frame.image for frame in read_frames(clip) if frame.index in chosen]
    return mean_of(eyes.embedder.embed(images, [points[i] for i in sorted(chosen)]))


def swap_test_clip(pair: dict[str, str], options: argparse.Namespace, workspace: Path) -> Path:
    """Return the test clip with A's face, made by the three commands.

    A run that is taken as it is keeps its face sets.
    """
    from faceswap.convert import convert
    from faceswap.extract import extract
    from faceswap.train import train
    from faceswap.utils.files.workspace import Workspace

    for role in ("a", "b", "test") if options.minutes else ("test",):
        video = options.clips / f"{pair[role]}.mp4"
        points = f"finder.path={video.with_suffix('.landmarks.npz')}"
        if options.minutes or not Workspace(workspace).faces(pair[role]).is_dir():
            extract(settings("extract", workspace, f"video={video}", "finder=landmarks", points))
    names = (f"pair.a={pair['a']}", f"pair.b={pair['b']}", f"pair.name={run_name(pair, options)}")
    if options.minutes:
        train(settings("train", workspace, *names, f"minutes={options.minutes}", *options.set))
    video = options.clips / f"{pair['test']}.mp4"
    return convert(settings("convert", workspace, *names, f"video={video}", *options.convert))


def settings(command: str, workspace: Path, *arguments: str) -> Any:
    """Return the composed settings of a command in a workspace."""
    from faceswap.cli.composing.compose import compose_config

    return compose_config(command, [*arguments, f"workspace={workspace}"])


def run_name(pair: dict[str, str], options: argparse.Namespace) -> str:
    """Return the name asked for, else the one that the commands give."""
    return options.run or f"{pair['a']}_{pair['b']}"
