"""Edits against the truth: a face moved along a direction beside the render in which that one thing is moved.

python -m tools.bench edit_truth CROPS                                 the shipped directions
python -m tools.bench edit_truth CROPS --directions OLD NEW            two files, the same pairs

CROPS is what tools.train_style.cut_pairs wrote. The length of each direction is set on people of the training (the
mean change of their drawings is made as large as that of the pictures), everything else is measured on people held out.
What an edit moves is read by a StepReader, fitted to pictures of the training's people; how well it reads those held
out stands beside it as `truth`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from faceswap.stylegan.directions.directions import Direction
    from faceswap.stylegan.directions.pair_pictures import SeenPairs
    from faceswap.stylegan.networks.generator import Generator
    from tools.bench._step_reader import StepReader

LENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)  # sigmas that a usual step may be
PROBES = 40  # pairs by which that is found
OWN, OTHERS, IDENTITY, STRAY = (0.8, 1.2), 0.1, 0.85, 0.03  # bars
STRAYING = ("hair", "occluder", "beard")  # classes of which no pixel may come or go that the truth keeps
TURNS = ("yaw", "pitch")  # every pixel changes: classes are not compared


def main(argv: list[str]) -> dict:
    """Return a table for each file of directions; prints them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench edit_truth", description=__doc__.split("\n")[0])
    parser.add_argument("crops", type=Path)
    parser.add_argument("--generator", type=Path, help="its weights (default: the shipped one)")
    parser.add_argument("--encoder", type=Path, help="its encoder's")
    parser.add_argument("--directions", type=Path, nargs="*", default=[], help="files (default: the shipped one)")
    parser.add_argument("--pairs", type=int, default=24, help="pairs of each factor to measure on")
    parser.add_argument("--fit", type=int, default=120, help="pairs of each factor to fit the reader to")
    options = parser.parse_args(argv)

    from faceswap.stylegan.directions.directions import load_directions
    from faceswap.stylegan.inversion.perceptual import InversionWeights, inversion_loss
    from faceswap.stylegan.inversion.pipeline import load_both
    from tools.bench._step_reader import StepReader
    from tools.train_style.cut import HELD_OUT

    generator, encoder = load_both(options.generator, options.encoder, "encoder", "cpu")
    assert encoder is not None
    ours, held = (
        _some(folder, count, generator, encoder)
        for folder, count in ((options.crops, options.fit), (options.crops / HELD_OUT, options.pairs))
    )
    usual = np.sqrt((ours.pairs.steps**2).sum(0) / (ours.pairs.steps != 0).sum(0))
    loss = inversion_loss(InversionWeights(), device="cpu")
    sides = ours.images[ours.pairs.before], ours.images[ours.pairs.after]
    reader = StepReader.fit(lambda faces: loss.target(faces).stages, *sides, _tensor(ours.pairs.steps / usual))
    bench = _Bench(generator, loss, reader, ours, held, usual)
    files = {str(path): load_directions(path) for path in options.directions} or {"shipped": load_directions()}
    result: dict[str, Any] = {"pairs": len(held.pairs), "people": len(set(held.pairs.people.tolist()))}
    for name, found in files.items():
        rows = {
            factor: bench.row(number, found.directions[factor])
            for number, factor in enumerate(held.pairs.names)
            if factor in found.directions
        }
        result[name] = rows | {"mean": _mean(list(rows.values()))}
    print(json.dumps(result, indent=2))
    return result


@dataclass(frozen=True, eq=False)
class _Bench:
    generator: Generator
    loss: Any
    reader: StepReader
    ours: SeenPairs
    held: SeenPairs
    usual: NDArray[np.float64]

    def row(self, number: int, direction: Direction) -> dict[str, Any]:
        """Return what an edit by the pairs' own steps of one factor does on people held out."""
        import torch

        sigmas = self._sigmas(number, direction)
        steps, start, end, rows = _of(self.held, number, self.usual)
        before, after = (self._drawn(moved) for moved in (rows, _moved(rows, direction, sigmas * steps)))
        truth = self.held.images[end]
        signs = steps.sign()[:, None]
        read, known = (
            (self.reader.read(one, other) * signs).mean(0) / steps.abs().mean()
            for one, other in ((before, after), (self.held.images[start], truth))
        )
        others = torch.cat([read[:number], read[number + 1 :]])
        names = [name for place, name in enumerate(self.held.pairs.names) if place != number]
        vectors = [self.loss.target(faces).vectors for faces in (before, after, self.held.images[start], truth)]
        kept, of_truth = (
            float(torch.cosine_similarity(*pair).mean()) for pair in (vectors[:2], vectors[2:])
        )  # the edit's, and what the truth itself leaves of a face's identity
        distances = [self._distance(faces, truth) for faces in (after, before)]
        return {
            "sigmas": round(sigmas, 2),
            "perceptual": distances[0][0],
            "perceptual_unedited": distances[1][0],
            "psnr_db": distances[0][1],
            "psnr_db_unedited": distances[1][1],
            "own_reached": round(float(read[number] / known[number]), 3),
            "truth": round(float(known[number]), 3),
            "largest_other": round(float(others.abs().max()), 3),
            "which": names[int(others.abs().argmax())],
            "identity": round(kept, 3),
            "identity_of_truth": round(of_truth, 3),
            "stray": None
            if self.held.pairs.names[number] in TURNS
            else self._stray(before, after, self.held.images[start], truth),
        }

    def _sigmas(self, number: int, direction: Direction) -> float:
        """Return by how many sigmas a usual step is made: the mean change of drawings as large as that of pictures."""
        steps, start, end, rows = _of(self.ours, number, self.usual, PROBES)
        signs = steps.sign()[:, None, None, None]
        true = ((self.ours.images[end] - self.ours.images[start]) * signs).mean(0)
        unmoved = self._drawn(rows)
        reached = []
        for length in LENGTHS:
            change = ((self._drawn(_moved(rows, direction, length * steps)) - unmoved) * signs).mean(0)
            reached.append(float((true * change).sum() / true.square().sum()))
        return float(np.interp(1.0, np.maximum.accumulate(reached), LENGTHS))

    def _drawn(self, rows: Tensor) -> Tensor:
        import torch

        with torch.inference_mode():
            return torch.cat([self.generator.synthesis(part, noise="none") for part in rows.split(64)]).clamp(-1, 1)

    def _distance(self, faces: Tensor, truth: Tensor) -> tuple[float, float]:
        """Return the perceptual distance and the peak signal-to-noise ratio (dB) within the face."""
        import torch

        inside = _face(truth.shape[-1])
        target = self.loss.target(truth, inside.expand(len(truth), -1, -1, -1))
        with torch.inference_mode():
            perceptual = self.loss.parts(faces, target)["perceptual"].mean()
        error = ((faces - truth).square().mean(1, keepdim=True) * inside).sum((1, 2, 3)) / inside.sum() / 4
        return round(float(perceptual), 4), round(float((-10 * error.clamp(min=1e-9).log10()).mean()), 2)

    def _stray(self, *faces: Tensor) -> float:
        """Return the share of the face that becomes or ceases to be hair, beard or a thing, and does not in truth."""
        drawn_before, drawn_after, before, after = (_classes(images) for images in faces)
        inside = _face(drawn_before.shape[-1])[0, 0].numpy() > 0
        strays = [
            ((drawn_before == kind) != (drawn_after == kind)) & ((before == kind) == (after == kind))
            for kind in _kinds()
        ]
        return round(float(np.any(strays, 0)[:, inside].mean()), 4)


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means of all numbers, and how many rows reach each bar."""
    numbers = [key for key, value in rows[0].items() if not isinstance(value, str)]
    known = {key: [row[key] for row in rows if row[key] is not None] for key in numbers}
    met = {
        "own_reached": sum(OWN[0] <= row["own_reached"] <= OWN[1] for row in rows),
        "largest_other": sum(row["largest_other"] <= OTHERS for row in rows),
        "identity": sum(row["identity"] >= IDENTITY * row["identity_of_truth"] for row in rows),
        "stray": sum(row["stray"] is None or row["stray"] <= STRAY for row in rows),
    }
    return {key: round(float(np.mean(values)), 4) for key, values in known.items() if values} | {
        "factors": len(rows),
        "met": met,
    }


def _some(folder: Path, count: int, generator: Generator, encoder: Any) -> SeenPairs:
    """Return the first `count` pairs of each factor with their pictures and codes."""
    from faceswap.stylegan.data.pairs import read_pairs
    from faceswap.stylegan.directions.pair_pictures import see_pairs

    pairs = read_pairs(folder)
    first = np.cumsum(pairs.steps != 0, 0)
    kept = pairs.chosen(((pairs.steps != 0) & (first <= count)).any(1))
    return see_pairs(kept, generator, encoder, None)  # packed: nothing has to be found


def _of(
    seen: SeenPairs, number: int, usual: NDArray, most: int | None = None
) -> tuple[Tensor, NDArray, NDArray, Tensor]:
    """Return a factor's pairs: steps (n,) in usual ones, places of the pictures, codes of the faces before."""
    chosen = np.flatnonzero(seen.pairs.steps[:, number])[:most]
    start, end = seen.pairs.before[chosen], seen.pairs.after[chosen]
    return _tensor(seen.pairs.steps[chosen, number] / usual[number]), start, end, seen.rows[start]


def _moved(rows: Tensor, direction: Direction, sigmas: Tensor) -> Tensor:
    from faceswap.stylegan.directions.directions import move

    return move(rows, direction, sigmas)


def _tensor(values: NDArray) -> Tensor:
    import torch

    return torch.from_numpy(np.asarray(values, np.float32))


def _face(side_px: int) -> Tensor:
    """Return where the mean face is, (1, 1, S, S) of 0 and 1."""
    import cv2

    from faceswap.stylegan.directions.scoring import mean_points_in_style

    mask = np.zeros((side_px, side_px), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(mean_points_in_style(side_px).round().astype(np.int32)), 1.0)
    return _tensor(mask)[None, None]


def _kinds() -> list[int]:
    from faceswap.facenets.parser import NAMES

    return [NAMES.index(name) for name in STRAYING]


def _classes(faces: Tensor) -> NDArray[np.int64]:
    """Return the parser's class of each pixel of aligned faces, (N, P, P)."""
    from faceswap.facenets.parser import FaceParser
    from faceswap.stylegan.directions.scoring import mean_points_in_style
    from faceswap.utils.images import from_signed_range

    images = list(from_signed_range(faces))
    shares, _ = FaceParser("cpu").parse(images, [mean_points_in_style(images[0].shape[0])] * len(images))
    return np.asarray(shares).argmax(1)
