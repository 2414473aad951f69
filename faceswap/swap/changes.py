"""What was set otherwise when a run was trained last: a slip of the hand must not spoil days of training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from faceswap.faces.errors import UserError
from faceswap.faces.workspace import RUN_CONFIG

# What may be set anew at any time: how long, where, how often it is looked at and what fits the machine. Of the pair,
# the checkpoint knows the face sets; `seed` and `init` matter to a run that begins.
FREE = {
    *("iterations", "minutes", "workspace", "device", "precision", "channels_last", "compile", "workers", "batch_size"),
    *("log_every", "preview_every", "save_every", "keep", "restart", "allow_changes"),
    *("pair", "seed", "init", "init_parts"),
}


def check_same_settings(run: Path, config_text: str) -> None:
    """Raises UserError that lists what differs between the run's config.yaml and `config_text` and shapes the training.

    Settings that only one of the two knows are of another version of the program and pass.
    """
    try:
        before, now = (_loaded(text) for text in ((run / RUN_CONFIG).read_text(encoding="utf-8"), config_text))
    except (OSError, ValueError, yaml.YAMLError):
        return  # no config to compare with, or one that somebody has damaged: the checkpoint itself is what counts
    differs = [
        f"{name}={_shown(before[name])}, not {_shown(now[name])}"
        for name in sorted(before.keys() & now.keys())
        if before[name] != now[name]
    ]
    if differs:
        raise UserError(
            f"{run} was trained with {'; '.join(differs)}: set that again, or say allow_changes=true to go on with the "
            "new settings, restart=true to begin anew"
        )


def _loaded(text: str) -> dict[str, Any]:
    values = yaml.safe_load(text)
    if not isinstance(values, dict):
        raise ValueError("no settings")
    return dict(_flat({name: value for name, value in values.items() if name not in FREE}))


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names; a plugin itself, which its `_target_` names, under its own."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield (prefix.removesuffix(".") if name == "_target_" else f"{prefix}{name}"), value


def _shown(value: Any) -> str:
    text = str(value).removeprefix("faceswap.").rsplit(".", 1)[-1] if str(value).startswith("faceswap.") else str(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
