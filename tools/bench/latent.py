"""What a Gaussian code buys: samples, walks and holes of a plain run's code beside a variational one's.

    python -m tools.bench latent workspace/runs/plain workspace/runs/vae --faces workspace/faces/craig --out latent.jpg

Prints JSON: `lost` of the faces' own codes, of samples and of halfway codes (near 0: a code stands for a picture; 1 and
more: a hole), and how uneven a walk is. The picture has four rows a run: faces, the same drawn, samples, a walk.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from faceswap.utils.errors import UserError
from faceswap.utils.images import from_unit_range, to_unit_range

FACES, COLUMNS = 64, 8


def main(argv: list[str]) -> dict:
    """Run the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench latent", description=__doc__.split("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="runs, checkpoints or weights files")
    parser.add_argument("--faces", type=Path, required=True, help="the face set whose codes are looked at")
    parser.add_argument("--side", choices=("a", "b"), default="a", help="drawn as whom")
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where the picture goes (default: none)")
    options = parser.parse_args(argv)
    try:
        results, sheets = zip(*(look(run, options) for run in options.runs), strict=True)
        if options.out:
            _write(options.out, sheets)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    result = {str(run): numbers for run, numbers in zip(options.runs, results, strict=True)}
    print(json.dumps(result, indent=2))
    return result


def look(run: Path, options: argparse.Namespace) -> tuple[dict, np.ndarray]:
    """Return a run's numbers and its rows of the picture, (4 R, 8 R, 3) uint8."""
    import torch

    from faceswap.swap.losses.latent import LatentSpace, unevenness
    from faceswap.swap.models.weights import load_model
    from faceswap.swap.runs.checkpoints import find_weights

    model, description = load_model(find_weights(run))
    model.eval()
    images = _views(options.faces, model.resolution, model.coverage)
    space = LatentSpace.of(model, images, options.side)
    random = torch.Generator().manual_seed(options.seed)
    samples, middles = space.samples(options.samples, random), space.middles(options.samples, random)
    walks = [space.draw(space.walk(index, index - 1, COLUMNS)) for index in range(0, len(images), 4)]
    numbers = {
        "model": description["model"],
        "beta": model.beta,
        "iteration": description.get("iteration"),
        "faces": len(images),
        "lost_faces": round(space.lost(space.codes), 4),
        "lost_samples": round(space.lost(samples), 4),
        "lost_middles": round(space.lost(middles), 4),
        "walk_unevenness": round(float(np.mean([unevenness(walk) for walk in walks])), 3),
    }
    shown = np.linspace(0, len(images) - 1, COLUMNS).astype(int)
    rows = [images[shown], space.draw(space.codes[shown]), space.draw(samples[:COLUMNS]), walks[0]]
    return numbers, np.concatenate([np.concatenate(list(_pixels(row)), axis=1) for row in rows])


def _views(folder: Path, resolution: int, coverage: float) -> Any:
    """Return up to FACES faces of a set, spread over its time, as a model sees them: (N, 3, R, R) in [0, 1]."""
    from faceswap.core.face_set import FaceSet
    from faceswap.core.geometry import view_of_crop, warp_crop
    from faceswap.media.pictures.images import read_image

    faces = FaceSet.open(folder)
    if len(faces) < 2:
        raise UserError(f"{folder} holds {len(faces)} faces; two or more are needed")
    views = []
    for index in np.unique(np.linspace(0, len(faces) - 1, FACES).astype(int)):
        crop = read_image(faces.path(index))
        views.append(warp_crop(crop, view_of_crop(crop.shape[0], coverage, resolution), resolution))
    return to_unit_range(np.stack(views))


def _pixels(images: Any) -> np.ndarray:
    return from_unit_range(images)


def _write(path: Path, sheets: tuple[np.ndarray, ...]) -> None:
    """All runs' rows below each other, the narrower ones with a black margin."""
    from faceswap.media.pictures.images import write_image

    width = max(sheet.shape[1] for sheet in sheets)
    write_image(path, np.concatenate([np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0))) for s in sheets]))
