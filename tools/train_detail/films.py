"""Stills of two films: A, from whom detail is borrowed, and moments of B with the true swap of each.

    FOLDER/pictures/NUMBER.npz     one pair of people, see `Pair`

Both sides are filmed as a face set is: one light a film, a talking head. `python -m tools.train_detail films` writes
them on every core and goes on where it was stopped.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import compose, frame_to_crop_for, transform_points, view_of_crop
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.progress import Progress
from faceswap.utils.workers import end_with_parent
from tools.people.assets import Assets
from tools.people.camera import Camera
from tools.people.film import Film
from tools.people.light import Light, random_light, studio_light
from tools.people.moment import Moment, random_clothes
from tools.people.motion import talk
from tools.people.person import Person
from tools.people.renderer import Renderer
from tools.people.seeds import stream

REFERENCES, SWAPS = 16, 8  # stills of a film of A; moments of B
PICTURE_PX = 384
SEEN_PX = 160  # of B's own pictures: a model looks at them at 96 px
STORED_PX, STORED_SHARE = 320, 0.9  # of what is kept: the central share of an upright crop
HELD_OUT_EVERY = 12  # one pair in so many is never trained on
FILM = Film(blur_px=0.3)  # clean: what spoils a picture is drawn anew at every step
TAKE_FRAMES, RATE = 400, 25.0
_SEEDS = 7_000_000

_renderer: Renderer | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """`references` (REFERENCES, P, P, 3) uint8 of A; `answers` (SWAPS, P, P, 3).

    A in the moments in which `seen` (SWAPS, Q, Q, 3) shows B; points (n, 68, 2) float32 in pixels of these pictures,
    which are upright and show STORED_SHARE of the crop.
    """

    references: NDArray[np.uint8]
    reference_points: NDArray[np.float32]
    answers: NDArray[np.uint8]
    answer_points: NDArray[np.float32]
    seen: NDArray[np.uint8]
    seen_points: NDArray[np.float32]

    @classmethod
    def read(cls, path: Path) -> Pair:
        """Return the pair in a file of this folder."""
        with np.load(path) as file:
            return cls(**file)


def pair_file(folder: Path, number: int) -> Path:
    """Return where a pair lies."""
    return folder / "pictures" / f"{number:05d}.npz"


def pair_numbers(folder: Path, held_out: bool) -> list[int]:
    """Return the pairs that are there, of one of the two splits."""
    numbers = sorted(int(path.stem) for path in (folder / "pictures").glob("*.npz"))
    return [number for number in numbers if (number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out]


def write_films(assets: Assets, folder: Path, pairs: int, workers: int) -> Path:
    """Render what is missing of `pairs` pairs and return the folder."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(pairs) if not pair_file(folder, number).exists()]
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(assets.folder,))
    with pool, Progress(pairs, "films", "pair", initial=pairs - len(missing)) as progress:
        for _ in pool.map(_write, [(folder, number) for number in missing]):
            progress.advance()
    return folder


def _start(folder: Path) -> None:
    global _renderer
    end_with_parent()
    cv2.setNumThreads(1)
    _renderer = Renderer(Assets(folder), fine=False)


def _write(job: tuple[Path, int]) -> None:
    folder, number = job
    a, b = Person.from_seed(_SEEDS + 2 * number), Person.from_seed(_SEEDS + 2 * number + 1)
    own, others = scene(_SEEDS + 2 * number), scene(_SEEDS + 2 * number + 1)
    references = _stills(a, _moments(number, "a", own, REFERENCES), PICTURE_PX, STORED_PX)
    moments = _moments(number, "b", others, SWAPS)
    answers, seen = _stills(a, moments, PICTURE_PX, STORED_PX), _stills(b, moments, SEEN_PX, SEEN_PX)
    with atomic_path(pair_file(folder, number)) as temp, temp.open("wb") as file:
        np.savez(
            file,
            references=references[0],
            reference_points=references[1],
            answers=answers[0],
            answer_points=answers[1],
            seen=seen[0],
            seen_points=seen[1],
        )


def scene(seed: int) -> Moment:
    """Return where one film is made: its light, camera, clothes and what is behind."""
    rng = stream(seed, "detail scene")
    yaw = float(np.clip(rng.normal(0, 12), -35, 35))
    light: Light
    if rng.random() < 0.65:
        light = studio_light(float(rng.uniform(4200, 7200)), float(rng.uniform(-60, 60)))
    else:
        light = random_light(rng, yaw)
    camera = Camera(
        field_of_view=float(rng.uniform(14, 34)),
        extent_dm=float(rng.uniform(1.26, 1.36)),
        yaw=yaw,
        pitch=float(rng.normal(0, 4)),
        follows_head=True,
    )
    return Moment(
        background=seed,
        light=light,
        camera=camera,
        clothes=random_clothes(rng),
        film=FILM,
        exposure=float(np.exp(rng.normal(0, 0.15))),
    )


def _moments(number: int, side: str, where: Moment, count: int) -> list[Moment]:
    rng = stream(number, "detail motion", side)
    take = talk(int(rng.integers(2**31)), TAKE_FRAMES, where, RATE, head_deviation_degrees=float(rng.uniform(8, 18)))
    chosen = np.linspace(0, TAKE_FRAMES - 1, count).round().astype(int)
    return [take.moments[i] for i in chosen]


def _stills(
    person: Person, moments: list[Moment], size_px: int, stored_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    assert _renderer is not None
    figure = _renderer.figure(person)
    pictures, points = [], []
    how, border = cv2.INTER_CUBIC, cv2.BORDER_REPLICATE  # linear sampling would take away what is to be learned
    for moment in moments:
        picture = _renderer.draw(figure, replace(moment, face_metering=0.3), size_px)
        to_stored = stored_view(picture.points, stored_px)
        pictures.append(cv2.warpAffine(picture.image, to_stored, (stored_px, stored_px), flags=how, borderMode=border))
        points.append(transform_points(to_stored, picture.points))
    return np.stack(pictures), np.stack(points)


def stored_view(points: NDArray, size_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) map from a picture to what is kept of it."""
    return compose(view_of_crop(size_px, STORED_SHARE, size_px), frame_to_crop_for(points, size_px))
