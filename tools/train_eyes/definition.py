"""Fits what the rendered heads cannot know: where others place the 68 points on a face.

    python -m tools.train_eyes.definition OUT REFERENCES

The vertices that stand for the points lie a little beside where annotators put them (brows too high, say): an offset
of each inner point, constant in the upright window, takes most of that away (Wood et al. 2021, "Fake it till you make
it", adapt definitions likewise). 102 numbers are fitted to media with reference marks (tools/reference); every film or
picture counts by the square root of its frames. Printed are the errors with and without, each medium's with the
offsets that the others gave - an error measured on media that took part would flatter.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from faceswap.core.geometry import transform_points
from faceswap.core.landmarks import INNER
from faceswap.core.values import POINT_COUNT, Frame
from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.files.atomic import atomic_path, write_json
from tools.reference.marks import Marks, marked_media
from tools.train_eyes.training import exported

EVERY = 12  # frames of a film are much alike


def main(argv: list[str]) -> dict:
    """Write the offsets into OUT/eyes-landmarks.safetensors and the scores into OUT/eyes-landmarks.json."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_eyes.definition", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="folder of eyes-landmarks.safetensors")
    parser.add_argument("references", type=Path, help="folder of media with MEDIA.ref.npz beside them")
    options = parser.parse_args(argv)
    path = options.out / "eyes-landmarks.safetensors"
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    tensors["definition"] = torch.zeros(POINT_COUNT, 2)
    network = exported(path, LandmarkNet)
    network.definition.zero_()  # an earlier fit must not count in this one
    reader = LandmarkPredictor(network=network)
    media = [differences(reader, path) for path in marked_media(options.references)]
    media = [differing for differing in media if len(differing[0])]
    offset = fitted(media)
    tensors["definition"][INNER] = torch.from_numpy(offset)
    with atomic_path(path) as temp:
        save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, temp, metadata)
    result = scores(media)
    recipe = options.out / "eyes-landmarks.json"
    write_json(recipe, json.loads(recipe.read_text()) | {"definition": result})
    print(json.dumps(result))
    return result


Differences = tuple[NDArray[np.float64], NDArray[np.float64]]


def differences(reader: LandmarkPredictor, path: Path) -> Differences:
    """Return (n, 51, 2) what to add to the inner points in half windows.

    (n,) the faces' sizes in the same units.
    """
    info = probe(path)
    marks = Marks.read(path, (info.width, info.height))
    added, sizes = [], []
    for frame in read_frames(info):
        if frame.index % EVERY:
            continue
        for row in marks.rows_at(frame.index):
            if marks.reliable[row]:
                wanted, found = _in_window(reader, frame, marks.points[row])
                added.append((wanted - found)[INNER])
                sizes.append(np.sqrt(np.prod(np.ptp(wanted, axis=0))))
    return np.array(added).reshape(-1, 51, 2), np.array(sizes)


def _in_window(
    reader: LandmarkPredictor, frame: Frame, points: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the marked points and the read ones, in the half windows of the second look."""
    first = reader.read([frame.image], [reader.window_of_points(points)])[0]
    look = reader.window_of_points(first.points)
    again = reader.read([frame.image], [look])[0]
    half = reader.resolution_px / 2
    marked, read = (
        ((transform_points(look, places) + 0.5) / half - 1).astype(float) for places in (points, again.points)
    )
    return marked, read


def fitted(media: list[Differences]) -> NDArray[np.float32]:
    """Return the offsets (51, 2).

    The mean over media of their mean difference, weighted by the square root of their faces.
    """
    weights = np.sqrt([len(added) for added, _ in media])
    means = np.stack([added.mean(0) for added, _ in media])
    return np.average(means, axis=0, weights=weights).astype(np.float32)


def scores(media: list[Differences]) -> dict[str, float]:
    """Return median errors in % of the faces' sizes: without offsets, and with those fitted to all the other media."""
    plain, others = [], []
    for index, (added, sizes) in enumerate(media):
        offset = fitted(media[:index] + media[index + 1 :])
        plain.append(100 * np.linalg.norm(added, axis=2).mean(1) / sizes)
        others.append(100 * np.linalg.norm(added - offset, axis=2).mean(1) / sizes)
    return {
        "faces": sum(len(errors) for errors in plain),
        "media": len(media),
        "plain_median_%": round(float(np.median(np.concatenate(plain))), 3),
        "held_out_median_%": round(float(np.median(np.concatenate(others))), 3),
        "held_out_p95_%": round(float(np.percentile(np.concatenate(others), 95)), 3),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
