"""Small films and face sets for the tests of convert."""

from __future__ import annotations

import json
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.config import ConversionConfig
from faceswap.compositing.pipeline import VideoConversion
from faceswap.compositing.results import FaceSwapper
from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.media.sources import probe
from tests.compositing.face_sources.test_track_path import record
from tests.compositing.fakes import face_points, smooth_picture

WIDTH, HEIGHT, RATE = 320, 240, 25


def centre(index: int) -> tuple[float, float]:
    return 150 + 0.5 * index, 110 + 10 * np.sin(index / 5)


def write_film(path: Path, frames: int, sound: bool = True) -> Path:
    """Slow waves that wander, with a tone."""
    big = smooth_picture(WIDTH + 200, HEIGHT)
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=RATE, options={"crf": "10", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = output.add_stream("aac", rate=44100, layout="mono") if sound else None
        for i in range(frames):
            image = np.ascontiguousarray(big[:, i % 200 : i % 200 + WIDTH])
            output.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(video.encode(None))
        if audio is not None:
            samples = np.sin(np.arange(44100 * frames // RATE) / 16).astype(np.float32)[None] * 0.2
            tone = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            tone.sample_rate, tone.time_base, tone.pts = 44100, Fraction(1, 44100), 0
            for piece in _pieces(tone):
                output.mux(audio.encode(piece))
            output.mux(audio.encode(None))
    return path


def write_face_set(folder: Path, source: Path, frames: list[int], yaw: float = 0.0) -> Path:
    """One face in each of `frames`, on the path `centre`, turned by `yaw` degrees."""
    folder.mkdir(parents=True)
    records = [record(i, face_points(centre(i), 70, yaw=yaw)) for i in frames]
    for each in records:
        (folder / each.file).touch()
    (folder / ALIGNMENTS).write_text("".join(each.to_json() + "\n" for each in records))
    (folder / REPORT).write_text(json.dumps({"source": str(source)}))
    return folder


def convert_video(source: str | Path, swapper: FaceSwapper, out: Path, **said: Any) -> Path:
    """Convert by keywords: settings of ConversionConfig, `refiner`, and what else a VideoConversion takes."""
    names = {one.name for one in fields(ConversionConfig)} & said.keys()
    settings = ConversionConfig(**{name: said.pop(name) for name in names})
    cast = Cast([Role(swapper, settings.to, said.pop("refiner", None))])
    return VideoConversion(probe(source), cast, out, settings, **said).run()


def content_of(folder: Path) -> dict[Path, Any]:
    """What is to be seen in the results in a folder: a film's packets, pictures' values, places of faces."""
    found: dict[Path, Any] = {}
    for path in sorted(folder.rglob("*.*")):
        name = path.relative_to(folder)
        if path.suffix == ".json" and not path.name.endswith("report.json"):
            found[name] = json.loads(path.read_text())
        elif path.suffix == ".png":
            found[name] = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).tobytes()
        elif path.suffix in (".mp4", ".mkv", ".mov"):
            with av.open(str(path)) as film:
                found[name] = [(one.stream.index, one.pts, one.dts, bytes(one)) for one in film.demux()]
    return found


def _pieces(frame: av.AudioFrame) -> list[av.AudioFrame]:
    fifo = av.AudioFifo()
    fifo.write(frame)
    return fifo.read_many(1024, partial=True)
