"""Short trainings and what is compared of them."""

from __future__ import annotations

from faceswap.swap.data.augmentation import Augmentation
from faceswap.swap.initialisation.schemes import Scratch
from faceswap.swap.runs.checkpoints import MODEL_FILE, OPTIMIZER_FILE, list_checkpoints
from faceswap.swap.training.settings_text import SettingsText
from faceswap.swap.training.trainer import Trainer
from faceswap.utils.files.tensor_files import read_tensors
from tests.swap.fakes import COLOUR, Tiny


def train(sets, run, iterations=6, **changes):
    settings = {"model": Tiny, "batch_size": 4, "save_every": 2, "preview_every": 3, "log_every": 2, "device": "cpu"}
    settings |= {"colour": COLOUR, "evaluate": False, "init": Scratch()}
    settings |= changes
    augment = {name: settings.pop(name) for name in ("warp", "colour", "transfer") if name in settings}
    told = SettingsText(settings.pop("config_text", ""), settings.pop("default_text", ""))
    settings |= {"augment": Augmentation(**augment), "iterations": iterations}
    return Trainer(*sets, run, settings_told=told, **settings).fit()


def files_of(run) -> list[dict]:
    return [read_tensors(list_checkpoints(run)[0] / name) for name in (MODEL_FILE, OPTIMIZER_FILE)]


def assert_same_run(one, two):
    assert list_checkpoints(one)[0].name == list_checkpoints(two)[0].name
    for mine, other in zip(files_of(one), files_of(two), strict=True):
        assert mine.keys() == other.keys()
        assert all((mine[name] == other[name]).all() for name in mine)
