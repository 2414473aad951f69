"""The folder of a training: its own files, and the settings it was begun with.

`report.json` is the record. Only where it says that a training of ours lies there is anything overwritten or removed,
and then only files of the names that a training writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from faceswap.core.face_set import REPORT
from faceswap.stylegan.data.packed import packed_files
from faceswap.stylegan.training.state import CHECKPOINT
from faceswap.swap.runs.config_guard import check_same_settings
from faceswap.swap.runs.event_files import EVENTS
from faceswap.swap.runs.run_log import PREVIEWS
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.workspace import RUN_CONFIG
from faceswap.utils.limits import REPORT_BYTES, YAML_BYTES
from faceswap.utils.untrusted.reading import read_json, read_text

GENERATOR_FILE, ENCODER_FILE = "generator.safetensors", "encoder.safetensors"
KIND = "stylegan training"
# What may be set anew at any time. The pictures are compared by what they show, not by where they lie.
FREE = {
    *("kimg", "minutes", "data", "run", "workspace", "device", "precision", "monitor", "inception", "restart"),
    *("grow_from", "allow_changes"),
}
_FILES = (CHECKPOINT, GENERATOR_FILE, ENCODER_FILE, REPORT, RUN_CONFIG)
_PREVIEW = re.compile(r"\d{8,}\.jpg")


def read_record(run: Path) -> dict[str, Any]:
    """Return the record of the training in a folder; empty where none of ours lies there."""
    with suppress(OSError, ValueError, RecursionError):
        path = run / REPORT
        if path.stat().st_size <= REPORT_BYTES:
            record = read_json(path)
            if isinstance(record, dict) and record.get("kind") == KIND:
                return record
    with suppress(OSError, ValueError):  # trainings before there were records
        text = read_text(run / RUN_CONFIG, YAML_BYTES)
        if "trainer.Plan" in text and (run / CHECKPOINT).is_file():
            return {"kind": KIND}
    return {}


def check_folder(run: Path, record: Mapping[str, Any]) -> None:
    """Raise UserError when a training in `run` would overwrite what is none of its own, or write through a link.

    Args:
        record: Of the training there; empty: none.
    """
    names = [name for name in (*_FILES, PREVIEWS) if (run / name).exists() or (run / name).is_symlink()]
    names += sorted(path.name for path in run.glob(EVENTS))
    for name in names:
        if (run / name).is_symlink():
            raise UserError(
                f"{run / name} is a link, and nothing is written through one: remove it, or say another run="
            )
    if names and not record:
        raise UserError(f"run={run} holds {', '.join(names)}, and is no training of this program: name another folder")


def check_has_checkpoint(run: Path, record: Mapping[str, Any]) -> None:
    """Raise UserError when the training in `run` has seen pictures and its checkpoint is gone.

    It would begin anew over the weights that it has made.
    """
    seen = record.get("images", 0)
    if isinstance(seen, int) and seen > 0:
        raise UserError(
            f"{run / CHECKPOINT} is gone, from which a training of {seen} pictures goes on: put it back, name another "
            "run=, or say restart=true to begin anew"
        )


def check_same(
    run: Path, record: Mapping[str, Any], own: Mapping[str, Any], config_text: str, default_text: str
) -> None:
    """Raise UserError when the training in `run` was begun with other settings or pictures.

    Args:
        record: What it says of itself, see `read_record`.
        own: `pictures`, `seed` and, where faces are moved, `pairs` as they are now.
    """
    if "pictures" in record and record["pictures"] != own["pictures"]:
        raise UserError(
            f"{run} was trained on other pictures than those of data=: name its own again, or say allow_changes=true "
            "to go on with these, restart=true to begin anew"
        )
    if "pairs" in record and record["pairs"] != own.get("pairs", record["pairs"]):
        raise UserError(
            f"{run} was trained on other pairs than those of counterfactual=, whose table or pictures were changed "
            "since: put them back, or say allow_changes=true to go on with these, restart=true to begin anew"
        )
    if "seed" in record and record["seed"] != own["seed"]:
        raise UserError(
            f"{run} was trained with seed={str(record['seed'])[:20]}, not {own['seed']}: set that again, or say "
            "allow_changes=true to go on, restart=true to begin anew"
        )
    check_same_settings(run, config_text, default_text, FREE, "stylegan.train")


def forget(run: Path, record: Mapping[str, Any]) -> None:
    """Remove the training in `run`: files of the names that it writes, and nothing else. Call `check_folder` before.

    A record stays, of a training that has seen nothing: without it what a kill in between leaves would be nobody's, and
    the same command be refused.

    Args:
        record: What it says of itself: previews are named by pictures that it has seen, which tells them from
            photos that are named by a date.
    """
    if record and not (run / REPORT).exists():  # of a training before there were records
        write_json(run / REPORT, dict(record))
    previews = run / PREVIEWS
    seen = record.get("images", 0)
    names = [path for path in previews.iterdir() if _PREVIEW.fullmatch(path.name)] if previews.is_dir() else []
    shown = [path for path in names if isinstance(seen, int) and int(path.stem) <= seen]
    for path in [*shown, *run.glob(EVENTS)]:
        if not path.is_dir():
            path.unlink()
    with suppress(OSError):  # something else lies there, or there is none
        previews.rmdir()
    for name in _FILES:
        if name != REPORT:
            (run / name).unlink(missing_ok=True)
    if record:
        write_json(run / REPORT, {"kind": KIND, "images": 0})


def sweep_packed(run: Path, used: Path | None) -> None:
    """Remove packed pictures of other sources.

    Args:
        used: Those that are trained on.
    """
    for path in packed_files(run):
        if path != used:
            path.unlink(missing_ok=True)
