"""Which pair a run was trained on, and the consent on record for it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from faceswap.provenance.consent import CONSENT
from faceswap.utils.errors import UserError, reason_of
from faceswap.utils.files.atomic import write_text
from faceswap.utils.files.workspace import RUN_CONFIG
from faceswap.utils.limits import YAML_BYTES
from faceswap.utils.untrusted.text_files import read_text
from faceswap.utils.untrusted.yaml_files import parse_yaml, read_yaml


def recorded_pair(run: Path) -> tuple[str, str, dict[str, str]]:
    """Return A's and B's face-set names and the consent a run was trained with, from its config.yaml.

    Raises:
        UserError: The file does not tell.
    """
    path = run / RUN_CONFIG
    try:
        values = read_yaml(path, texts=True)
        pair = values["pair"]
        told = pair.get("consent") or {}
        consent = {key: told[key] for key in CONSENT if isinstance(told.get(key), str)}
        a, b = pair["a"], pair["b"]
        if not (isinstance(a, str) and isinstance(b, str) and a and b) or "/" in a + b or "\0" in a + b:
            raise ValueError("its names are none")  # results are called after them
        return a, b, consent
    except (UserError, ValueError, KeyError, TypeError, AttributeError) as error:
        known = isinstance(error, UserError)
        reason = str(error).removeprefix(f"{path}: ") if known else reason_of(error)
        raise UserError(f"{path} does not tell which pair was trained ({reason}); train it again") from error


def record_consent(run: Path, consent: Mapping[str, str]) -> bool:
    """Put a consent on record for a run that is not trained further: in its config.yaml, where all else stays.

    Returns:
        False where nobody consents, or this consent is on record already.

    Raises:
        UserError: The file does not tell which pair was trained, or cannot be written.
    """
    if not consent.get("who") or {key: text for key, text in recorded_pair(run)[2].items() if text} == {
        key: text for key, text in consent.items() if text
    }:
        return False
    path = run / RUN_CONFIG
    text = read_text(path, YAML_BYTES)
    values = parse_yaml(text, str(path))
    values["pair"]["consent"] = {key: consent.get(key, "") for key in CONSENT}
    comments = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True))
    written = path.stat().st_mtime_ns
    write_text(path, "".join(comments) + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120))
    os.utime(path, ns=(written, written))  # its time tells which pair was trained last
    return True


def recorded_model(run: Path) -> str:
    """Return the full name of the class of a run's model, as its config.yaml tells it; empty where it does not."""
    try:
        target = read_yaml(run / RUN_CONFIG)["model"]["_target_"]
    except (UserError, KeyError, TypeError):
        return ""
    return target if isinstance(target, str) else ""


def checkpoint_folder(run: Path, asked: int | str) -> Path:
    """Return a run's checkpoint: the folder of an iteration, the file of the `best`, or the run itself (the latest).

    Raises:
        UserError: It is not there; the message lists those there are.
    """
    if asked == "latest":
        return run
    parent = run / "checkpoints"
    found = parent / ("best.safetensors" if asked == "best" else f"{int(asked):08d}")
    if found.exists():
        return found
    there = sorted(int(path.name) for path in parent.glob("*") if path.is_dir() and path.name.isdecimal())
    known = ", ".join(map(str, there)) or "none"
    if asked == "best":
        raise UserError(
            f"checkpoint=best: no swap of {run.name} was judged yet (there are: {known}); that takes evaluate=true and "
            "20 faces of each side"
        )
    raise UserError(f"checkpoint={asked}: {run.name} has no such checkpoint (there are: {known})")
