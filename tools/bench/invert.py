"""Inversion: how many steps from the encoder's guess reach what 500 steps from the average reach.

python -m tools.bench invert                                       held-out samples, and faces of the demo's clips
python -m tools.bench invert --generator G.safetensors --encoder E.safetensors --count 4
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from faceswap.stylegan.inversion.inversion import Inversion
    from faceswap.stylegan.inversion.pipeline import Inverter
    from faceswap.utils.choices import Start

DEMO = Path(__file__).resolve().parents[2] / "demo"
CLIPS = ("hanna", "amara", "henrik", "vera")
FIRST_SEED = 3_000_000  # of samples that nobody has trained with
FROM_AVERAGE, FROM_GUESS = 500, 100  # steps
TARGET_TIMES = 5.0


def main(argv: list[str]) -> dict:
    """Return losses and steps, medians over the pictures; prints them and the target as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench invert", description=__doc__.split("\n")[0])
    parser.add_argument("--generator", type=Path, help="its weights (default: the shipped one)")
    parser.add_argument("--encoder", type=Path, help="its encoder's")
    parser.add_argument("--count", type=int, default=8, help="pictures of each kind")
    parser.add_argument("--fidelity", type=float, default=0.5, help="as invert has it: 0 one w, 0.5 W+")
    options = parser.parse_args(argv)

    from faceswap.stylegan.inversion.config import InversionWeights
    from faceswap.stylegan.inversion.perceptual import inversion_loss
    from faceswap.stylegan.inversion.pipeline import Inverter, load_both

    inverter = Inverter(*load_both(options.generator, options.encoder, "encoder"), inversion_loss(InversionWeights()))
    result: dict = {"resolution": inverter.generator.resolution, "count": options.count, "fidelity": options.fidelity}
    kinds = {"samples": samples(inverter, options.count), "renders": renders(inverter, options.count)}
    result |= {kind: measured(inverter, images, options.fidelity) for kind, images in kinds.items()}
    result["met"] = all(result[kind]["times_fewer"] >= TARGET_TIMES for kind in kinds)
    print(json.dumps(result, indent=2))
    return result


def measured(inverter: Inverter, images: Tensor, fidelity: float) -> dict:
    """Return the two ways for pictures (N, 3, R, R) in [-1, 1].

    A picture that the guess never brings there counts 500.
    """
    from faceswap.stylegan.inversion.config import InversionSettings
    from faceswap.stylegan.inversion.inversion import CodeSearch

    def found(guess: Start, steps: int) -> Inversion:
        settings = InversionSettings(guess, steps, fidelity, tuning_steps=0)
        search = CodeSearch(inverter.generator, inverter.encoder, inverter.loss, settings, inverter.whitening)
        return search.invert(images)

    ways = {"average": found("average", FROM_AVERAGE), "encoder": found("encoder", FROM_GUESS)}
    wanted = ways["average"].history.min(0).values
    reached = (ways["encoder"].history <= wanted).double()
    first = [int(column.argmax()) if column.any() else FROM_AVERAGE for column in reached.T]
    rows = {name: found.history.median(1).values for name, found in ways.items()}
    return {
        "loss_of_the_average": round(float(rows["average"][0]), 4),
        "loss_of_the_guess": round(float(rows["encoder"][0]), 4),
        f"loss_after_{FROM_AVERAGE}_from_average": round(float(wanted.median()), 4),
        f"loss_after_{FROM_GUESS}_from_guess": round(float(ways["encoder"].history.min(0).values.median()), 4),
        "steps_from_guess_to_that_loss": statistics.median(first),
        "each": first,
        "times_fewer": round(FROM_AVERAGE / max(statistics.median(first), 1), 1),
        "seconds_a_step": round(ways["average"].seconds / FROM_AVERAGE / len(images), 4),
        "parts_after_the_guess_s_steps": {
            name: round(float(value.median()), 4) for name, value in ways["encoder"].parts.items()
        },
    }


def samples(inverter: Inverter, count: int) -> Tensor:
    """Return faces that the generator draws, of seeds that nobody trains with."""
    from faceswap.stylegan.networks.generator import draw_z

    generator = inverter.generator
    return generator(draw_z(range(FIRST_SEED, FIRST_SEED + count), generator.z_size).to(inverter.device)).clamp(-1, 1)


def renders(inverter: Inverter, count: int) -> Tensor:
    """Return faces of the demo's actors, whom the training never saw, aligned by their exact landmarks."""
    from faceswap.core.values import Face
    from faceswap.media.reading import read_frames
    from faceswap.stylegan.data.alignment import align_style
    from faceswap.stylegan.data.portraits import as_input

    faces = []
    for number in range(count):
        clip, index = CLIPS[number % len(CLIPS)], 40 * (number // len(CLIPS))
        with np.load(DEMO / f"{clip}.landmarks.npz") as known:
            points = known["points"][known["frame"] == index][0]
        frame = next(iter(read_frames(DEMO / f"{clip}.mp4", index, index + 1)))
        faces.append(align_style(frame, Face.from_points(points), inverter.generator.resolution))
    return as_input(faces, inverter.device)
