"""What was set otherwise when a run was trained last: a slip of the hand must not spoil days of training."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG
from faceswap.utils.settings.renamed import with_new_names
from faceswap.utils.untrusted.yaml_files import parse_yaml, read_yaml

# What may be set anew at any time: how long, where, how often it is looked at and what fits the machine. Of the pair,
# the checkpoint knows the face sets; `seed` and `init` matter to a run that begins.
FREE = {
    *(
        "iterations",
        "minutes",
        "stop_when",
        "workspace",
        "device",
        "precision",
        "channels_last",
        "compile",
        "workers",
        "threads",
        "batch_size",
    ),
    *("log_every", "preview_every", "save_every", "keep_checkpoints", "evaluate", "restart", "allow_changes"),
    *("pair", "run", "seed", "init"),
}
BEGUN = ("seed", "init")  # what only a run that begins takes

log = logging.getLogger(__name__)


def check_same_settings(
    run: Path, config_text: str, default_text: str = "", free: Collection[str] = frozenset(FREE), command: str = "train"
) -> None:
    """Raises UserError that lists what differs between the run's config.yaml and `config_text` and shapes the training.

    `free`: the settings that may be set anew at any time. `command`: whose settings they are; those of runs made
    before a setting got its name count under the new one.
    What only the run knows is of another version of the program and passes. What only `config_text` knows was not
    there to be set when the run was trained: it must be what `default_text` (the same settings, untouched) says.
    """
    try:
        stored = read_yaml(run / RUN_CONFIG)
        before = _known(with_new_names(command, stored) if isinstance(stored, dict) else stored, free)
        now = _known(parse_yaml(config_text, "settings"), free)
        usual = _known(parse_yaml(default_text, "settings"), free) if default_text else {}
    except UserError:
        return  # no config to compare with, or one that somebody has damaged: the checkpoint itself is what counts
    was = {name: before.get(name, usual.get(name, now[name])) for name in now}
    differs = [f"{name}={_shown(was[name])}, not {_shown(now[name])}" for name in sorted(now) if was[name] != now[name]]
    if differs:
        raise UserError(
            f"{run} was trained with {'; '.join(differs)}: set that again, or say allow_changes=true to go on with the "
            "new settings, restart=true to begin anew"
        )


def as_begun(run: Path, config_text: str, seed: int) -> str:
    """Return settings in which what only a run that begins takes is that of `run`, and warn where other was asked for.

    So that the run's record goes on to tell with what it was begun. `seed`: the run's.
    """
    try:
        stored, now = read_yaml(run / RUN_CONFIG), parse_yaml(config_text, "settings")
    except UserError:
        return config_text
    if not (isinstance(stored, dict) and isinstance(now, dict)):
        return config_text
    begun = {"seed": seed} | {name: stored[name] for name in BEGUN if name != "seed" and name in stored}
    was, asked = (dict(_flat({name: one[name] for name in begun if name in one})) for one in (begun, now))
    differs = [name for name, value in asked.items() if name in was and was[name] != value]
    if not differs:
        return config_text
    begun_with = "; ".join(f"{name}={_shown(was[name])}, not {_shown(asked[name])}" for name in differs)
    log.warning("%s was begun with %s, and keeps it; restart=true begins anew", run, begun_with)
    header = itertools.takewhile(lambda line: line.startswith("#"), config_text.splitlines(keepends=True))
    kept = {name: value for name, value in begun.items() if name in now}
    text = yaml.safe_dump(now | kept, sort_keys=False, allow_unicode=True, width=120)
    return "".join(header) + text


def chosen_settings(config_text: str, default_text: str) -> dict[str, str | float | bool]:
    """The model and what shapes the training and is not as it is by itself, as plain values by name."""
    try:
        now = _known(parse_yaml(config_text, "settings"), FREE)
        usual = _known(parse_yaml(default_text, "settings"), FREE) if default_text else {}
    except UserError:
        return {}
    chosen = {name: value for name, value in now.items() if name == "model" or (usual and usual.get(name) != value)}
    return {name: v if isinstance(v, int | float | bool) else _shown(v) for name, v in chosen.items()}


def _known(values: Any, free: Collection[str]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise UserError("no settings")
    return dict(_flat({str(name): value for name, value in values.items() if name not in free}))


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names; a plugin itself, which its `_target_` names, under its own.

    Of our own classes the name counts, not the room: rooms change from version to version.
    """
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif name == "_target_":
            own = str(value).startswith("faceswap.")
            yield prefix.removesuffix("."), f"faceswap.{value.rpartition('.')[2]}" if own else value
        else:
            yield f"{prefix}{name}", value


def _shown(value: Any) -> str:
    text = str(value).removeprefix("faceswap.").rsplit(".", 1)[-1] if str(value).startswith("faceswap.") else str(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
