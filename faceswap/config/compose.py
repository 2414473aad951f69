"""From the command line to checked settings: Hydra composes, errors come back as one line."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import os
import re
from pathlib import Path
from typing import Any

from faceswap.config import schema
from faceswap.config.options import MISSING, walk
from faceswap.config.paths import config_folder, group_choices
from faceswap.utils.errors import UserError

_KEY = re.compile(r"^[A-Za-z_][\w.]*$")


def compose_config(command: str, arguments: list[str], extra_folder: Path | None = None) -> Any:
    """The settings object of a command (an instance of its schema class).

    `arguments` are `key=value` overrides; `extra_folder` holds YAML files of the user's own. Raises UserError.
    """
    overrides, verbatim = _split(command, arguments, extra_folder)
    config = _compose(command, overrides, extra_folder)
    for key, value in verbatim.items():
        _set(config, key, value)
    for name in schema.PATHS:
        _open_home(config, name)
    check_values(config)
    return config


def build(node: Any, **more: Any) -> Any:
    """The object that a plugin node describes: its `_target_` called with the node's fields and `more`."""
    module, _, name = node._target_.rpartition(".")
    target = getattr(importlib.import_module(module), name)
    try:
        return target(**settings_of(node), **more)
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


def _split(command: str, arguments: list[str], extra_folder: Path | None) -> tuple[list[str], dict[str, str]]:
    """Hydra's overrides, and the file and face-set names that must not go through its grammar."""
    names = schema.verbatim_names(command)
    opened = schema.open_name(command)
    overrides: list[str] = []
    verbatim: dict[str, str] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        bare = key.lstrip("+~")
        if not equals or not _KEY.match(bare.replace("/", "_").split("@")[0]):
            raise UserError(
                f"cannot read '{argument}': settings are written key=value, for instance {schema.EXAMPLES[command]}"
            )
        if bare == "pair":
            # The name stays known to the run; without a file of that name it may still be two face sets A_B.
            verbatim["pair.name"] = value
            if value in group_choices("pair", extra_folder):
                overrides.append(f"pair={_quoted(value)}")
        elif bare in names:
            verbatim[bare] = value
        elif opened and _is_new(command, bare):
            verbatim[f"{opened}.{bare}"] = value
        else:
            _check_known(command, bare)
            overrides.append(argument)
    return overrides, verbatim


def _is_new(command: str, key: str) -> bool:
    """Whether a plain word names no setting of the command: one that takes names of the user's own gets it."""
    return key.isidentifier() and key not in {field.name for field in dataclasses.fields(schema.COMMANDS[command])}


def _check_known(command: str, key: str) -> None:
    """Raises UserError for a key whose first part is no setting of the command."""
    known = [field.name for field in dataclasses.fields(schema.COMMANDS[command])]
    first = key.split(".")[0].split("/")[0]
    if first in known or first == "hydra":
        return
    raise UserError(f"{command} has no setting '{first}'{_nearest(first, known)}; --help lists all settings")


def _compose(command: str, overrides: list[str], extra_folder: Path | None) -> Any:
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    schema.register()
    search = [f"hydra.searchpath=[{_quoted(f'file://{extra_folder.resolve()}')}]"] if extra_folder else []
    try:
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            composed = compose(command, overrides=[*search, *overrides])
        return OmegaConf.to_object(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_one_line(command, error, extra_folder)) from error


def _one_line(command: str, error: Exception, extra_folder: Path | None) -> str:
    """What a Hydra or OmegaConf error means to the user."""
    text = str(error)
    if found := re.search(r"(?:Could not find|In '.*?': Could not find) '([\w@ .-]+)/([^'\n]+)'", text):
        group, choice = found.groups()
        choices = sorted({*schema.choices(group), *group_choices(group, extra_folder)})
        return f"{group}={choice} is not known{_nearest(choice, choices)}; choose from: {', '.join(choices)}"
    if found := re.search(r"Could not override '([^']+)'", text):
        owner, _, name = found[1].rpartition(".")
        return f"{owner or command} has no setting '{name}' as chosen; --help lists all settings"
    if found := re.match(r"Ambiguous value for argument '([^']+)'", text):
        several = ", or --multirun to try all of them" if command == "train" else ""
        return f"{found[1]}: one value is wanted; a list is written [1,2], a text with commas key=\"'a,b'\"{several}"
    if found := re.match(r"Error merging override (.*)", text):
        wanted = str(error.__cause__ or "cannot be read").splitlines()[0].replace("of type 'str' ", "")
        if "ListConfig" in wanted:
            wanted = "a list is wanted, for instance [0,2]"
        return f"{found[1]}: {wanted}; --help tells what it takes"
    if "at input" in text or "mismatched input" in text or "extraneous" in text:
        hint = "put texts with special characters in quotes: \"key='...'\""
        return f"cannot read the settings ({text.splitlines()[0]}); {hint}"
    return " ".join(text.splitlines()[0].split())


def check_values(config: Any, prefix: str = "") -> None:
    """Raises UserError for a value outside of its field's choices or below its minimum, in plugins and sections too."""
    for field in dataclasses.fields(config):
        name, value = prefix + field.name, getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            check_values(value, f"{name}.")
            continue
        choices, minimum = field.metadata.get("choices"), field.metadata.get("minimum")
        if choices and value not in choices:
            raise UserError(
                f"{name}={value} is not known{_nearest(str(value), list(choices))}; choose from: {', '.join(choices)} "
                f"({field.metadata['help']})"
            )
        if minimum is not None and isinstance(value, int | float) and not value >= minimum:
            raise UserError(f"{name}={value} is too small: {minimum} or more ({field.metadata['help']})")
        words = field.metadata.get("words")
        if words and isinstance(value, str) and value.isdecimal():  # a checkpoint's folder, 00012000, is no number yet
            value = int(value)
            setattr(config, field.name, value)
        elif words and isinstance(value, str) and value not in words:
            raise UserError(f"{name}={value}: a number, or {' or '.join(words)} ({field.metadata['help']})")
        maximum = field.metadata.get("maximum")
        if maximum is not None and isinstance(value, int | float) and not value <= maximum:
            raise UserError(f"{name}={value} is too large: {maximum} or less ({field.metadata['help']})")


def _set(config: Any, key: str, value: str) -> None:
    """Sets a dotted verbatim field; one that the chosen plugin does not have is a UserError."""
    *parents, name = key.split(".")
    owner = config
    for parent in parents:
        owner = getattr(owner, parent)
    if isinstance(owner, dict):
        owner[name] = value
        return
    known = [field.name for field in dataclasses.fields(owner) if field.name[0] != "_"]
    if name not in known:
        chosen = ".".join(parents)
        raise UserError(f"the chosen {chosen} has no setting '{name}' (it has: {', '.join(sorted(known)) or 'none'})")
    setattr(owner, name, value)


def _open_home(config: Any, name: str) -> None:
    """Writes the home folder for a leading `~` of a path setting, unless a file of that very name is there."""
    *parents, last = name.split(".")
    owner = config
    for parent in parents:
        owner = getattr(owner, parent, None)
    value = getattr(owner, last, None)
    if isinstance(value, str) and value.startswith("~") and not os.path.lexists(value):
        setattr(owner, last, os.path.expanduser(value))


def require(config: Any, *names: str) -> None:
    """Raises UserError when one of the named settings was left out."""
    for name in names:
        value: Any = config
        for part in name.split("."):
            value = getattr(value, part)
        if value in (None, "", MISSING):
            field = next(f for dotted, f in walk(type(config)) if dotted == name)
            raise UserError(f"{name}= is missing: {field.metadata['help']}")


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
