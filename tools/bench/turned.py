"""How near a swap of turned heads comes to the true swap, by mask, with and without fading (rendered pairs).

    python -m tools.bench turned RUN --assets DIR      RUN: a run of hanna and vera, as `make demo` leaves one
    python -m tools.bench turned RUN --pair unlike     a run of amara and henrik

Prints decibels in the box of what the true swap changes, and writes B, the swaps and the truth beside each other.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

YAWS = (0, 45, 60, 68, 75, 82, 90)  # degrees, of the camera around the head
MOMENTS = (10, 60, 110, 160)  # frames of a take, with their own mouths and brows
SIZE_PX, TILE_PX = 512, 192


def main(argv: list[str]) -> dict:
    """Run the benchmark; `argv` as on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench turned", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="the run's folder, or a weights file")
    parser.add_argument("--assets", type=Path, help="MakeHuman's files (default: $FACESWAP_PEOPLE_ASSETS)")
    parser.add_argument("--pair", choices=("alike", "unlike"), default="alike", help="whom the run was trained on")
    parser.add_argument("--out", type=Path, default=Path("turned.png"), help="the pictures")
    options = parser.parse_args(argv)

    from faceswap.compositing.finishing.turning import Fading
    from faceswap.compositing.masks.learned import LearnedMask
    from faceswap.compositing.masks.parsed import ParsedMask
    from faceswap.compositing.masks.shapes import HullMask
    from faceswap.core.geometry import head_pose
    from faceswap.swap.inference.swapper import TrainedSwapper

    swapper = TrainedSwapper.load(options.run, None, "cpu")
    fading = Fading.asked_for("auto", swapper.description, "a")
    masks = {"learned": LearnedMask(), "hull": HullMask(), "parsed": ParsedMask()}
    table, rows = {}, []
    for yaw, pictures in _rendered(options.assets, options.pair):
        found: dict[str, list[float]] = {}
        for number, (film, truth, points) in enumerate(pictures):
            shown = {"b": film}
            for name, mask in masks.items():
                shown[name] = _swapped(film, points, swapper, mask, 1.0)
                shown[f"{name} faded"] = _swapped(film, points, swapper, mask, fading.strength(points))
            for name, picture in shown.items():
                found.setdefault(name, []).append(_decibels(picture, truth, film))
            found.setdefault("yaw_read", []).append(abs(head_pose(points).yaw))
            if number == 0:
                rows.append(np.hstack([cv2.resize(tile, (TILE_PX, TILE_PX)) for tile in (*shown.values(), truth)]))
        table[str(yaw)] = {name: round(float(np.mean(values)), 2) for name, values in found.items()}
    cv2.imwrite(str(options.out), np.vstack(rows)[..., ::-1])
    result = {"seen_degrees": swapper.description.get("yaw_degrees"), "begin": fading.begin, "decibels": table}
    result["fading_us"] = _fading_us(fading, points)
    print(json.dumps(result, indent=2))
    return result


def _rendered(assets: Path | None, pair: str):
    """Yield each yaw with (B's frame, the true swap, B's points) of some moments."""
    from tools.people import cast
    from tools.people.assets import Assets
    from tools.people.motion import talk
    from tools.people.renderer import Renderer

    renderer = Renderer(Assets(assets))
    person_a, person_b = (cast.hanna(), cast.vera()) if pair == "alike" else (cast.amara(), cast.henrik())
    if pair == "unlike":
        person_a = cast.in_skin_of(person_a, person_b)  # what colour transfer aims at
    b, swapped = renderer.figure(person_b), renderer.figure(person_a, person_b)
    take = talk(303, 200, cast.evening_room())
    for yaw in YAWS:
        pictures = []
        for index in MOMENTS:
            moment = take.moments[index]
            camera = replace(moment.camera, yaw=float(yaw), follows_head=True)
            moment = replace(moment, head=(0.0, *moment.head[1:]), camera=camera)
            film = renderer.draw(b, moment, SIZE_PX)
            pictures.append((film.image, renderer.draw(swapped, moment, SIZE_PX).image, film.points))
        yield yaw, pictures


def _swapped(film: NDArray, points: NDArray, swapper, mask, strength: float) -> NDArray[np.uint8]:
    from faceswap.compositing.blenders import AlphaBlender
    from faceswap.compositing.compositor import blend, view_of
    from faceswap.core.geometry import frame_to_crop_for
    from faceswap.core.values import Frame
    from faceswap.media.pictures.colour_transfer import Reinhard

    frame = Frame(film, 0, 0.0)
    view = view_of(frame, points, frame_to_crop_for(points, 256), 256, swapper.coverage, swapper.resolution)
    decoded = swapper.swap(view.image[None])
    how = {"mask": mask, "colour": Reinhard(), "blender": AlphaBlender()}
    return blend(frame, [view], decoded, strengths=[strength], **how).image


def _decibels(picture: NDArray, truth: NDArray, film: NDArray) -> float:
    """Return PSNR to the true swap in the box of what that changes in the film."""
    rows, columns = np.nonzero(np.abs(film.astype(int) - truth).max(2) > 8)
    box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    return float(10 * np.log10(255**2 / np.mean((picture[box].astype(float) - truth[box]) ** 2)))


def _fading_us(fading, points: NDArray, runs: int = 1000) -> float:
    """Return CPU microseconds that a face's pose and strength cost."""
    began = time.process_time()
    for _ in range(runs):
        fading.strength(points)
    return round(1e6 * (time.process_time() - began) / runs, 1)
