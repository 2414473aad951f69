"""The commands that are killed, on inputs of a few kilobytes that are made on the spot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from faceswap.curation.inventory import FaceInventory
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.pipeline import extract_faces
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.clips import make_clip
from tests.extraction.made import MovingFinder, write_frames
from tests.stylegan.tiny import tiny_files
from tools.kills.killing import run

DEMO = Path(__file__).resolve().parents[2] / "demo"
_TRAIN = ("model=lite", "device=cpu", "batch_size=2", "workers=0", "save_every=4", "preview_every=4", "log_every=2",
          "evaluate=false", "init=scratch")  # fmt: skip
_WEIGHTS = ("generator=g/generator.safetensors", "encoder=g/encoder.safetensors")
_GENERATOR = ("data=photos64", "plan.resolution=32", "plan.channels=[8,8,8,8]", "plan.w_size=16", "batch_size=4",
              "monitor.log_kimg=0.008", "monitor.preview_kimg=0.02", "monitor.save_kimg=0.02", "monitor.samples=0",
              "device=cpu")  # fmt: skip
_SEGMENTS = ("video=long.mp4", "finder=landmarks", "finder.path=long.landmarks.npz", "segment_frames=16", "detail=none",
             "smooth_frames=0", "smooth_colour=0", "device=cpu")  # fmt: skip
_POINTS = ("finder=landmarks", "finder.path=anna.landmarks.npz")


class Case(NamedTuple):
    """A command with its arguments, to be run in the folder that `made` fills."""

    command: str
    arguments: tuple[str, ...]

    @property
    def module(self) -> str:
        return f"faceswap.{self.command}"

    @property
    def name(self) -> str:
        return " ".join((self.command, *self.arguments))


CASES = (
    Case("extract", ("video=new.mp4", "finder=landmarks", "finder.path=new.landmarks.npz", "minimum_face_px=8")),
    Case("extract", ("video=photos", "name=pictures", "finder=landmarks", "finder.path=photos.npz")),
    Case("extract", ("video=[anna.mp4,new.mp4]", "name=both", "finder=landmarks", "finder.path=.")),
    Case("extract", ("video=anna.mp4", "restart=true", "every=2", *_POINTS)),
    Case("curate", ("faces=anna", "reject=[blur]", "limits.blur=0")),
    Case("curate", ("faces=taken", "restore=true")),
    Case("curate", ("faces=anna", "reject=[duplicates]", "limits.difference=60")),
    Case("curate", ("faces=crowd", "keep=1", "people=false")),
    Case("curate", ("faces=crowd", "apply=marks.json")),
    Case("people", ("faces=crowd", "device=cpu")),
    Case("match", ("photo=somebody.jpg", "gallery=gallery", "top=1", "device=cpu")),
    Case("train", ("pair=anna_ben", "iterations=10", *_TRAIN)),
    Case("train", ("pair=anna_ben", "iterations=5", "restart=true", *_TRAIN)),
    Case("convert", ("pair=anna_ben", "side_by_side=true")),
    Case("convert", ("pair=anna_ben", "video=photos", "out=swapped")),
    Case("convert", ("video=ben.mp4", "map={1: anna_ben}", "detail=none", "device=cpu")),
    Case("convert", ("pair=anna_ben", *_SEGMENTS)),
    Case("convert", ("pair=anna_ben", *_SEGMENTS, "workers=2")),
    Case("convert", ("pair=anna_ben", "preview=2", "compare=mask=hull,box", "detail=none")),
    Case("export", ("pair=anna_ben",)),
    Case("generate", (_WEIGHTS[0], "seeds=0-5")),
    Case("convert_weights", (_WEIGHTS[0], "out=g/again.safetensors")),
    Case("invert", ("photo=photos", *_WEIGHTS, "finder=landmarks", "finder.path=photos.npz", "steps=2")),
    Case("edit", ("video=anna.mp4", "smile=+1", "directions=g/directions.safetensors", *_WEIGHTS, *_POINTS,
                  "mask=hull", "steps=2")),
    Case("edit", ("photo=photos/0.png", "smile=+1", "page=true", "directions=g/directions.safetensors", *_WEIGHTS,
                  "finder=landmarks", "finder.path=photos.npz", "mask=hull", "steps=2")),
    Case("morph", ("a=1", "b=2", *_WEIGHTS, "seconds=0.2", "steps=2")),
    Case("morph", ("make=composite", "faces=anna", *_WEIGHTS)),
    Case("directions", (*_WEIGHTS, "scorer=colours:score", "samples=200", "probes=16", "corrections=1", "pca=1")),
    Case("stylegan.train", ("kimg=0.06", *_GENERATOR)),
    Case("stylegan.train", ("run=portraits", "restart=true", "kimg=0.03", *_GENERATOR)),
    Case("stylegan.metrics", (*_WEIGHTS, "directions=g/directions.safetensors", "pairs=10",
                              "measures=[path_length,consistency]", "faces=4")),
)  # fmt: skip


def make_inputs(folder: Path) -> None:
    """Fill `folder` with clips, photos, weights, two face sets and a short run."""
    import numpy as np

    folder.mkdir(parents=True)
    for seed, name in enumerate(("anna", "ben", "new"), 1):
        make_clip(folder, name, 12, seed=seed)
    make_clip(folder, "long", 44, seed=2)  # of three segments
    (folder / "photos").mkdir()
    stored = np.load(folder / "anna.landmarks.npz")
    names = [f"{index}.png" for index in range(4)]
    for frame, name in zip(read_frames(folder / "anna.mp4"), names, strict=False):
        write_image(folder / "photos" / name, frame.image)
    np.savez(folder / "photos.npz", frame=np.arange(4), points=stored["points"][:4])
    (folder / "photos64").mkdir()
    for index, noise in enumerate(np.random.default_rng(0).integers(0, 255, (24, 32, 32, 3), np.uint8)):
        write_image(folder / "photos64" / f"{index}.png", noise)
    (folder / "g").mkdir()
    tiny_files(folder / "g")
    (folder / "colours.py").write_text(
        "def score(images):\n    red = images.reshape(len(images), -1, 3).mean(1).T[0]\n    return {'red': red}\n"
    )
    _make_people(folder)
    for command, arguments in (
        ("extract", ("video=anna.mp4", *_POINTS)),
        ("extract", ("video=anna.mp4", "name=taken", *_POINTS)),
        ("curate", ("faces=taken", "reject=[blur]", "limits.blur=0")),
        ("extract", ("video=ben.mp4", "finder=landmarks", "finder.path=ben.landmarks.npz")),
        ("train", ("pair=anna_ben", "iterations=4", *_TRAIN)),
        ("stylegan.train", ("run=portraits", "kimg=0.02", *_GENERATOR)),
    ):
        ended = run(f"faceswap.{command}", list(arguments), folder)
        if ended.code:
            raise RuntimeError(f"{command} {' '.join(arguments)} made no inputs:\n{ended.said}")


def _make_people(folder: Path) -> None:
    """A face set of two who are seen together, marks of it, and photos of rendered actors, one of them in a gallery."""
    crowd = folder / "workspace" / "faces" / "crowd"
    pictures = write_frames(folder / "walk", 16)
    extract_faces(pictures, MovingFinder(), crowd, ExtractionConfig(size_px=64, minimum_face_px=8))
    shutil.rmtree(pictures)
    inventory = FaceInventory.open(crowd)
    marks = {"faces": "crowd", "fingerprint": inventory.fingerprint(), "reject": inventory.files[::3]}
    (folder / "marks.json").write_text(json.dumps(marks))
    for name in ("amara", "henrik"):
        (folder / "gallery" / name).mkdir(parents=True)
        frames = {frame.index: frame.image for frame in read_frames(probe(DEMO / f"{name}.mp4"), 0, 61)}
        write_image(folder / "gallery" / name / "one.jpg", frames[0])
    write_image(folder / "somebody.jpg", frames[60])
