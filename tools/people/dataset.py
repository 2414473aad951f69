"""Writes labelled sets of rendered faces: n people, each in m moments, on every core, going on where it was stopped.

    FOLDER/images/PERSON_MOMENT.jpg     the picture, RGB (PERSON_MOMENT_PLACE.png in counterfactual mode)
    FOLDER/labels/PERSON_MOMENT.png     classes of the pixels (see `Label`), grey values
    FOLDER/depth/PERSON_MOMENT.png      with depth=True: millimetres, 16 bit, 0 where only background is
    FOLDER/shards/SHARD.npz             points (n, 68, 2), dense (n, 512, 2), visible (n, 68)
    FOLDER/manifest.jsonl               one JSON a picture: file, split, person, moment, attributes, shard, row
    FOLDER/report.json, contact_sheet.jpg

People of the two splits are different people. In paired mode every moment is played by k people of one split: same
pose, expression, gaze, light, camera and background, another identity. In counterfactual mode each moment of a person
is followed by the same with one thing moved, for each of `counterfactual.FACTORS`; pictures are then .png, and the
manifest's lines name the factor ("" where nothing is moved) and its step.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.progress import Progress
from faceswap.utils.workers import end_with_parent
from tools.people.assets import Assets
from tools.people.contact import contact_sheet
from tools.people.counterfactual import FACTORS, Scene, base_scene, counterfactual
from tools.people.moment import random_moment
from tools.people.person import Person
from tools.people.renderer import Picture, Renderer

SHARD_PICTURES = 100
JPEG_QUALITY = 95
VALIDATION_EVERY = 10  # one person in ten
IN_A_ROW = 8  # moments that the same people play one after another, so that a figure is built once for all of them
PERSON_SEEDS, MOMENT_SEEDS = 1_000_000, 1_000_000  # room between the seeds of two sets

_renderer: Renderer | None = None


@dataclass(frozen=True)
class Plan:
    """What a set holds; a set can only be continued with the plan it was begun with.

    `pictures` in all; `people` different ones; `together` k people play each moment (1: everybody has moments of
    their own); `seed` of the set; `yaw_limit` in degrees; `occluded` share of faces with something before them.
    `counterfactual`: every moment again and again, with one thing moved.
    """

    pictures: int
    people: int
    size_px: int = 256
    seed: int = 0
    together: int = 1
    yaw_limit: float = 60.0
    occluded: float = 0.2
    depth: bool = False
    counterfactual: bool = False

    def __post_init__(self) -> None:
        if self.pictures < 1 or self.people < 1:
            raise UserError(f"a set needs pictures and people, not {self.pictures} and {self.people}")
        if not 1 <= self.together <= self.training_people:
            raise UserError(
                f"together={self.together}: between 1 and the {self.training_people} people used for training"
            )
        if self.counterfactual and self.together > 1:
            raise UserError(f"together={self.together}: a counterfactual set shows one person a moment")
        if not 32 <= self.size_px <= 2048:
            raise UserError(f"size={self.size_px}: between 32 and 2048 pixels")

    @property
    def training_people(self) -> int:
        """How many of the people are for training; the rest, one in ten, for validation."""
        return max(1, self.people - self.people // VALIDATION_EVERY)

    def cell(self, index: int) -> tuple[int, int, str]:
        """Return (person seed, moment seed, split) of the picture with that index."""
        group, place = divmod(index, self.together)
        validating = self.people - self.training_people
        in_validation = validating >= self.together and group % VALIDATION_EVERY == VALIDATION_EVERY - 1
        crowd, first = (validating, self.training_people) if in_validation else (self.training_people, 0)
        # walk through the crowd in rounds so that everybody has as many pictures as the others
        turn = (
            group // VALIDATION_EVERY
            if in_validation
            else group - group // VALIDATION_EVERY
            if validating >= self.together
            else group
        )
        number = first + (turn // self.in_a_row * self.together + place) % crowd
        split = "validation" if in_validation else "training"
        return self.seed * PERSON_SEEDS + number, self.seed * MOMENT_SEEDS + group, split

    def move(self, index: int) -> tuple[tuple[int, int, str], int]:
        """Return as `cell`, and which of the factors is moved in the picture with that index; -1: none."""
        if not self.counterfactual:
            return self.cell(index), -1
        moment, place = divmod(index, len(FACTORS) + 1)
        moments = -(-self.pictures // (len(FACTORS) + 1))
        return replace(self, pictures=moments, counterfactual=False).cell(moment), place - 1

    @property
    def in_a_row(self) -> int:
        """How many moments the same people play one after another; fewer where a set has fewer for each."""
        return min(IN_A_ROW, max(1, self.pictures // self.people))

    @property
    def shards(self) -> int:
        """How many pieces of work the set is cut into."""
        return -(-self.pictures // SHARD_PICTURES)

    def shard(self, number: int) -> range:
        """Return indices of a shard's pictures."""
        return range(number * SHARD_PICTURES, min((number + 1) * SHARD_PICTURES, self.pictures))


def write_dataset(assets: Assets, folder: Path, plan: Plan, workers: int) -> Path:
    """Render what is missing of the set and return its manifest.

    Raises:
        UserError: `folder` holds another set.
    """
    _check_plan(folder, plan)
    for name in ("images", "labels", "shards", *(["depth"] if plan.depth else [])):
        (folder / name).mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(plan.shards) if not _shard_rows(folder, number).exists()]
    begun = time.monotonic()
    rendered = sum(len(plan.shard(number)) for number in missing)
    if missing:
        pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(assets.folder,))
        with pool, Progress(plan.pictures, "faces", "face", initial=plan.pictures - rendered) as progress:
            jobs = {pool.submit(_write_shard, folder, plan, number): number for number in missing}
            for job in as_completed(jobs):
                job.result()
                progress.advance(len(plan.shard(jobs[job])))
    seconds = time.monotonic() - begun
    manifest = _join_manifest(folder, plan)
    report = {"plan": asdict(plan), "rendered": rendered, "seconds": round(seconds, 1), "workers": workers}
    report["faces_per_second"] = round(rendered / seconds, 2) if rendered else None
    write_json(folder / "report.json", report)
    _write_contact_sheet(folder, manifest)
    return manifest


def _check_plan(folder: Path, plan: Plan) -> None:
    stored = folder / "plan.json"
    if stored.exists():
        before = Plan(**json.loads(stored.read_text()))
        if replace(before, pictures=plan.pictures) != plan:
            raise UserError(f"{folder} holds a set made with another plan ({stored}): choose another folder")
        if before.pictures > plan.pictures:
            raise UserError(
                f"{folder} holds {before.pictures} pictures already, more than the {plan.pictures} asked for"
            )
        _drop_short_last_shard(folder, before, plan)
    write_json(stored, asdict(plan))


def _drop_short_last_shard(folder: Path, before: Plan, plan: Plan) -> None:
    """A set that grows renders its last, partly filled shard again."""
    last = before.shards - 1
    if len(before.shard(last)) != len(plan.shard(last)):
        _shard_rows(folder, last).unlink(missing_ok=True)


def _shard_rows(folder: Path, number: int) -> Path:
    """Return the last file of a shard to be written: when it is there, the shard is whole."""
    return folder / "shards" / f"{number:06d}.jsonl"


def _start(folder: Path) -> None:
    global _renderer
    end_with_parent()
    cv2.setNumThreads(1)
    _renderer = Renderer(Assets(folder), fine=False)


def _write_shard(folder: Path, plan: Plan, number: int) -> None:
    assert _renderer is not None
    rows, pictures = [], []
    for row, index in enumerate(plan.shard(number)):
        (person_seed, moment_seed, split), place = plan.move(index)
        name, ending, told = f"{person_seed:07d}_{moment_seed:07d}", "jpg", dict[str, Any]()
        scene = _scene(plan, person_seed, moment_seed)
        if plan.counterfactual:
            name, ending, factor, step = f"{name}_{place + 1:02d}", "png", "", 0.0
            if place >= 0:
                scene, factor, step = counterfactual(scene, place, moment_seed)
            told = {"factor": factor, "step": round(step, 5)}
        picture = _renderer.render(scene.person, scene.moment, plan.size_px)
        _write_pictures(folder, name, ending, picture, plan.depth)
        pictures.append(picture)
        rows.append({"file": f"images/{name}.{ending}", "split": split, "person": person_seed, "moment": moment_seed,
                     "shard": number, "row": row, **told, "attributes": picture.attributes})  # fmt: skip
    with atomic_path(folder / "shards" / f"{number:06d}.npz") as temp, temp.open("wb") as file:
        np.savez(
            file,
            points=np.stack([picture.points for picture in pictures]),
            dense=np.stack([picture.dense for picture in pictures]),
            visible=np.stack([picture.visible for picture in pictures]),
        )
    with atomic_path(_shard_rows(folder, number)) as temp:
        temp.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _scene(plan: Plan, person_seed: int, moment_seed: int) -> Scene:
    person = _person(person_seed)
    if plan.counterfactual:
        return base_scene(person, moment_seed, plan.yaw_limit)
    moment = random_moment(moment_seed, yaw_limit=plan.yaw_limit, occluded=plan.occluded)
    if plan.together > 1:
        moment = replace(moment, face_metering=0.0)  # the same exposure for everybody
    return Scene(person, moment)


_people: dict[int, Person] = {}


def _person(seed: int) -> Person:
    """Return the person of a seed; the same object again, so that the renderer finds the figure it has built."""
    if seed not in _people:
        while len(_people) >= 64:
            _people.pop(next(iter(_people)))
        _people[seed] = Person.from_seed(seed)
    return _people[seed]


def _write_pictures(folder: Path, name: str, ending: str, picture: Picture, depth: bool) -> None:
    how = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if ending == "jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    cv2.imwrite(str(folder / "images" / f"{name}.{ending}"), picture.image[..., ::-1], how)
    cv2.imwrite(str(folder / "labels" / f"{name}.png"), picture.labels)
    if depth:
        millimetres = np.where(np.isfinite(picture.depth), picture.depth * 1000, 0).clip(0, 65535).astype(np.uint16)
        cv2.imwrite(str(folder / "depth" / f"{name}.png"), millimetres)


def _join_manifest(folder: Path, plan: Plan) -> Path:
    manifest = folder / "manifest.jsonl"
    with atomic_path(manifest) as temp, temp.open("w") as file:
        for number in range(plan.shards):
            file.write(_shard_rows(folder, number).read_text())
    return manifest


def _write_contact_sheet(folder: Path, manifest: Path, count: int = 64) -> None:
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    chosen = rows[:: max(1, len(rows) // count)][:count]
    images: list[Any] = [cv2.imread(str(folder / row["file"])) for row in chosen]
    with atomic_path(folder / "contact_sheet.jpg") as temp:
        cv2.imwrite(str(temp), contact_sheet(images))
