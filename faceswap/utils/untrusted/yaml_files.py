"""YAML as data: plain values of bounded size and depth; no tags, no aliases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from faceswap.utils.errors import UserError
from faceswap.utils.limits import YAML_BYTES, YAML_DEPTH, YAML_VALUES
from faceswap.utils.untrusted.text_files import read_text

_Fast: Any = getattr(yaml, "CParser", None)  # libyaml's, which most wheels of PyYAML bring


class _Texts(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Every scalar is the text that stands there; only null (~, null, nothing) is None."""


class _Values(_Texts):
    """Whole numbers, numbers, true and false as such; all else (dates, 007, 1_0, no, 1:2:3) is text."""


_Texts.yaml_implicit_resolvers = {}
_Texts.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Values.yaml_implicit_resolvers = {letter: list(found) for letter, found in _Texts.yaml_implicit_resolvers.items()}
_Values.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Values.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789")
)
_Values.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]{1,40}\.[0-9]{0,40}|\.[0-9]{1,40}|[0-9]{1,40}(?=[eE]))(?:[eE][-+]?[0-9]{1,4})?$"),
    list("-+.0123456789"),
)


def read_yaml(path: str | Path, texts: bool = False) -> Any:
    """Return what a YAML file holds; see `parse_yaml`. Raises UserError, one line that names the file."""
    return parse_yaml(read_text(path, YAML_BYTES), str(path), texts)


def parse_yaml(text: str, name: str, texts: bool = False) -> Any:
    """Return the value of a YAML text: dicts, lists, texts, numbers, booleans and None.

    Args:
        text: at most 256 KiB.
        name: stands in messages.
        texts: take every scalar but null as the text that stands there: `007`, `no`, `1e5` and dates are names.

    Raises:
        UserError: no YAML, or one with tags, aliases, a key twice, several documents, or too deep a nesting.
    """
    if len(text) > YAML_BYTES:
        raise UserError(f"{name} is larger than {YAML_BYTES >> 10} KiB: too large for settings")
    try:
        _check_events(text, name)
        return yaml.load(text, _Texts if texts else _Values)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" in line {mark.line + 1}" if mark else ""
        raise UserError(f"{name}: no YAML ({error.problem or error.context}{place})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{name}: no YAML that can be read ({type(error).__name__})") from error


def _check_events(text: str, name: str) -> None:
    """Refuse what plain settings never hold, before anything is built from it."""
    loader = _Fast(text) if _Fast else yaml.SafeLoader(text)
    depth, documents, count = 0, 0, 0
    keys: list[set[str] | None] = []  # of the mappings around, None for a list
    expects_key: list[bool] = []
    while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
        documents, count = documents + isinstance(event, yaml.DocumentStartEvent), count + 1
        if count > YAML_VALUES:
            raise UserError(f"{name}: more than {YAML_VALUES} values; settings have fewer")
        if documents > 1:
            raise UserError(f"{name}: several documents in one file; settings are one")
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"{name}: aliases (*{event.anchor}) are not taken; write the values out")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            if event.tag and event.tag != "!":
                raise UserError(f"{name}: the tag {event.tag[:60]} is not taken; settings are plain values")
            _note_key(event, keys, expects_key, name)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            keys.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            expects_key.append(isinstance(event, yaml.MappingStartEvent))
            if depth > YAML_DEPTH:
                raise UserError(f"{name}: nested deeper than {YAML_DEPTH} levels; settings are not")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            keys.pop()
            expects_key.pop()


def _note_key(event: yaml.Event, keys: list[set[str] | None], expects_key: list[bool], name: str) -> None:
    """Keep count of the keys of the mapping around an event: PyYAML silently takes the last of two alike."""
    if not keys or (known := keys[-1]) is None:
        return
    if expects_key[-1]:
        if not isinstance(event, yaml.ScalarEvent):
            raise UserError(f"{name}: a key must be a plain word")
        if event.value in known:
            raise UserError(f"{name}: '{event.value[:60]}' stands there twice")
        known.add(event.value)
    expects_key[-1] = not expects_key[-1]
