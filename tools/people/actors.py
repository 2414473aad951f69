"""Films the demo's actors.

Training clips, a test clip and its true swap for each pair, with sound and exact landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.files.atomic import write_json
from faceswap.utils.progress import Progress
from faceswap.utils.workers import end_with_parent
from tools.people.assets import Assets
from tools.people.cast import Pair, Shot, demo_pairs
from tools.people.clip import landmarks_path, write_clip, write_landmarks
from tools.people.motion import Take, talk
from tools.people.renderer import Renderer
from tools.people.seeds import stream
from tools.people.speech import voice

FRAMES_PER_SECOND = 25
CHUNK_FRAMES = 25  # handed to a worker at a time
SAMPLES = 2

_renderer: Renderer | None = None


def film_actors(
    assets: Assets,
    folder: Path,
    *,
    size_px: int = 512,
    workers: int = 2,
    crf: int = 21,
    seconds_scale: float = 1.0,
    only: str = "",
) -> Path:
    """Make all clips that are not there yet (or the one called `only`) and `pairs.json`, which says what is what.

    Returns the latter's path.

    `seconds_scale` < 1 makes short ones for a look.
    """
    pairs = demo_pairs()
    folder.mkdir(parents=True, exist_ok=True)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(assets.folder,))
    with pool:
        for shot in [shot for pair in pairs for shot in pair.shots]:
            clip = folder / f"{shot.name}.mp4"
            if only in ("", shot.name) and not (clip.exists() and landmarks_path(clip).exists()):
                film_shot(pool, shot, clip, size_px=size_px, crf=crf, seconds_scale=seconds_scale)
    manifest = folder / "pairs.json"
    write_json(manifest, {"pairs": [_describe(pair) for pair in pairs], "frames_per_second": FRAMES_PER_SECOND})
    return manifest


def film_shot(
    pool: ProcessPoolExecutor, shot: Shot, clip: Path, *, size_px: int, crf: int, seconds_scale: float
) -> None:
    """Render one shot in `pool`, chunk by chunk, into a film and its landmarks."""
    count = round(shot.seconds * seconds_scale * FRAMES_PER_SECOND)
    chunks = [
        (shot, count, start, min(start + CHUNK_FRAMES, count), size_px) for start in range(0, count, CHUNK_FRAMES)
    ]
    points: list[NDArray[np.float32]] = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        with Progress(count, shot.name) as progress:
            for images, places in pool.map(_render_chunk, chunks):
                points.append(places)
                yield from images
                progress.advance(len(images))

    take = _take(shot, count)
    sound = voice(stream(shot.motion_seed, "voice"), take.speech, take.seconds, shot.pitch_hz)
    write_clip(clip, frames(), sound, FRAMES_PER_SECOND, crf)
    write_landmarks(landmarks_path(clip), np.concatenate(points))


def _start(folder: Path) -> None:
    global _renderer
    end_with_parent()
    _renderer = Renderer(Assets(folder), samples=SAMPLES)


def _render_chunk(job: tuple[Shot, int, int, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    shot, count, start, stop, size_px = job
    assert _renderer is not None
    figure = _renderer.figure(shot.person, shot.on)
    pictures = [_renderer.draw(figure, moment, size_px) for moment in _take(shot, count).moments[start:stop]]
    return np.stack([picture.image for picture in pictures]), np.stack([picture.points for picture in pictures])


def _take(shot: Shot, count: int) -> Take:
    return talk(shot.motion_seed, count, shot.scene, FRAMES_PER_SECOND)


def _describe(pair: Pair) -> dict[str, str]:
    """Return the names of the pair's clips by their role."""
    roles = {"a": pair.training_a, "b": pair.training_b, "test": pair.test, "truth": pair.truth}
    if pair.truth_toned:
        roles["truth_toned"] = pair.truth_toned
    return {"name": pair.name} | {role: shot.name for role, shot in roles.items()}
