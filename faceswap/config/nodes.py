"""What Hydra fills: for each frozen dataclass of settings one of the same fields that is open to change, and back."""

import dataclasses
import functools
import operator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from faceswap.utils.errors import UserError
from faceswap.utils.settings.options import section_type


@functools.cache
def node_of(config: type) -> type[Any]:
    """Return the open counterpart of a dataclass of settings; `_target_`, where it has one, is a field of it.

    Its fields keep their defaults, types and helps; those that YAML chooses a class for hold anything.
    """
    target = getattr(config, "_target_", None)
    fields: list[tuple[str, Any, Any]] = [("_target_", str, dataclasses.field(default=target))] if target else []
    for field in dataclasses.fields(config):
        section = section_type(field)
        kind: Any = node_of(section) if section else field.type
        if isinstance(kind, str):  # a name that only type checkers import
            kind = Any
        elif section is None:
            kind = _plain(kind)
        factory = kind if section else field.default_factory
        given = {"default": field.default} if factory is dataclasses.MISSING else {"default_factory": factory}
        fields.append((field.name, kind, dataclasses.field(metadata=field.metadata, **given)))
    node = dataclasses.make_dataclass(config.__name__, fields, namespace={"declared": config})
    node.__doc__, node.__module__ = config.__doc__, __name__
    return node


def _plain(kind: Any) -> Any:
    """Return a type with texts for literals, which OmegaConf does not know; checks.py holds values to the choices."""
    if get_origin(kind) is Literal:
        return str
    if get_origin(kind) in (Union, UnionType):
        return functools.reduce(operator.or_, map(_plain, get_args(kind)))
    return kind


def frozen(node: Any) -> Any:
    """Return checked settings as the frozen dataclass that declares them; those of a user's class as they are.

    Raises:
        UserError: The class refuses the values together.
    """
    declared = getattr(type(node), "declared", None)
    if declared is None or getattr(node, "_target_", None) != getattr(declared, "_target_", None):
        return node
    values = {field.name: getattr(node, field.name) for field in dataclasses.fields(declared)}
    values = {name: frozen(value) if dataclasses.is_dataclass(value) else value for name, value in values.items()}
    try:
        return declared(**values)
    except ValueError as error:
        raise UserError(str(error)) from error
