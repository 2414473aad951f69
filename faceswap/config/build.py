"""From checked settings to objects and texts: build a plugin, write YAML, ask for what must be there."""

from __future__ import annotations

import dataclasses
from typing import Any

from faceswap.config import targets
from faceswap.config.options import MISSING, walk
from faceswap.utils.errors import UserError


def build(node: Any, **more: Any) -> Any:
    """The object that a plugin node describes: its `_target_` called with the node's fields and `more`.

    Raises UserError for a `_target_` that no composition has accepted, and for values that the class refuses.
    """
    target = targets.target_of(node)
    try:
        return targets.call(target, node._target_, {**settings_of(node), **more})
    except ValueError as error:  # the rooms' own checks of ranges
        raise UserError(str(error)) from error


def settings_of(node: Any) -> dict[str, Any]:
    """A node's fields without its `_target_`, nested sections as they are."""
    return {field.name: getattr(node, field.name) for field in dataclasses.fields(node) if field.name[0] != "_"}


def to_yaml(config: Any) -> str:
    """The settings as YAML text."""
    import yaml

    return yaml.safe_dump(dataclasses.asdict(config), sort_keys=False, allow_unicode=True, width=120)


def untouched(config: Any) -> Any:
    """The same settings and plugins with every value as it is declared."""
    fresh = type(config)()
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            setattr(fresh, field.name, untouched(value))
    return fresh


def require(config: Any, *names: str) -> None:
    """Raises UserError when one of the named settings was left out."""
    for name in names:
        value: Any = config
        for part in name.split("."):
            value = getattr(value, part)
        if value in (None, "", MISSING):
            field = next(f for dotted, f in walk(type(config)) if dotted == name)
            raise UserError(f"{name}= is missing: {field.metadata['help']}")
