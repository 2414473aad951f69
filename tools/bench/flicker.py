"""How much a swap flickers where nothing moves but a thing before the face: a still frame of the demo, with its grain.

    python -m tools.bench flicker --workspace DIR              a run of hanna and vera there, as `make demo` leaves one
    python -m tools.bench flicker --workspace DIR --grain 0 --convert mask=learned

A microphone goes across the face of one rendered frame, and of the true swap of it, under the same grain. Prints the
CIE Lab distance from each frame to the next inside the face, where the microphone is in neither, of swap and truth.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tools.bench.truth import DEMO, settings

GRAIN = 0.006  # of the demo's films, see tools/people/cast.py
NEAR_PX = 14  # around the microphone: what is softened of it, and what the codec smears
PAIR = ("vera_test", "vera_test_as_hanna")


def main(argv: list[str]) -> dict:
    """Run the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench flicker", description=__doc__.split("\n")[0])
    parser.add_argument("--workspace", type=Path, required=True, help="where the run of hanna and vera lies")
    parser.add_argument("--run", default="hanna_vera", metavar="NAME", help="the run")
    parser.add_argument("--frame", type=int, default=40, help="of the test clip")
    parser.add_argument("--frames", type=int, default=40, help="length of what is made of it")
    parser.add_argument("--grain", type=float, default=GRAIN, help="of the film, as a share of white; 0: none")
    parser.add_argument("--convert", action="append", default=[], metavar="KEY=VALUE", help="settings of it")
    options = parser.parse_args(argv)

    from faceswap.convert import convert
    from tools.truth.metrics import face_mask

    stills = [_still(name, options.frame) for name in PAIR]
    inside = face_mask(np.load(DEMO / f"{PAIR[0]}.landmarks.npz")["points"][options.frame], stills[0].shape)
    places = list(_places(inside, options.frames))
    with tempfile.TemporaryDirectory() as folder:
        film, truth = (Path(folder, f"{name}.mp4") for name in PAIR)
        for path, still in zip((film, truth), stills, strict=True):
            _write(path, still, places, options.grain)
        typed = (f"run={options.run}", f"video={film}", f"out={Path(folder, 'out.mp4')}", "crf=4", *options.convert)
        swap = convert(settings("convert", options.workspace, *typed))
        found = {name: flicker_de([frame.image for frame in read_frames(path)], inside, places)
                 for name, path in (("swap", swap), ("truth", truth), ("film", film))}  # fmt: skip
    result = {"frames": options.frames, "grain": options.grain, "settings": options.convert,
              "flicker_de": {name: round(value, 4) for name, value in found.items()},
              "swap_over_truth": round(found["swap"] / max(found["truth"], 1e-6), 3)}  # fmt: skip
    print(json.dumps(result, indent=2))
    return result


def flicker_de(images: Sequence[NDArray[np.uint8]], inside: NDArray[np.bool_], places: Sequence[NDArray]) -> float:
    """Return the mean CIE Lab distance from each picture (H, W, 3) to the next.

    Args:
        images: The film.
        inside: (H, W), the pixels that count.
        places: Of the microphone in each; pixels near it in one of two frames do not count.
    """
    labs = [cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in images]
    steps = []
    for index in range(1, len(images)):
        hidden = np.zeros(inside.shape, np.uint8)
        for place in places[index - 1 : index + 1]:
            _draw(hidden, place, 255, NEAR_PX)
        seen = inside & (hidden == 0)
        steps.append(float(np.linalg.norm(labs[index] - labs[index - 1], axis=2)[seen].mean()))
    return float(np.mean(steps))


def _still(name: str, index: int) -> NDArray[np.uint8]:
    return next(frame.image for frame in read_frames(DEMO / f"{name}.mp4", index, index + 1))


def _places(inside: NDArray[np.bool_], frames: int) -> Iterator[NDArray[np.float64]]:
    """Yield where the microphone's head is: from one side of the face to the other, at the height of the mouth."""
    rows, columns = np.nonzero(inside)
    width = np.ptp(columns)
    y = rows.min() + 0.72 * np.ptp(rows)
    for x in np.linspace(columns.min() - 0.4 * width, columns.max() + 0.4 * width, frames):
        yield np.array([x, y, 0.13 * width])


def _draw(picture: NDArray, place: NDArray, colour: int | tuple[int, ...], margin_px: int = 0) -> None:
    """Draw a ball on a rod that comes from below."""
    x, y, radius = (round(float(value)) for value in place)
    foot = (x + radius // 2, picture.shape[0])
    cv2.line(picture, (x, y), foot, colour, max(1, radius // 2 + 2 * margin_px), cv2.LINE_AA)
    cv2.circle(picture, (x, y), radius + margin_px, colour, -1, cv2.LINE_AA)


def _write(path: Path, still: NDArray[np.uint8], places: Sequence[NDArray], grain: float) -> None:
    from faceswap.core.values import Frame
    from faceswap.media.video.coding import Coding
    from faceswap.media.writing import VideoWriter

    source = probe(DEMO / f"{PAIR[0]}.mp4")
    with VideoWriter(path, source, stop=len(places), coding=Coding(crf=4)) as writer:
        for index, place in enumerate(places):
            picture = still.copy()
            _draw(picture, place, (38, 38, 42))
            noise = np.random.default_rng(index).standard_normal(picture.shape) * grain * 255
            picture = np.clip(picture + noise * np.sqrt(np.clip(picture / 255, 0.05, 1)), 0, 255).astype(np.uint8)
            writer.write(Frame(picture, index, index / 25))
