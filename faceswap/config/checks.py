"""One rule for every value of settings: a number is finite and in range, a text has no NUL, a choice is known."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import Any

from faceswap.config.groups import group_choices
from faceswap.config.wording import nearest, shortened
from faceswap.utils.errors import UserError
from faceswap.utils.settings.keyframes import Keyframes
from faceswap.utils.settings.options import kinds, section_type

LARGEST_WHOLE = 2**31 - 1  # of a setting that says nothing else
LARGEST_NUMBER = 1e9


def check_values(node: Any, prefix: str = "") -> None:
    """Checks all values that Hydra composed, sections and plugins opened, and brings lists and checkpoints into form.

    Raises:
        UserError: one line with the setting, what came and what it takes.
    """
    known = [field.name for field in dataclasses.fields(node)]
    if unknown := next((name for name in vars(node) if name not in known), ""):
        raise UserError(f"{prefix.rstrip('.')} has no setting '{shortened(unknown)}'{nearest(unknown, known)}")
    for field in dataclasses.fields(node):
        name, value = prefix + field.name, getattr(node, field.name)
        if field.metadata.get("group") or section_type(field):
            _check_node(field, name, value)
            if value is not None:
                check_values(value, f"{name}.")
        elif field.name != "_target_":
            checked = _checked(field, name, value)
            if checked is not value:
                setattr(node, field.name, checked)


def open_home(node: Any, name: str) -> None:
    """Writes the home folder for a leading `~` of a path setting, unless a file of that very name is there."""
    *parents, last = name.split(".")
    owner = node
    for parent in parents:
        owner = getattr(owner, parent, None)
    value = getattr(owner, last, None)
    if isinstance(value, str) and value.startswith("~") and not os.path.lexists(value):
        setattr(owner, last, os.path.expanduser(value))


def _check_node(field: dataclasses.Field, name: str, value: Any) -> None:
    """A plugin is an object of a choice, a section one of its own kind."""
    section = section_type(field)
    if dataclasses.is_dataclass(value) and (section is None or isinstance(value, section)):
        return
    if value is None and section is None and field.default is None:
        return
    group = field.metadata.get("group", "")
    choices = group_choices(group) if group else []
    wanted = f"choose one of its group: {', '.join(choices)}" if choices else f"set what is in it, as {name}.NAME=..."
    raise UserError(f"{name}={_told(value)}: {field.metadata['help']}; {wanted}")


def _checked(field: dataclasses.Field, name: str, value: Any) -> Any:
    """A value in the form that the commands take. Raises UserError."""
    if "help" not in field.metadata:  # of a user's own class
        return value
    if kind := field.metadata.get("several"):
        return _several(name, value, kind, field)
    taken = kinds(field)
    if value is None and "None" not in taken and "Any" not in taken:
        raise UserError(f"{name}=null: a value is wanted ({field.metadata['help']})")
    if isinstance(value, str):
        return _text(field, name, value) if field.metadata.get("kind") != "keyframes" else _course(field, name, value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        _check_number(field, name, value)
    elif isinstance(value, list):
        return [_element(name, one, field) for one in value]
    elif isinstance(value, dict):
        return {_element(name, key, field): _element(name, one, field) for key, one in value.items()}
    return value


def _text(field: dataclasses.Field, name: str, value: str) -> Any:
    choices, words = field.metadata.get("choices"), field.metadata.get("words")
    if "\0" in value:
        raise UserError(f"{name}={_told(value)}: a text without NUL is wanted")
    if choices and value not in choices:
        raise UserError(
            f"{name}={_told(value)} is not known{nearest(value, list(choices))}; choose from: {', '.join(choices)} "
            f"({field.metadata['help']})"
        )
    if not words:
        return value
    if value.isdecimal() and len(value) < 20:  # a checkpoint's folder, 00012000, is no number yet
        _check_number(field, name, int(value))
        return int(value)
    if value not in words:
        raise UserError(f"{name}={_told(value)}: a number, or {' or '.join(words)} ({field.metadata['help']})")
    return value


def _course(field: dataclasses.Field, name: str, value: str) -> float | str:
    """Numbers along a film in one form: a number where there is one for all of it, else a text of all keyframes."""
    words = field.metadata["words"]
    if value in words:
        return value
    low, high = bounds(field)
    try:
        return Keyframes.read(name, value, high, low).said
    except UserError:
        if not words or value.lstrip().startswith("{"):
            raise
        raise UserError(
            f"{name}={_told(value)}: a number, or {' or '.join(words)} ({field.metadata['help']})"
        ) from None


def _check_number(field: dataclasses.Field, name: str, value: float) -> None:
    smallest, largest = bounds(field)
    help_text = field.metadata["help"]
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{name}={value}: a finite number is wanted ({help_text})")
    if not value >= smallest:
        raise UserError(f"{name}={_told(value)} is too small: {smallest:g} or more ({help_text})")
    if not value <= largest:
        raise UserError(f"{name}={_told(value)} is too large: {_number(largest)} or less ({help_text})")
    step = field.metadata.get("step")
    if step and (value - smallest) % step:
        raise UserError(f"{name}={value}: {field.metadata['step_help']} is wanted ({help_text})")


def bounds(field: dataclasses.Field) -> tuple[float, float]:
    """The smallest and the largest value of a setting that holds a number."""
    smallest, largest = field.metadata.get("minimum"), field.metadata.get("maximum")
    usual = LARGEST_NUMBER if "float" in kinds(field) else LARGEST_WHOLE
    return -usual if smallest is None else smallest, usual if largest is None else largest


def _several(name: str, value: Any, kind: type, field: dataclasses.Field) -> list | None:
    """The values of a setting that takes one or a list of them."""
    if value is None:
        return None
    values = list(value) if isinstance(value, list | tuple) else [value]
    if kind is str:
        values = [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in values]
    if not values or any(type(one) is not kind for one in values):
        one, two = ("1", "1,3") if kind is int else ("NAME", "NAME,NAME")
        raise UserError(
            f"{name}={_told(value)}: say one as {name}={one}, several as {name}={two} ({field.metadata['help']})"
        )
    for one in values:
        _text(field, name, one) if kind is str else _check_number(field, name, one)
    return values


def _element(name: str, value: Any, field: dataclasses.Field) -> Any:
    """A value within a list or mapping: no NUL, no infinite number, however deep."""
    if isinstance(value, str) and "\0" in value:
        raise UserError(f"{name}: a text without NUL is wanted, not {_told(value)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(field, name, value)
    if isinstance(value, list):
        return [_element(name, one, field) for one in value]
    if isinstance(value, dict):
        return {_element(name, key, field): _element(name, one, field) for key, one in value.items()}
    return value


def _told(value: object) -> str:
    if isinstance(value, int) and abs(value) > 10**40:
        return "a number of more than 40 digits"
    return shortened("null" if value is None else str(value).replace("\0", "\\0"))


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else f"{value:g}"
