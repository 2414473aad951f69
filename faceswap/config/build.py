"""From checked settings to objects and texts: build a plugin, write YAML, ask for what must be there."""

from __future__ import annotations

import dataclasses
from typing import Any

from faceswap.config import targets
from faceswap.utils.errors import UserError
from faceswap.utils.settings.options import MISSING, walk


def build(settings: Any, **more: Any) -> Any:
    """Return the object that the settings of a plugin describe: its `_target_` called with them and `more`.

    Raises:
        UserError: No composition has accepted the `_target_`, or the class refuses the values.
    """
    target = targets.target_of(settings)
    try:
        return targets.call(target, settings._target_, {**settings_of(settings), **more})
    except ValueError as error:  # the rooms' own checks of ranges
        raise UserError(str(error)) from error


def settings_of(settings: Any) -> dict[str, Any]:
    """Return the fields without `_target_`, nested sections as they are."""
    return {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings) if f.name[0] != "_"}


def as_mapping(settings: Any) -> dict[str, Any]:
    """Return settings as YAML holds them: nested mappings, of a plugin with its `_target_`."""
    target = getattr(settings, "_target_", None)
    plain = {
        name: as_mapping(value) if dataclasses.is_dataclass(value) else value
        for name, value in settings_of(settings).items()
    }
    return plain if target is None else {"_target_": target, **plain}


def to_yaml(settings: Any) -> str:
    """Return the settings as YAML text."""
    import yaml

    return yaml.safe_dump(as_mapping(settings), sort_keys=False, allow_unicode=True, width=120)


def untouched(settings: Any) -> Any:
    """Return the same settings and plugins with every value as it is declared."""
    if is_users(settings):
        return settings
    values = {
        name: untouched(value) for name, value in settings_of(settings).items() if dataclasses.is_dataclass(value)
    }
    return type(settings)(**values)


def is_users(settings: Any) -> bool:
    """Return whether settings are of a class of the user's own, which no dataclass here declares."""
    return dataclasses.is_dataclass(settings) and "_target_" in {field.name for field in dataclasses.fields(settings)}


def require(request: Any, *names: str) -> None:
    """Raise UserError when one of the named settings was left out."""
    for name in names:
        value: Any = request
        for part in name.split("."):
            value = getattr(value, part)
        if value in (None, "", MISSING):
            field = next(f for dotted, f in walk(type(request)) if dotted == name)
            raise UserError(f"{name}= is missing: {field.metadata['help']}")
