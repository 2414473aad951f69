"""The settings of a training as text: what a run's config.yaml shows and what it is compared by when it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from faceswap.swap.models.layers import SwapModel
from faceswap.swap.training.train_config import TrainConfig
from faceswap.utils.program_versions import versions_comment


@dataclass(frozen=True)
class SettingsText:
    """YAML of all settings; `default`: the same where nothing was chosen but classes."""

    text: str = ""
    default: str = ""


def settings_text(config: TrainConfig, model: SwapModel, faces: tuple[str, str]) -> SettingsText:
    """Return the settings of a training that Python code has begun, laid out as the command's are."""
    pair = {"pair": {"name": "_".join(faces), "a": faces[0], "b": faces[1], "consent": {}}}
    chosen, usual = ({field.name: getattr(c, field.name) for field in fields(c)} for c in (config, TrainConfig()))
    chosen["model"] = usual["model"] = model
    usual |= {name: _untouched(value) for name, value in chosen.items() if is_dataclass(value)}
    text, default = (yaml.safe_dump(pair | _laid_out(values), sort_keys=False) for values in (chosen, usual))
    return SettingsText(versions_comment() + text, default)


def _laid_out(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as YAML, those of the warp beside the other augmentation as the command has them."""
    plain: dict[str, Any] = _plain(values)
    augment = plain["augment"]
    if isinstance(augment, dict):
        augment.pop("_target_", None)  # the command has no class of its own for it
        plain["warp"] = augment.pop("warp", None)
    return plain


def _untouched(value: Any) -> Any:
    try:
        return type(value)()
    except TypeError:  # a class of somebody's own that needs arguments
        return value


def _plain(value: Any) -> Any:
    """Return a value as YAML holds it: of an object its class and its settings."""
    if isinstance(value, SwapModel):
        return {"_target_": _name(type(value)), **_plain(value.settings)}
    if is_dataclass(value) and not isinstance(value, type):
        return {"_target_": _name(type(value)), **{f.name: _plain(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value) if isinstance(value, Path) else {"_target_": _name(value if callable(value) else type(value))}


def _name(kind: Any) -> str:
    return f"{kind.__module__}.{getattr(kind, '__qualname__', type(kind).__qualname__)}"
