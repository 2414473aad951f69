"""Settings that had another name: stored configs go on under the new one, and who types the old one is told it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_INVERSION = {"faithful": "fidelity", "loss.outside": "loss.background_weight"}
_BUILTIN_FINDER = {"finder.looks": "finder.refinements"}

# By command, dotted old names. A section or plugin stands for all that is in it.
RENAMED: dict[str, dict[str, str]] = {
    "extract": {"keep": "person", "keep_likeness": "person_similarity", **_BUILTIN_FINDER},
    "train": {
        "optimiser": "optimizer",
        "update.clip": "update.grad_clip_norm",
        "update.dropout": "update.lr_dropout",
        "update.average": "update.ema_decay",
        "loss.outside": "loss.background_weight",
        "likeness.style": "likeness.gram",
        "discriminator.power": "discriminator.gan_weight",
        "discriminator.features": "discriminator.feature_matching",
        "discriminator.start": "discriminator.start_step",
        "init.keep": "init.parts",
        "augment.warp": "warp",
        "judge": "evaluate",
        "keep": "keep_checkpoints",
    },
    "convert": dict(_BUILTIN_FINDER),
    "invert": {"start": "guess", **_INVERSION, **_BUILTIN_FINDER},
    "edit": {"moves": "edits", **_INVERSION, **_BUILTIN_FINDER},
    "morph": {"start": "guess", "faithful": "fidelity", **_BUILTIN_FINDER},
    "directions": {"apart": "preserve", "foreign": "import_from", "confident": "fit_share", **_BUILTIN_FINDER},
    "stylegan.train": {
        "contest.judge_rate": "adversarial.discriminator_rate",
        "contest.together": "adversarial.encoder_share",
        "contest": "adversarial",
        "plan.judge_channels": "plan.discriminator_channels",
        "looks": "monitor",
    },
}


def new_name(command: str, name: str) -> str:
    """Return what a command calls a setting that had the dotted name `name`; empty where that was no name of it."""
    for old, new in RENAMED.get(command, {}).items():
        if name == old or name.startswith(f"{old}."):
            return new + name.removeprefix(old)
    return ""


def with_new_names(command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings (nested mappings) under the names that `command` has for them now.

    A setting that is there under both names keeps the value of the new one.
    """
    renamed = {name: (new_name(command, name), value) for name, value in leaves(values)}
    found: dict[str, Any] = {}
    for is_kept in (False, True):
        for name, (new, value) in renamed.items():
            if bool(new) is not is_kept:
                _put(found, new or name, value)
    return found


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings under their dotted names; an empty mapping is a value."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _put(settings: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted name; one below a plain value, as only a damaged file has it, is left out."""
    *sections, last = name.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
        if not isinstance(settings, dict):
            return
    settings[last] = value
