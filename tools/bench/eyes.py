"""How well a finder does on real films and pictures with reference marks beside them.

    python -m tools.bench eyes --real FOLDER                       the finder that extract uses
    python -m tools.bench eyes --real FOLDER --weights DIR         networks in training: DIR/eyes-*.safetensors
    python -m tools.bench eyes --real FOLDER --weights DIR --detect reference      landmarks alone
    python -m tools.bench eyes --real FOLDER --every 10 --only hamilton --set finder.refinements=3

Prints a table and JSON. `--every` gives the finder every n-th frame only, so there is no jitter then.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face, Frame
from tools.reference.marks import Marks, is_film, marked_media
from tools.reference.score import Tally, tally_of, total

TARGETS = {
    "films": {"recall": 0.97, "false_per_200": 1.0, "nme_median": 3.0, "nme_p95": 6.0, "jitter_ratio": 1.3},
    "pictures": {"recall": 0.92, "nme_median": 4.0},
}
AT_LEAST = {"recall"}
COLUMNS = ("frames", "required", "recall", "false_per_200", "nme_median", "nme_p95", "jitter_ratio", "people", "tracks",
           "fragments", "swaps", "seconds")  # fmt: skip
WORST = 12  # false faces that are listed of each file


def main(argv: list[str]) -> dict:
    """Run the finder on all marked media; prints a table to stderr and JSON to stdout."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench eyes", description=__doc__.split("\n")[0])
    parser.add_argument("--real", type=Path, required=True, help="folder of media with MEDIA.ref.npz beside them")
    parser.add_argument("--finder", default="builtin", help="builtin, face_alignment or landmarks (a check)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of extract")
    parser.add_argument("--weights", type=Path, help="folder of eyes-*.safetensors that stand in for the shipped ones")
    parser.add_argument("--detect", choices=("finder", "reference"), default="finder", help="who gives the boxes")
    parser.add_argument("--every", type=int, default=1, help="look at every n-th frame")
    parser.add_argument("--frames", type=int, help="at most so many frames of each film")
    parser.add_argument("--only", default="", help="media whose path contains this")
    options = parser.parse_args(argv)
    media = [path for path in marked_media(options.real) if options.only in str(path)]
    if not media:
        parser.error(f"--real {options.real}: no media with MEDIA.ref.npz beside them")
    with tempfile.TemporaryDirectory() as folder:
        if options.weights:
            os.environ["FACESWAP_PRETRAINED"] = str(stand_ins(options.weights, Path(folder)))
        tallies = {path: run(path, options) for path in progress(media)}
    result = report(tallies, options.real)
    print(table(result), file=sys.stderr)
    print(json.dumps(result, indent=2))
    return result


def run(media: Path, options: argparse.Namespace) -> Tally:
    """Find and links the faces of one film or picture as extract does, and compares them to the marks."""
    from faceswap.cli.composing.compose import compose_config
    from faceswap.config.build import build
    from faceswap.detect.protocol import find_in_batches
    from faceswap.media.reading import read_frames
    from faceswap.media.sources import probe
    from faceswap.track.smoothing import TrackedFrame, smoothed_tracks, track_faces
    from faceswap.track.tracker import Tracker

    info = probe(media)
    marks = Marks.read(media, (info.width, info.height))
    config = compose_config("extract", [f"finder={options.finder}", *options.set])
    finder = build(config.finder)
    if options.detect == "reference":
        finder = _WithMarkedBoxes(config.finder, marks)
    finder.prepare(info)
    cuts: list[int] = []

    def found() -> Iterator[TrackedFrame]:
        frames = islice((frame for frame in read_frames(info) if frame.index % options.every == 0), options.frames)
        for item in track_faces(find_in_batches(finder, frames), Tracker()):
            cuts.extend([item.frame.index] if item.cut else [])
            yield item

    began = time.monotonic()
    smooth = config.smooth_frames if is_film(media) else 0
    faces: dict[int, Sequence[Face]] = {item.frame.index: item.faces for item in smoothed_tracks(found(), smooth)}
    tally = tally_of(marks, faces, cuts)
    tally.seconds = time.monotonic() - began
    return tally


class _WithMarkedBoxes:
    """The built-in finder with the reference's boxes instead of a detector's: what the landmarks alone are worth."""

    def __init__(self, node: Any, marks: Marks) -> None:
        from faceswap.config.build import build
        from faceswap.detect.builtin.networks import FaceNetworks
        from faceswap.facenets.landmarks import LandmarkPredictor

        self._marks, self._shown = marks, {}  # type: ignore[var-annotated]
        self._finder = build(node, _networks=FaceNetworks(self, LandmarkPredictor(node.device)))
        self.batch_size, self.prepare = self._finder.batch_size, self._finder.prepare

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        self._shown = {id(frame.image): frame.index for frame in frames}
        return self._finder.find(frames)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        boxes = []
        for image in images:
            rows = [row for row in self._marks.rows_at(self._shown[id(image)]) if self._marks.valid[row] == 1]
            boxes.append(np.array([self._box(row) for row in rows], np.float32).reshape(-1, 6))
        return boxes

    def _box(self, row: int) -> list[float]:
        points, box = self._marks.points[row], self._marks.box[row]
        if np.isfinite(points).all():
            box = np.concatenate([points.min(0), points.max(0)])
        return [*box.tolist(), 1.0, float(self._marks.roll[row])]


def stand_ins(weights: Path, folder: Path) -> Path:
    """Return a folder with a manifest: the networks in `weights`, and the shipped ones where it has none."""
    from faceswap.utils.errors import UserError
    from faceswap.utils.files.pretrained import FILE_NAME, enter_pretrained, entry_of, listed

    for file in weights.glob(FILE_NAME.format("*")):
        shutil.copy(file, folder)
        enter_pretrained(folder, file.stem.removeprefix("eyes-"))
    try:
        shipped = listed()
    except UserError:
        shipped = ()
    for name in shipped:
        if not (folder / FILE_NAME.format(name)).exists():
            shutil.copy(entry_of(name).path, folder / FILE_NAME.format(name))
            enter_pretrained(folder, name)
    return folder


def report(tallies: dict[Path, Tally], root: Path) -> dict:
    """Return numbers of each file, of all films and of all pictures, the targets and whether they are met."""
    result: dict[str, Any] = {"files": {}, "targets": TARGETS}
    for path, tally in tallies.items():
        worst = sorted(tally.false_faces, key=lambda face: -face[2])[:WORST]
        result["files"][str(path.relative_to(root))] = tally.summary() | {"false_faces": worst}
    for kind, chosen in (("films", True), ("pictures", False)):
        parts = [tally for path, tally in tallies.items() if is_film(path) == chosen]
        if parts:
            result[kind] = total(parts).summary()
            # a film's own median says more than a pool in which long films outvote the others
            ratios = [tally.jitter_ratio for tally in parts if tally.jitter_ratio is not None]
            result[kind]["jitter_ratio"] = round(float(np.median(ratios)), 3) if ratios else None
            result[kind]["met"] = {
                name: is_met(name, result[kind][name], target) for name, target in TARGETS[kind].items()
            }
    return result


def is_met(name: str, value: float | None, target: float) -> bool | None:
    """Return whether a value meets its target; None where it was not measured."""
    if value is None:
        return None
    return value >= target if name in AT_LEAST else value <= target


def table(result: dict) -> str:
    """Return the result as text, a line for each file."""
    rows = {**result["files"], **{f"ALL {kind}": result[kind] for kind in TARGETS if kind in result}}
    width = max(len(name) for name in rows)
    heads = [
        name.replace("false_per_200", "false/200").replace("jitter_ratio", "jitter").replace("nme_median", "nme")
        for name in COLUMNS
    ]
    lines = [" ".join([" " * width, *(f"{head:>9}" for head in heads)])]
    for name, row in rows.items():
        values = ("-" if row[column] is None else f"{row[column]:g}" for column in COLUMNS)
        lines.append(" ".join([f"{name:<{width}}", *(f"{value:>9}" for value in values)]))
        if row["cuts"]:
            lines.append(f"{'':<{width}} cuts at {row['cuts']}; tracks across them: {row['tracks_across_cuts']}")
    for kind in TARGETS:
        if kind in result:
            verdicts = (f"{name} {row_verdict(met)}" for name, met in result[kind]["met"].items())
            lines.append(f"{kind}: {', '.join(verdicts)}")
    return "\n".join(lines)


def row_verdict(met: bool | None) -> str:
    """Return how a row says whether a target was met."""
    return {True: "met", False: "MISSED", None: "not measured"}[met]


def progress(media: list[Path]) -> Iterator[Path]:
    """Yield the media with a progress bar."""
    for number, path in enumerate(media, 1):
        print(f"{number}/{len(media)} {path.name}", file=sys.stderr, flush=True)
        yield path


if __name__ == "__main__":
    main(sys.argv[1:])
