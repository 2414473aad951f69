"""What a user would type to get the settings of a request again."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.composing.stored import grammar
from faceswap.config import schema
from faceswap.config.build import is_users, settings_of
from faceswap.config.groups import GROUPS

_NO_TEXTS = ("null", "true", "false", "nan", "inf")  # in Hydra's grammar


def typed_again(command: str, request: Any, left_out: Collection[str] = ()) -> list[str]:
    """Return the arguments that make a request: what differs from the usual.

    Args:
        command: Whose request it is.
        request: As composed.
        left_out: Settings that are not wanted.
    """
    choices = [f"{name}={choice}" for name, choice in _choices(request) if name not in left_out]
    named = getattr(request, "pair", None)  # a command need not take one
    pair = [f"pair={named.name}"] if named and named.name else []
    usually_chosen = {f"{name}={choice}" for name, choice in _choices(compose_config(command, []))}
    found = pair + [choice for choice in choices if choice not in usually_chosen]
    usual = dict(_values(compose_config(command, [*pair, *choices])))
    verbatim = schema.names_of_kind(command) | schema.names_of_kind(command, "keyframes")
    for name, value in _values(request):
        if name.split(".")[0] not in left_out and value != usual.get(name):
            found.append(f"{name}={value if name in verbatim or _is_word(value) else grammar(value)}")
    return found


def command_line(command: str, arguments: Sequence[str]) -> str:
    """Return what is typed in a shell."""
    return shlex.join(["python", "-m", f"faceswap.{command}", *arguments])


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalpha() and value not in _NO_TEXTS


def _choices(request: Any) -> Iterator[tuple[str, str]]:
    """Yield the names of plugins and what is chosen; of the user's own classes nothing."""
    for field in dataclasses.fields(request):
        value, group = getattr(request, field.name), field.metadata.get("group", "")
        for choice, kind in GROUPS.get(group, {}).items():
            if type(value) is kind:
                yield field.name, choice


def _values(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings_of(settings).items():
        if not dataclasses.is_dataclass(value):
            yield prefix + name, value
        elif not is_users(value):
            yield from _values(value, f"{prefix}{name}.")
