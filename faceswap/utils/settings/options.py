"""How a setting is declared: default, help, range, kind; help texts, YAML files and checks are made from it.

A class that settings describe has them in a frozen dataclass in the `config.py` beside it, which imports nothing heavy:
help needs no torch. `_target_` of such a dataclass names the class.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, get_args, get_origin

from faceswap.utils.files.workspace import USUAL_WORKSPACE
from faceswap.utils.settings.keyframes import Keyframes

DEVICES = "auto (a GPU if there is one), cpu, cuda or cuda:N"
MISSING = "???"  # OmegaConf's mark of a mandatory value; written here so that help needs no OmegaConf


def option(
    default: Any,
    help: str,
    *,
    kind: Literal["", "path", "name", "text", "keyframes"] = "",
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    words: tuple[str, ...] = (),
    several: type | None = None,
    step: float | None = None,
    step_help: str = "",
) -> Any:
    """A dataclass field with its help, and for texts the accepted `choices`, for numbers `minimum` and `maximum`.

    `words` may stand in the place of a number. `several` marks a setting that takes one value of that type or a list
    of them (`3`, `3,5` and `[3,5]`): the commands get a list, or None. `step`, counted from the minimum, and in words
    `step_help`, say which numbers between fit.

    `kind` marks files and folders (path), face sets, runs and pairs (name), and free texts: on the command line they
    are taken as they are, where Hydra's grammar breaks on `=`, brackets, quotes, and turns `1080` into a number. In
    paths a leading `~` is opened and `${oc.env:NAME}` filled in. `keyframes` are numbers that may change along a film:
    `0.5` or `{0: 1, 120: 0.5}`.
    """
    metadata: dict[str, Any] = {"help": help, "kind": kind, "choices": choices, "minimum": minimum, "maximum": maximum}
    metadata |= {"words": words, "several": several, "step": step, "step_help": step_help}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: default.copy(), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def section(kind: type, help: str, group: str = "") -> Any:
    """A nested dataclass of settings; with a `group`, YAML files of that group fill it."""
    return dataclasses.field(default_factory=kind, metadata={"help": help, "group": group})


def plugin(group: str, help: str, *, optional: bool = False) -> Any:
    """A field filled by a choice of a group: `finder=landmarks`; None when an optional one is not chosen."""
    return dataclasses.field(default=None if optional else MISSING, metadata={"help": help, "group": group})


def workspace(otherwise: str = USUAL_WORKSPACE) -> Any:
    """The field of the folder that everything lies in."""

    def default() -> str:
        return os.environ.get("FACESWAP_WORKSPACE") or otherwise

    metadata = {"help": "the folder that holds faces/, runs/ and out/ (or FACESWAP_WORKSPACE)", "kind": "path"}
    return dataclasses.field(default_factory=default, metadata=metadata)


def walk(schema: type, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field]]:
    """All fields of a schema with their dotted names, sections opened, plugins not."""
    for field in dataclasses.fields(schema):
        if field.name.startswith("_"):
            continue
        nested = section_type(field)
        if nested is None:
            yield prefix + field.name, field
        else:
            yield from walk(nested, f"{prefix}{field.name}.")


def section_type(field: dataclasses.Field) -> type | None:
    """The dataclass of a section field; None for other fields."""
    factory = field.default_factory
    return factory if isinstance(factory, type) and dataclasses.is_dataclass(factory) else None


def kinds(field: dataclasses.Field) -> set[str]:
    """The names of the types that a field may hold: "int", "None", "list", "Any", ..."""
    if isinstance(field.type, str):  # a name that only type checkers import
        return {"Any"}
    members = get_args(field.type) if get_origin(field.type) not in (list, dict, Literal) else ()
    origins = [get_origin(kind) or kind for kind in members or (field.type,)]
    names = ["str" if kind is Literal else getattr(kind, "__name__", str(kind)) for kind in origins]
    return {"None" if name == "NoneType" else name for name in names}


def default_of(field: dataclasses.Field) -> Any:
    """A field's default value."""
    if field.default is not dataclasses.MISSING:
        return field.default
    return field.default_factory() if callable(field.default_factory) else MISSING


def which_checkpoint() -> Any:
    """The field that says which weights of a run are meant."""
    help_text = "iteration of the checkpoint to use, or the best by validation (default: latest)"
    return option(None, help_text, minimum=0, words=("best", "latest"))


class DeclaredSettings:
    """Base of the dataclasses of settings: values are held to what is declared of them when one is made."""

    _section_: ClassVar[str] = ""  # what stands before the names in messages, as "loss"

    def __post_init__(self) -> None:
        check_declared(self, self._section_)


def check_declared(config: Any, prefix: str) -> None:
    """Raise ValueError for the first value of a settings object that is not of its declared range or choices.

    Args:
        config: A dataclass whose fields are declared by `option`.
        prefix: What stands before the names in messages, as "loss".
    """
    for field in dataclasses.fields(config):
        low, high, choices = (field.metadata.get(name) for name in ("minimum", "maximum", "choices"))
        value: Any = getattr(config, field.name)
        if choices and (unknown := [one for one in _each(value) if one not in choices]):
            raise ValueError(f"{prefix}.{field.name} must be one of {', '.join(choices)}, not {unknown[0]}")
        if field.metadata.get("kind") == "keyframes" and isinstance(value, str):
            Keyframes.read(
                f"{prefix}.{field.name}", value, *(float(field.metadata[bound]) for bound in ("maximum", "minimum"))
            )
        if isinstance(value, int | float) and not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = f"{low:g} or more" if high is None else f"in [{low:g}, {high:g}]"
            raise ValueError(f"{prefix}.{field.name} must be {bounds}, not {value}")


def _each(value: Any) -> list[Any]:
    """Return the values of a setting that takes one or several."""
    return list(value) if isinstance(value, list | tuple) else [value]
