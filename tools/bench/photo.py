"""How near a swap without training comes to the true swap of the rendered actors: one photo of A, and B's film.

    python -m tools.bench photo
    python -m tools.bench photo --model df

Prints one table and one JSON; seconds until the first frame are those of the command in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from tools.bench.truth import DEMO, settings
from tools.truth.eyes import Eyes
from tools.truth.field import ParserFeatures
from tools.truth.score import score_clip, table

PHOTO_FRAME = 20  # of A's training clip


def main(argv: list[str]) -> dict:
    """Run the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench photo", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="lite", help="the model that draws without training")
    parser.add_argument("--clips", type=Path, default=DEMO, help="folder of the actors' clips and pairs.json")
    options = parser.parse_args(argv)
    scores, seconds = {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for pair in json.loads((options.clips / "pairs.json").read_text())["pairs"]:
            photo = Path(folder) / f"{pair['a']}.png"
            write_image(photo, next(read_frames(options.clips / f"{pair['a']}.mp4", PHOTO_FRAME)).image)
            film, test = swapped(photo, pair, options, Path(folder)), options.clips / f"{pair['test']}.mp4"
            truth = options.clips / f"{pair.get('truth_toned', pair['truth'])}.mp4"
            points = np.load(test.with_suffix(".landmarks.npz"))["points"]
            for name, clip in ((pair["name"], film), (f"{pair['name']}: B", test)):
                scores[name] = score_clip(clip, truth, test, points, Eyes(), ParserFeatures(), None)
            seconds = seconds or first_frame_seconds(photo, test, options.model, Path(folder))
    print(table(scores), file=sys.stderr)
    result = {"model": options.model, "command_with_one_frame_seconds": round(seconds, 2), "scores": scores}
    print(json.dumps(result, indent=2))
    return result


def swapped(photo: Path, pair: dict[str, str], options: argparse.Namespace, folder: Path) -> Path:
    """B's test clip with the face on the photo."""
    from faceswap.convert import convert

    video = options.clips / f"{pair['test']}.mp4"
    given = (f"photo={photo}", f"video={video}", f"photo_model={options.model}")
    return convert(settings("convert", folder, *given))


def first_frame_seconds(photo: Path, video: Path, model: str, folder: Path) -> float:
    """How long the whole command takes for one frame."""
    command = [sys.executable, "-m", "faceswap.convert", f"photo={photo}", f"video={video}", f"photo_model={model}"]
    began = time.perf_counter()
    subprocess.run([*command, "stop=1", f"workspace={folder / 'one'}"], check=True, capture_output=True)
    return time.perf_counter() - began
