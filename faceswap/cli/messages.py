"""What errors of Hydra and OmegaConf mean to the user, in one line."""

from __future__ import annotations

import re
from pathlib import Path

from faceswap.config import schema
from faceswap.config.groups import group_choices
from faceswap.config.wording import nearest, shortened


def one_line(command: str, error: Exception, extra_folder: Path | None) -> str:
    """What a Hydra or OmegaConf error means: which setting, what came, what is accepted."""
    text = str(error)
    if found := re.search(r"(?:Could not find|In '.*?': Could not find) '([\w@ .-]+)/([^'\n]+)'", text):
        group, choice = found.groups()
        known = sorted({*schema.choices(group), *group_choices(group, extra_folder)})
        return f"{group}={choice} is not known{nearest(choice, known)}; choose from: {', '.join(known)}"
    if found := re.search(r"Could not override '([^']+)'", text):
        owner, _, name = found[1].rpartition(".")
        hint = nearest(name, schema.names_in(command, owner))
        return f"{owner or command} has no setting '{name}' as chosen{hint}; --help lists all settings"
    if found := re.match(r"Ambiguous value for argument '([^']+)'", text):
        several = ", or --multirun to try all of them" if command == "train" else ""
        return f"{found[1]}: one value is wanted; a text with commas is written key=\"'a,b'\"{several}"
    if found := re.match(r"Error merging override (.*)", text):
        return f"{shortened(found[1])}: {_wanted(command, found[1], error)}; --help tells what it takes"
    if found := re.search(r"Key '([^'\n]+)' (?:is )?not in '(\w+)'", text):
        owner = _full_key(text).rpartition(".")[0]
        hint = nearest(found[1], schema.names_in(command, owner))
        return f"{owner or command} has no setting '{found[1]}' (in a file of yours){hint}; --help lists all settings"
    if full := _full_key(text):
        return f"{full}: {_plain(text)}; --help tells what it takes"
    return _plain(text)


def _wanted(command: str, override: str, error: Exception) -> str:
    """What the setting of an override takes, in words."""
    key = override.partition("=")[0]
    kinds = schema.kinds_of(command, key)
    if inner := schema.names_in(command, key):
        return f"it holds settings of its own, set as {key}.{inner[0]}=..."
    if kinds == {"str"}:
        return "one text is wanted"
    words = {"int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list, as [0,2] or 0,2"}
    named = [word for kind, word in words.items() if kind in kinds]
    if named:
        return f"{' or '.join(named)} is wanted"
    return _plain(str(error.__cause__ or error)).replace("of type 'str' ", "")


def _full_key(text: str) -> str:
    found = re.search(r"full_key: ([\w.\[\]-]+)", text)
    return found[1] if found else ""


def _plain(text: str) -> str:
    return shortened(text.strip().splitlines()[0] if text.strip() else "cannot be read")
