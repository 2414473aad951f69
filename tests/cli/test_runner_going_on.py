"""What commands promise of a stop is what they do: those of GO_ON do not do again what was done before it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.help import command_help
from faceswap.cli.runner import run_command
from faceswap.config import schema
from tests.clips import make_clip


class Step:
    """Stands for a step of the work: counts what is done, and is a Ctrl-C once, after some of it."""

    def __init__(self, work: Callable, stop_after: int) -> None:
        self.work, self.stop_after, self.done, self.is_stopped = work, stop_after, 0, False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self.done == self.stop_after and not self.is_stopped:
            self.is_stopped = True
            raise KeyboardInterrupt
        self.done += 1
        return self.work(*arguments, **named)


def extracting(folder: Path) -> list[str]:
    clip = make_clip(folder, "craig", 24)
    return [f"video={clip.video}", "finder=landmarks", f"finder.path={clip.landmarks}"]


def face_set(folder: Path, name: str) -> None:
    from faceswap.extract import extract

    clip = make_clip(folder, name, 8, seed=len(name))
    said = [f"video={clip.video}", "finder=landmarks", f"finder.path={clip.landmarks}", f"workspace={folder / 'ws'}"]
    extract(compose_config("extract", said))


def curating(folder: Path) -> list[str]:
    face_set(folder, "craig")
    return ["faces=craig"]


def training(folder: Path) -> list[str]:
    for name in ("craig", "brosnan"):
        face_set(folder, name)
    fast = ["device=cpu", "batch_size=1", "workers=0", "save_every=1", "init=scratch", "evaluate=false"]
    return ["pair=craig_brosnan", "iterations=4", *fast]


def converting(folder: Path) -> list[str]:
    from faceswap.train import train

    train(compose_config("train", [*training(folder), f"workspace={folder / 'ws'}"]))
    clip = make_clip(folder, "film", 64)
    found = ["finder=landmarks", f"finder.path={clip.landmarks}"]
    short = ["segment_frames=16", "smooth_drawn=0"]  # what is steadied over more frames makes longer segments
    return [f"video={clip.video}", *found, *short, "detail=none", "device=cpu"]


def training_a_generator(folder: Path) -> list[str]:
    np.save(folder / "targets.npy", np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), np.uint8))
    plan = ["plan.resolution=32", "plan.channels=4,4,4,4", "plan.w_size=8", "batch_size=4", "kimg=0.024"]
    return [f"data={folder}", *plan, "monitor.save_kimg=0.004", "monitor.samples=0", "reconstruction.features=0"]


def measuring(folder: Path) -> list[str]:
    return ["measures=path_length", f"out={folder / 'm.json'}"]


def number(*_: Any) -> dict[str, float]:
    """Stands for a measure that takes long."""
    return dict.fromkeys(("value", "low", "high"), 1.0)


# By command: what is asked for, and where the step lies that each counts.
WAYS: dict[str, tuple[Callable[[Path], list[str]], str, str]] = {
    "extract": (extracting, "faceswap.extraction.stored_face", "align"),
    "people": (curating, "faceswap.curation.measures", "_thumbnail"),
    "curate": (curating, "faceswap.curation.measures", "_thumbnail"),
    "convert": (converting, "faceswap.media.parts.FilmPart", "write"),
    "train": (training, "faceswap.swap.training.train_step.TrainStep", "step"),
    "stylegan.train": (training_a_generator, "faceswap.stylegan.training.adversarial.AdversarialStep", "step"),
    "stylegan.metrics": (measuring, "faceswap.stylegan.metrics.report", "measure_path_length"),
}
# How many steps each has.
WHOLE = {
    "extract": 24, "people": 8, "curate": 8, "convert": 64, "train": 4, "stylegan.train": 6, "stylegan.metrics": 4
}  # fmt: skip
PARTS = {"demo": ("extract", "train")}  # what a command does by others
QUEUE = ("worker", "studio", "booth")  # whose jobs go on: tests/jobs/test_working.py kills workers


def called(command: str) -> Callable[[Any], Path]:
    module = importlib.import_module(f"faceswap.{command}" + (".__main__" if command == "stylegan.metrics" else ""))
    return getattr(module, command.rpartition(".")[2])


def test_every_command_that_goes_on_is_tried() -> None:
    assert {*WAYS, *PARTS, *QUEUE} == set(schema.GO_ON)
    assert all(part in WAYS for parts in PARTS.values() for part in parts)


@pytest.mark.parametrize("command", WAYS)
def test_what_was_done_before_a_stop_is_not_done_again(command, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("faceswap.curation.measures._BATCH", 1)
    prepare, owner, name = WAYS[command]
    said = [*prepare(tmp_path), f"workspace={tmp_path / 'ws'}"]
    place = pkgutil.resolve_name(owner)
    work = number if command == "stylegan.metrics" else getattr(place, name)
    step = Step(work, stop_after=WHOLE[command] // 2)
    is_method = isinstance(place, type)
    monkeypatch.setattr(place, name, (lambda self, *a, **n: step(self, *a, **n)) if is_method else step)
    assert run_command(command, called(command), said) == 130 and step.is_stopped
    assert "the same command goes on" in capsys.readouterr().err.splitlines()[-1]
    before, step.done = step.done, 0
    assert run_command(command, called(command), said) == 0, capsys.readouterr().err
    assert WHOLE[command] - before <= step.done < WHOLE[command]


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_a_command_says_of_a_stop_what_holds(command, capsys, monkeypatch) -> None:
    def stopped(request: Any) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("faceswap.cli.composing.compose.compose_config", lambda *_: None)
    assert run_command(command, stopped, []) == 130
    told, help_text = capsys.readouterr().err, " ".join(command_help(command).split())
    goes_on = command in schema.GO_ON
    assert ("goes on where it was" in told, "begins anew" in told) == (goes_on, not goes_on)
    assert ("given again it goes on" in help_text, "given again it begins anew" in help_text) == (goes_on, not goes_on)


def test_what_the_rooms_say_of_a_stop_is_what_the_commands_say() -> None:
    root = Path(__file__).resolve().parents[2] / "faceswap"
    rooms = {
        "extraction": True,
        "swap": True,
        "stylegan/training": True,
        "compositing": True,
        "stylegan/editing": False,
    }
    said = {}
    for path in root.rglob("*.py"):
        for text in re.findall(
            r"raise Interrupted\((.*?)\) from|raise Interrupted\((.*?)\)\n", path.read_text("utf-8"), re.S
        ):
            room = next(name for name in rooms if path.is_relative_to(root / name))
            said[room] = "goes on" in "".join(text)
            assert ("begins anew" in "".join(text)) != said[room], path
    assert said == rooms
