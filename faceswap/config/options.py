"""How a setting is declared: default, help, kind. Read by help and by composition."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

MISSING = "???"  # OmegaConf's mark of a mandatory value; written here so that help needs no OmegaConf


def option(
    default: Any,
    help: str,
    *,
    kind: Literal["", "path", "name", "text"] = "",
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
    paths a leading `~` is opened and `${oc.env:NAME}` filled in.
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


def workspace(otherwise: str = "workspace") -> Any:
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
    members = get_args(field.type) if get_origin(field.type) not in (list, dict) else ()
    names = {getattr(get_origin(kind) or kind, "__name__", str(kind)) for kind in members or (field.type,)}
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
