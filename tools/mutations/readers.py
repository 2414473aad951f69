"""What is stored, made in a few hundred milliseconds, and the program's own readers of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from faceswap.cli.composing.stored import stored_arguments
from faceswap.core.face_set import CURATION_CACHE, FaceSet
from faceswap.core.taken_out import read_other_people, without_other_people, write_other_people
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.marks import read_marks
from faceswap.curation.measures import measure
from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.pipeline import extract_faces
from faceswap.media.sources import probe
from faceswap.stylegan.data.labels import read_labels
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.directions.labelled import sample_of_crops
from faceswap.stylegan.inversion.latents import Latent
from faceswap.stylegan.metrics.measurement_cache import Measurements
from faceswap.stylegan.metrics.report import measure_inversions
from faceswap.stylegan.training.run_folder import read_record
from faceswap.stylegan.weights.files import generator_hash, load_encoder, load_generator
from faceswap.swap.data.cache import cached_faces, cached_points, open_cache
from faceswap.swap.models.df import Df
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.best import Best
from faceswap.swap.runs.checkpoints import CheckpointIO, find_weights
from faceswap.swap.runs.comparison import read_report, write_comparison
from faceswap.swap.runs.config_guard import check_same_settings
from faceswap.swap.runs.event_files import drop_events_after, put_in_order
from faceswap.swap.runs.run_record import recorded_model, recorded_pair
from faceswap.utils.errors import Interrupted
from tests.clips import write_clip
from tests.extraction.made import MovingFinder, frame_of
from tests.stylegan.tiny import tiny_files, tiny_generator
from tests.swap.fakes import SMALL_UD, make_face_set
from tools.mutations.readers_of_results import RESULT_READERS, Reader, make_results


def make_inputs(folder: Path) -> None:
    """Fill `folder` with one of everything that the program stores."""
    torch.manual_seed(0)
    make_face_set(folder / "faces", 6)
    write_other_people(folder / "faces", {"000003_00.png"})
    inventory = FaceInventory.open(folder / "faces")
    measure(inventory, None)
    marks = {"faces": "faces", "fingerprint": inventory.fingerprint(), "reject": ["000001_00.png"]}
    (folder / "marks.json").write_text(json.dumps(marks))
    _make_run(folder / "run", folder / "faces")
    (folder / "g").mkdir()
    tiny_files(folder / "g")
    generator = tiny_generator()
    matrix = np.eye(2, 3)
    points = (np.full((68, 2), 5) + np.arange(68)[:, None] / 10).astype(np.float32)
    rows = torch.zeros(generator.rows, generator.w_size)
    Latent(rows, generator_hash(generator), matrix, points, 32, "a.jpg", {"loss": 0.5}).save(folder / "g/x.safetensors")
    (folder / "inversions.json").write_text(json.dumps([{"photo": "a", "lpips": 0.5, "identity": 0.4}] * 3))
    (folder / "labels.jsonl").write_text('{"seed": 1, "age": 2}\n{"seed": 2, "attributes": {"age": 3}}\n')
    (folder / "crops.csv").write_text("crop,age\n0,1\n1,2\n")
    np.save(folder / "seen.npy", np.zeros((2, 32, 32, 3), np.uint8))
    np.savez(folder / "film.landmarks.npz", frame=np.arange(6), points=np.repeat(points[None], 6, 0))
    write_clip(folder / "film.mp4", [frame_of(index).image for index in range(8)])
    Measurements(folder / "metrics.json", {"seed": 0})("a", lambda: {"value": 1.0})
    make_results(folder)
    with suppress(Interrupted):
        _extract(folder, MovingFinder(fail_at=5, error=KeyboardInterrupt()))


def _make_run(run: Path, faces: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    for iteration in (2, 4):
        model, optimizer = _training()
        for _ in range(iteration):
            optimizer.zero_grad()
            decoded = model(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
            sum(side.images.mean() for side in decoded.values()).backward()
            optimizer.step()
        state = TrainingState(iteration, 1.5, 7, ("anna", "ben"), lowest=0.5, lowest_at=iteration)
        CheckpointIO(model, optimizer).save(run, state, keep=2, yaw_degrees={"a": 30.0, "b": 20.0})
    Best(run).offer(_training()[0], 4, 0.5, {"validation": 0.1})
    settings = {"pair": {"a": "anna", "b": "ben", "consent": {"who": "both"}}, "run": "anna_ben", "batch_size": 4,
                "model": {"_target_": "faceswap.swap.models.df.Df", **SMALL_UD}, "seed": 0}  # fmt: skip
    (run / "config.yaml").write_text(yaml.safe_dump(settings))
    (run / "report.json").write_text(json.dumps({"iteration": 4, "losses": {"loss": 0.5}, "score": 0.5}))
    cached_points(FaceSet.open(faces), cached_faces(FaceSet.open(faces), run / "cache", "a", 32))
    with SummaryWriter(str(run)) as writer:
        for step in range(6):
            writer.add_scalar("loss", 0.5, step)


def _training() -> tuple[Df, torch.optim.Optimizer]:
    model = Df(**SMALL_UD)
    return model, Adam().build(model)


def _sum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _checkpoint(folder: Path) -> Any:
    model, optimizer = _training()
    state = CheckpointIO(model, optimizer).restore_latest(folder / "run", ("anna", "ben"))
    moments = {f"{n}/{k}": v for n, p in model.named_parameters() for k, v in optimizer.state[p].items()}
    return state and (state.iteration, _sum(model.state_dict() | moments))


def _set(folder: Path) -> Any:
    faces = FaceSet.open(folder / "faces")
    without_other_people(folder / "faces", faces.records)
    return sorted(read_other_people(folder / "faces")), len(faces.sources)


def _curated(folder: Path) -> Any:
    inventory = FaceInventory.open(folder / "faces")
    measure(inventory, None)
    return len(inventory)


def _cache(folder: Path) -> Any:
    faces = FaceSet.open(folder / "faces")
    path = cached_faces(faces, folder / "run" / "cache", "a", 32)
    return hashlib.sha256(open_cache(path).tobytes() + open_cache(cached_points(faces, path)).tobytes()).hexdigest()


def _run_settings(folder: Path) -> Any:
    run = folder / "run"
    recorded_model(run)
    read_record(run)
    check_same_settings(run, "seed: 0\nbatch_size: 4\n")
    return recorded_pair(run), stored_arguments("train", run, ())


def _reports(folder: Path) -> Any:
    rows = [("run", read_report(folder / "run"), "")]
    read_record(folder / "run")
    write_comparison(folder, "runs", rows)


def _events(folder: Path) -> None:
    put_in_order(folder / "run")
    drop_events_after(folder / "run", 3)


def _extract(folder: Path, finder: MovingFinder) -> Any:
    config = ExtractionConfig(smooth_frames=1)
    return len(FaceSet.open(extract_faces(folder / "film.mp4", finder, folder / "film", config)))


def _crops(folder: Path) -> Any:
    generator = load_generator(folder / "g/generator.safetensors")
    labels = read_labels(folder / "crops.csv")
    return sample_of_crops(labels, generator, load_encoder(folder / "g/encoder.safetensors")).w.shape


def _landmarks(folder: Path) -> None:
    LandmarksFinder(str(folder / "film.landmarks.npz")).prepare(probe(folder / "film.mp4"))


def _model(path: Path) -> str:
    return _sum(load_model(path)[0].state_dict())


def _generator(folder: Path) -> str:
    return _sum(load_generator(folder / "g/generator.safetensors").state_dict())


def _encoder(folder: Path) -> str:
    return _sum(load_encoder(folder / "g/encoder.safetensors").state_dict())


def _directions(folder: Path) -> Any:
    found = load_directions(folder / "g/directions.safetensors").directions
    return {name: (one.step.tolist(), one.scale) for name, one in found.items()}


def _latent(folder: Path) -> Any:
    return Latent.load(folder / "g/x.safetensors", tiny_generator()).rows.tolist()


def _marks(folder: Path) -> Any:
    return read_marks(folder / "marks.json", FaceInventory.open(folder / "faces"))[0].tolist()


READERS: Mapping[str, Reader] = {
    "weights": Reader("run/checkpoints/*/model*", lambda f: _model(find_weights(f / "run")), True),
    "checkpoint": Reader("run/checkpoints/0*/*", _checkpoint, True),
    "best": Reader("run/checkpoints/best*", lambda f: Best(f / "run").score),
    "best weights": Reader("run/checkpoints/best*", lambda f: _model(f / "run/checkpoints/best.safetensors"), True),
    "settings": Reader("run/config.yaml", _run_settings),
    "reports": Reader("run/report.json", _reports),
    "events": Reader("run/events*", _events),
    "cache": Reader("run/cache/*", _cache, True),
    "face set": Reader("faces/*.json*", _set),
    "curation": Reader(f"faces/{CURATION_CACHE}", _curated),
    "curated set": Reader("faces/alignments.jsonl", _curated),
    "marks": Reader("marks.json", _marks),
    "generator": Reader("g/generator*", _generator, True),
    "encoder": Reader("g/encoder*", _encoder, True),
    "directions": Reader("g/directions*", _directions, True),
    "latent": Reader("g/x.safetensors", _latent, True),
    "inversions": Reader("inversions.json", lambda f: measure_inversions(f / "inversions.json")),
    "labels": Reader("labels.jsonl", lambda f: len(read_labels(f / "labels.jsonl").of)),
    "packed crops": Reader("seen.npy", _crops),
    "labels of crops": Reader("crops.csv", _crops),
    "measurements": Reader(".metrics*", lambda f: Measurements(f / "metrics.json", {"seed": 0})("a", dict)),
    "landmarks": Reader("film.landmarks.npz", _landmarks),
    **RESULT_READERS,
    "journal": Reader("film/*.json*", lambda f: _extract(f, MovingFinder())),
    "journal itself": Reader("film/.resume.jsonl", lambda f: _extract(f, MovingFinder())),
}


def files_of(reader: Reader, folder: Path) -> list[Path]:
    """Return the stored files in `folder` that a reader reads."""
    found: Iterable[Path] = folder.glob(reader.files)
    return sorted(path for path in found if path.is_file())
