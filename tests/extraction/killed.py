"""Extractions that are killed before a change of the disk or a moment after, and given again.

A process of its own, which forks before anything has threads: `python -m tests.extraction.killed KILLS SEED FOLDER`
prints what ended otherwise than an uninterrupted run, as JSON by case.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from faceswap.core.face_set import REPORT, FaceSet
from faceswap.core.values import Frame
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.extraction import source_extraction
from faceswap.extraction.identity import Person
from faceswap.media.sources import SourceInfo, probe
from tests.extraction.made import MovingFinder, extract_faces, frame_of, points_at, source_of, write_frames
from tests.extraction.test_pipeline_resuming import COUNT, Remembering
from tools.kills.killing import forked

FILM_FRAMES = 24
ANEW = "one person, in the place of another set"
TIMES_MS = np.cumsum([(17, 40, 83)[index % 3] for index in range(FILM_FRAMES)])  # of a phone's film


class FirstTrack:
    """Finds the first track that is shown to it alike, and no other."""

    description = "made up"

    def __init__(self) -> None:
        self.shown = 0

    def embed(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        self.shown += 1
        return np.repeat(np.eye(128, dtype=np.float32)[[min(self.shown, 2) - 1]], len(images), 0)


def write_uneven_film(path: Path) -> None:
    """A film whose frames last 17, 40 and 83 ms in turn, and no two of which are alike."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=1000, options={"crf": "16", "preset": "veryfast", "g": "7", "bf": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index, time_ms in enumerate(TIMES_MS):
            frame = av.VideoFrame.from_ndarray(frame_of(index).image, format="rgb24")
            frame.pts, frame.time_base = int(time_ms), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def make_inputs(folder: Path) -> None:
    write_frames(folder / "photos", 16)
    write_uneven_film(folder / "uneven.mp4")
    shutil.copy(folder / "uneven.mp4", folder / "second.mp4")
    with open(folder / "second.mp4", "ab") as file:
        file.write(bytes(8))  # another film
    points = np.stack([points_at(60 + index, 60, 40) for index in range(FILM_FRAMES)])
    extract_faces(folder / "photos", MovingFinder(), folder / "of photos", size_px=64, minimum_face_px=8)
    np.savez(folder / "uneven.landmarks.npz", frame=np.arange(FILM_FRAMES), points=points)


def several_people(**settings: int) -> None:
    """Two who pass each other and a guest, followed by a finder that remembers."""

    def read(info: SourceInfo, start: int, stop: int | None) -> Iterator[Frame]:
        world = Remembering()
        yield from (world.frame(index) for index in range(start, min(COUNT, stop or COUNT)))

    source_extraction.read_frames = read  # type: ignore[assignment]
    info = source_of(Path("second.mp4").absolute(), size=(320, 240), frame_count=COUNT)
    finder = BuiltinFinder(_networks=Remembering().networks, batch_size=4)
    extract_faces([info], finder, Path("faces"), size_px=64, minimum_face_px=8, **settings)


def imported(**settings: int) -> None:
    finder = LandmarksFinder("uneven.landmarks.npz")
    extract_faces("uneven.mp4", finder, Path("faces"), size_px=64, minimum_face_px=8, **settings)


def kept(restart: bool = False) -> None:
    person = Person(np.eye(128, dtype=np.float32)[0], 0.5, "the first", FirstTrack())
    extract_faces(
        "uneven.mp4", MovingFinder(), Path("faces"), size_px=64, minimum_face_px=8, keep=person, restart=restart
    )


def made(source: Any, **settings: int) -> None:
    sources = [probe(one) for one in source] if isinstance(source, list) else source
    extract_faces(sources, MovingFinder(), Path("faces"), size_px=64, minimum_face_px=8, **settings)


CASES: dict[str, Callable[[], None]] = {
    "several people": several_people,
    "several people, every third frame of a part": lambda: several_people(every=3, start=4, stop=41),
    "several people, unsmoothed": lambda: several_people(smooth_frames=0),
    "uneven film": lambda: made("uneven.mp4"),
    "part of an uneven film": lambda: made("uneven.mp4", every=2, start=3, stop=21),
    "imported points": imported,
    "imported points, every second frame of a part": lambda: imported(every=2, start=5, stop=22),
    "several films": lambda: made(["uneven.mp4", "second.mp4"], every=2),
    "photos": lambda: made("photos"),
    "one person": kept,
    ANEW: lambda: kept(restart=True),
}


def interrupted(case: Callable[[], None]) -> Callable[[], None]:
    """The same, in which Ctrl-C comes where the kill would."""

    def work() -> None:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        case()

    return work


def contents(folder: Path) -> dict[str, Any]:
    """All that a run leaves, but for how long it took."""
    left: dict[str, Any] = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != REPORT}
    report = json.loads((folder / REPORT).read_text())
    return left | {REPORT: {name: value for name, value in report.items() if name not in ("seconds", "fps")}}


def unequal(name: str, inputs: Path, work: Path, kills: int, choose: random.Random) -> list[str]:
    """Return what ended otherwise than a whole run, a line each.

    Of three stops one is a kill before a change, one a kill in the midst of what follows, and one is Ctrl-C there,
    after which the run that goes on is killed too.
    """
    case = CASES[name]
    _fresh(inputs, work, name)
    ended = forked(case, work)
    if ended.code:
        raise RuntimeError(ended.said)
    whole = contents(work / "faces")
    assert len(FaceSet.open(work / "faces")) > 4
    found = []
    for number in range(kills):
        low, high = ended.changes * number // kills, ended.changes * (number + 1) // kills
        place = 1 + choose.randrange(low, max(high, low + 1))
        _fresh(inputs, work, name)
        delay = choose.uniform(0.001, 0.03) if number % 3 else 0.0
        first = forked(interrupted(case) if number % 3 == 2 else case, work, place, delay)
        if number % 3 == 2:
            forked(case, work, max(1, place // 3))
        again = forked(case, work)
        now = contents(work / "faces") if not again.code else {}
        if now != whole:
            odd = sorted(name for name in now.keys() | whole.keys() if now.get(name) != whole.get(name))
            found.append(f"change {place} + {delay:.3f} s, {first.code}, {again.code}: {odd[:5]} {again.said[-300:]}")
    return found


def _fresh(inputs: Path, work: Path, name: str) -> None:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(inputs, work)
    if name == ANEW:
        (work / "of photos").rename(work / "faces")


def main(kills: int, seed: int, folder: Path) -> None:
    (folder / "inputs").mkdir(parents=True)
    make_inputs(folder / "inputs")
    for number, name in enumerate(CASES):
        choose = random.Random(seed + number)
        found = unequal(name, folder / "inputs", folder / "work", kills, choose)
        print(json.dumps({"case": name, "kills": kills, "unequal": found}), flush=True)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
