"""Settings as fields of a form, from their declarations: help, choices, ranges."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faceswap.config.groups import GROUPS, default_choices, group_choices
from faceswap.config.schema import COMMANDS
from faceswap.utils.settings.options import default_of, kinds, walk

_STEPS, _FINEST = 100, 1000  # of a slider, at least and at most


@dataclass(frozen=True)
class Field:
    """A field of a form.

    Attributes:
        name: The setting.
        kind: choice, number, slider, switch, keyed (a number that may change along the film), words or text.
        help: What it does.
        value: What it is without being touched, as text; a word of the choices in the place of a number.
        choices: Of a choice; the words that may stand in the place of a number.
        low: Of a number or slider.
        high: Of a slider.
        step: Of a number or slider.
    """

    name: str
    kind: str
    help: str
    value: str = ""
    choices: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    step: str = ""


def fields_of(command: str, names: Sequence[str]) -> list[Field]:
    """Return the fields of some settings of a command."""
    known = {field.name: field for field in dataclasses.fields(COMMANDS[command])}
    return [_field(command, known[name]) for name in names]


def other_fields(command: str, left_out: Sequence[str]) -> list[Field]:
    """Return the fields of all settings of a command but those that are named, and what is within them."""
    known = walk(COMMANDS[command])
    return [_field(command, field, name) for name, field in known if name.partition(".")[0] not in left_out]


def plugin_fields(owner: str, choice: str, group: str = "") -> list[Field]:
    """Return the settings of a plugin: of mask=hull its erode, feather, forehead; texts are left out.

    Args:
        owner: The setting that chooses the plugin.
        choice: The choice.
        group: Where its name is not the owner's.
    """
    node = GROUPS[group or owner].get(choice)
    found = [one for one in dataclasses.fields(node) if one.name[0] != "_"] if node is not None else []
    fields = [_field("", one, f"{owner}.{one.name}") for one in found if not one.metadata.get("group")]
    return [one for one in fields if one.kind != "text"]


def said(fields: Sequence[Field], form: Mapping[str, Any]) -> list[str]:
    """Return as NAME=VALUE what a form says other than what is usual; fields left empty say nothing."""
    arguments = []
    for field in fields:
        value = str(form.get(field.name, "false" if field.kind == "switch" else "")).strip()
        if (word := form.get(f"{field.name}:word")) in field.choices:
            value = str(word)
        if field.kind == "switch" and value not in ("true", "false"):
            value = "true"
        if value and value != field.value:
            arguments.append(f"{field.name}={value}")
    return arguments


def _field(command: str, field: dataclasses.Field[Any], name: str = "") -> Field:
    name, help_text = name or field.name, str(field.metadata.get("help", ""))
    if group := field.metadata.get("group"):
        usual = default_choices(command).get(field.name, "")
        return Field(name, "choice", help_text, usual, tuple(group_choices(group)))
    value = default_of(field)
    if (choices := field.metadata.get("choices")) and not field.metadata.get("several"):
        usual = "" if value is None else str(value)  # nothing of them may be usual, too
        return Field(name, "choice", help_text, usual, tuple(choices) if usual else ("", *choices))
    if isinstance(value, bool):
        return Field(name, "switch", help_text, str(value).lower())
    if field.metadata.get("kind") == "keyframes" and value is not None:
        usual = f"{value:g}" if isinstance(value, int | float) else str(value)
        low, high = field.metadata.get("minimum") or 0, field.metadata.get("maximum") or 1
        words = tuple(field.metadata.get("words", ()))
        return Field(name, "keyed", help_text, usual, words, low=f"{low:g}", high=f"{high:g}", step="0.01")
    words = tuple(field.metadata.get("words", ()))
    if words and not isinstance(value, int | float):
        return Field(name, "words", help_text, "" if value is None else str(value), words)
    if kinds(field) & {"int", "float"} and isinstance(value, int | float | None):
        return _number(name, field)
    return Field(name, "text", help_text, "" if value is None else str(value))


def _number(name: str, field: dataclasses.Field[Any]) -> Field:
    value, low, high = default_of(field), field.metadata.get("minimum"), field.metadata.get("maximum")
    step = None
    if isinstance(value, float) and low is not None and high is not None and high <= 10:
        step = _slider_step(value, low, high)
    plain = ["" if number is None else f"{number:g}" for number in (value, low, high)]
    told = f"{step:g}" if step else "any" if "float" in kinds(field) else "1"
    words = tuple(field.metadata.get("words", ()))
    return Field(name, "slider" if step else "number", str(field.metadata.get("help", "")), plain[0], words,
                 low=plain[1], high=plain[2], step=told)  # fmt: skip


def _slider_step(value: float, low: float, high: float) -> float | None:
    """Return a round step of which the usual value is one; None where that would be too fine for a slider.

    A browser moves a slider to its nearest step: one that is not there would be said to be another number.
    """
    step = 10.0 ** math.floor(math.log10((high - low) / _STEPS) + 1e-9)
    while (high - low) / step <= _FINEST:
        if math.isclose(low + round((value - low) / step) * step, value, rel_tol=1e-9, abs_tol=1e-12):
            return step
        step /= 10
    return None
