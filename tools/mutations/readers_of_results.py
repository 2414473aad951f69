"""Signed results, galleries, the queue and a generator's training, and the program's own readers of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.composing.stored import stored_arguments
from faceswap.commands.converting.roles import people_asked
from faceswap.config.swapping import VerifyRequest
from faceswap.core.values import EMBEDDING_SIZE
from faceswap.curation.film_people import FilmPeople
from faceswap.engine.accelerator import choose_accelerator
from faceswap.facenets.protocol import Embedder
from faceswap.jobs.opening import open_queue
from faceswap.jobs.queue import JobQueue
from faceswap.lookalike.calibration import Calibration
from faceswap.lookalike.gallery import Gallery, Photo, load_gallery
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import writer_for
from faceswap.provenance.notice import made_with_ai
from faceswap.studio.shared.curves import CurveReader
from faceswap.stylegan.training.adversarial import AdversarialStep
from faceswap.stylegan.training.config import Adversarial, NetworkSettings, ReconstructionWeights, WarmUp
from faceswap.stylegan.training.state import TrainingNetworks, restore_checkpoint, save_checkpoint
from faceswap.stylegan.training.warm_up import AutoencoderStep, ReconstructionLosses
from faceswap.utils.errors import UserError
from faceswap.utils.settings.keyframes import Keyframes
from faceswap.verify import verify

_SETTINGS = {"strength": "{0: 1, 4: 0.5}", "map": "{1: anna_ben, 2: anna_ben}", "crf": 20, "start": 0}


class Reader(NamedTuple):
    """Reads some files of a folder; `sums`: what comes of it may not differ from what was written, but be refused."""

    files: str
    read: Callable[[Path], Any]
    sums: bool = False


class Knows(Embedder):
    """Tells every face from every other, by its place in the list."""

    @property
    def description(self) -> str:
        return "places"

    def embed(self, images: Any, points: Any) -> Any:
        return np.eye(len(images), EMBEDDING_SIZE, dtype=np.float32)


def make_results(folder: Path) -> None:
    """Fill `folder` with signed results, a gallery, a queue, settings and a generator's checkpoint.

    It has to hold `film.mp4` and a face set `faces` before.
    """
    about = made_with_ai("the faces in this work were swapped", "consent both")
    info = probe(folder / "film.mp4")
    for suffix in (".mp4", ".mkv"):
        with writer_for(info, folder / f"swapped{suffix}", metadata=about) as writer:
            for frame in read_frames(info):
                writer.write(frame)
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for suffix in (".png", ".jpg", ".webp"):
        write_image(folder / f"drawn{suffix}", picture, metadata=made_with_ai("a face was drawn"))
    codes = np.eye(3, EMBEDDING_SIZE, dtype=np.float32)
    photos = tuple(Photo(n, codes[n], np.array([1, 2, 9, 9], np.float32), f"{n}.jpg", (5, 6)) for n in range(3))
    calibration = Calibration(10.0, -3.0, (0.0, 0.1, 0.2))
    Gallery(("anna", "ben", "cleo"), photos, "tag", calibration).save(folder / "a.gallery.safetensors")
    queue = open_queue(folder / "shared")
    queue.submit("train", ["pair=anna_ben", "iterations=5"])
    queue.submit("export", ["pair=anna_ben"])
    queue.database.close()
    (folder / "convert.yaml").write_text("".join(f"{name}: {value!r}\n" for name, value in _SETTINGS.items()))
    networks, optimizers, step = _generator_training()
    (folder / "style").mkdir()
    save_checkpoint(folder / "style", networks, optimizers, {"images": 8, "seconds": 1.5} | step.state())


def _generator_training() -> tuple[TrainingNetworks, list[torch.optim.Optimizer], AdversarialStep]:
    torch.manual_seed(0)
    accelerator = choose_accelerator("cpu", "fp32")
    networks = TrainingNetworks(accelerator, **asdict(NetworkSettings(32, [8] * 4, 8)))
    compare = ReconstructionLosses(ReconstructionWeights(features=0), networks)
    warm_up, step = (
        AutoencoderStep(WarmUp(0.008, 0.004), networks, compare),
        AdversarialStep(Adversarial(), networks, compare),
    )
    pictures = torch.zeros(4, 3, 32, 32)
    warm_up.step(pictures, pictures, 0)
    return networks, [warm_up.optimizer, *step.optimizers], step


def _style(folder: Path) -> Any:
    networks, optimizers, _ = _generator_training()
    found = restore_checkpoint(folder / "style", networks, optimizers)
    if found is None:
        raise UserError("it begins anew")
    digest = hashlib.sha256()
    for part in networks.parts().values():
        for value in part.state_dict().values():
            digest.update(value.contiguous().numpy().tobytes())
    return found["images"], found["steps"], digest.hexdigest()


def _verified(name: str) -> Callable[[Path], str]:
    """Return a reader that tells what is said of an intact file; the place it lies in is left out."""
    return lambda folder: verify(VerifyRequest(str(folder / name))).replace(str(folder), "")


def _gallery(folder: Path) -> Any:
    found = load_gallery(folder / "a.gallery.safetensors")
    return found.names, [photo.code.tolist() for photo in found.photos]


def _queue(folder: Path) -> Any:
    queue: JobQueue = open_queue(folder / "shared")
    try:
        told = [(job.command, tuple(job.arguments), job.state) for job in queue.jobs()]
        job = queue.claim("somebody")
        if job is not None:
            queue.folder_of(job.id)
            queue.heartbeat(job, 0.5, "half")
            queue.give_back(job, 1, "it was stopped")
        return told
    finally:
        queue.database.close()


def _settings(folder: Path) -> Any:
    request = compose_config("convert", stored_arguments("convert", folder / "convert.yaml", ()))
    Keyframes.read("strength", request.strength)
    return len(people_asked(request))


def _people(folder: Path) -> Any:
    return len(FilmPeople.read(folder / "faces", Knows()).people)


def _curves(folder: Path) -> Any:
    return [chart.name for chart in CurveReader().charts(folder / "run")]


RESULT_READERS: Mapping[str, Reader] = {
    **{f"signed {name}": Reader(name, _verified(name), True)
       for name in ("drawn.png", "drawn.jpg", "drawn.webp", "swapped.mp4")},
    "record beside": Reader("swapped.mkv*", _verified("swapped.mkv"), True),
    "gallery": Reader("a.gallery*", _gallery),
    "queue": Reader("shared/jobs/jobs.sqlite", _queue),
    "settings of convert": Reader("convert.yaml", _settings),
    "people": Reader("faces/*.jsonl", _people),
    "curves": Reader("run/events*", _curves),
    "generator's training": Reader("style/checkpoint.pt", _style, True),
}  # fmt: skip
