"""The arguments of a command as Hydra reads them: names in quotes, lists in brackets, the user's slips told."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import Field, dataclass, field, fields
from pathlib import Path

from faceswap.cli.composing.flags import FLAGS
from faceswap.config import schema
from faceswap.config.groups import group_choices
from faceswap.config.targets import trusted_packages
from faceswap.config.wording import nearest, quoted, shortened
from faceswap.utils.errors import UserError
from faceswap.utils.settings.options import section_type
from faceswap.utils.settings.renamed import new_name

MOST_VALUES = 201  # of one setting in a sweep: one more than all combinations may be
_ENVIRONMENT = re.compile(r"\$\{oc\.env:(\w+)(?:,([^{}]*))?\}")
_KEY = re.compile(r"^[A-Za-z_][\w.]*$")
_WHOLE = re.compile(r"^[-+]?\d+(?:\.\d*)?(?:[eE]\+?\d{1,2})?$")
_NUMBER = re.compile(r"^[-+]?[\d.]")
_TOO_LARGE = re.compile(r"\d{309}")  # for a float, which OmegaConf makes of it
_LIST = re.compile(r"^[\w.+-]+(?:,\s*[\w.+-]+)*,?$")  # plain words and numbers; all else is Hydra's to read


@dataclass
class Overrides:
    """Arguments of a command in Hydra's grammar, what they set, and the packages that they trust."""

    for_hydra: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    trust: list[str] = field(default_factory=list)

    def add(self, name: str, override: str) -> None:
        self.names.add(name)
        self.for_hydra.append(override)


def sort_arguments(command: str, arguments: list[str], extra_folder: Path | None, *, sweeps: bool = False) -> Overrides:
    """Return the arguments of a command as Hydra reads them: names of files, pairs and face sets in quotes.

    Args:
        extra_folder: YAML files of the user's own.
        sweeps: whether `pair=a_b,c_d` are two values (--multirun) or a name.

    Raises:
        UserError: an argument is no setting of the command, or cannot be read.
    """
    names, opened = schema.names_of_kind(command), schema.open_name(command)
    along = schema.names_of_kind(command, "keyframes")
    plugins = {f.name: f for f in fields(schema.COMMANDS[command]) if schema.choices(f.metadata.get("group", ""))}
    found = Overrides()
    for argument in arguments:
        key, equals, value = argument.partition("=")
        bare = key.lstrip("+~")
        _check_form(command, argument, bare, bool(equals) or key.startswith("~"))
        if bare == "trust":
            found.trust += trusted_packages(value)
        elif bare == "pair" and "pair" in schema.names_in(command, ""):
            found.add("pair", f"pair.name={_quoted(value, sweeps)}")
        elif bare == "pair.name" and "run" in names:  # the run's name, as run= says it
            found.add("run", f"run={_quoted(value, sweeps)}")
        elif bare in names:
            if bare in schema.names_of_kind(command, "path"):
                value = _with_environment(bare, value)
            is_text = bare not in schema.names_of_kind(command, "path", "name")
            found.add(bare, f"{key}={_quoted(value, sweeps and not is_text)}")
        elif bare in along and value.lstrip().startswith("{"):
            found.add(bare, f"{key}={quoted(value)}")
        elif bare in plugins and equals and bare == key:
            found.add(bare, f"{bare}={_choice(plugins[bare], bare, value, extra_folder)}")
        elif opened and _is_new(command, bare):
            found.add(f"{opened}.{bare}", f"++{opened}.{bare}={quoted(value)}")
        else:
            _check_known(command, bare)
            found.add(bare, f"{key}={_as_hydra(command, bare, value)}" if equals else key)
    for override in found.for_hydra:
        _check_readable(override, sweeps)
    return found


def sweep_values(override: str) -> list[str]:
    """Return the overrides that one with several values (`a=1,2`, `range(1,4)`) stands for; else itself alone."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_override(override)
    if not parsed.is_sweep_override():
        return [override]
    key = override.partition("=")[0]
    return [f"{key}={value}" for value in itertools.islice(parsed.sweep_string_iterator(), MOST_VALUES)]


def _check_form(command: str, argument: str, bare: str, has_value: bool) -> None:
    """Raise UserError for an argument that is no key=value."""
    if has_value and _KEY.match(bare.replace("/", "_").split("@")[0]):
        return
    said = f"cannot read '{shortened(argument)}': "
    if argument.startswith("#"):  # typed zsh hands a comment on, word by word
        raise UserError(said + "leave out the comment, or tell zsh of comments: setopt interactive_comments")
    if argument.startswith("-"):
        raise UserError(f"there is no flag {shortened(argument)}{nearest(argument, list(FLAGS))}; --help lists all")
    raise UserError(f"{said}settings are written key=value, for instance {schema.EXAMPLES[command]}")


def _check_readable(override: str, sweeps: bool) -> None:
    """Raise UserError, in our words, for what is not of Hydra's grammar, has no end or too many values."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, _, value = override.partition("=")
    try:
        parsed = OverridesParser.create().parse_override(override)
    except (HydraException, ValueError, RecursionError) as error:
        raise UserError(
            f"cannot read '{shortened(override)}': a text with special characters is put in quotes, key=\"'...'\""
        ) from error
    if not parsed.is_sweep_override():
        return
    if not parsed.is_discrete_sweep():
        ends = ",".join(re.findall(r"[\d.eE+-]+", value)[:2]) or "1,2"
        raise UserError(f"{shortened(override)} has no end of values; write some out: --multirun {key}={ends}")
    if not sweeps:
        raise UserError(
            f"{shortened(override)}: one value is wanted; a text with commas is written key=\"'a,b'\", and --multirun "
            "runs all of them"
        )


def _quoted(value: str, sweeps: bool) -> str:
    """A name or path as one text in Hydra's grammar, whatever characters it has; several where a sweep is asked for."""
    if not sweeps or "," not in value or value[0] == "[" or os.path.lexists(value):
        return quoted(value)
    if value[0] in "\"'" and value[-1] == value[0]:
        return quoted(value[1:-1])
    return ",".join(quoted(one) for one in value.split(",") if one)


def _with_environment(key: str, path: str) -> str:
    """A path with ${oc.env:NAME} or ${oc.env:NAME,default} filled in: on the command line the user's own are meant."""

    def value(found: re.Match[str]) -> str:
        known = os.environ.get(found[1], found[2])
        if known is None:
            raise UserError(f"{key}={shortened(path)}: the environment has no variable {found[1]}")
        return known

    return _ENVIRONMENT.sub(value, path)


def _as_hydra(command: str, key: str, value: str) -> str:
    """A value in Hydra's grammar: `3,5` where a list is wanted is [3,5], and 1e3 where a whole number is, 1000."""
    if _TOO_LARGE.search(value):
        raise UserError(f"{key}={shortened(value)}: a number has at most 308 digits")
    found = schema.settings_of(command).get(key, [])
    if any(f.metadata.get("several") for f in found) or "list" in schema.kinds_of(command, key):
        texts = any(f.metadata.get("several") is str for f in found)
        if _LIST.match(value) and value not in ("null", "true", "false"):
            words = [word.strip() for word in value.split(",") if word.strip()]
            return f"[{','.join(map(quoted, words) if texts else words)}]"
        return value
    kinds = schema.kinds_of(command, key)
    if kinds == {"bool"} and _NUMBER.match(value) and value not in ("0", "1"):  # OmegaConf takes each for true
        raise UserError(f"{key}={shortened(value)}: true or false is wanted")
    if "int" in kinds and "float" not in kinds and _WHOLE.match(value) and float(value).is_integer():
        return str(int(value)) if value.lstrip("+-").isdecimal() else str(int(float(value)))
    return value


def _choice(plugin: Field, key: str, value: str, folder: Path | None) -> str:
    """A choice of a group in Hydra's grammar. Raises UserError for one there is not, where that can be told."""
    group = plugin.metadata["group"]
    value = value[1:-1] if len(value) > 2 and value[0] in "'\"" and value[0] == value[-1] else value
    known = group_choices(group, folder)
    if value in known:
        return quoted(value)
    if re.search(r"[,(]", value) or (value == "null" and plugin.default is None):
        return value  # several, which are told of where they are not taken
    raise UserError(f"{key}={shortened(value)} is not known{nearest(value, known)}; choose from: {', '.join(known)}")


def _is_new(command: str, key: str) -> bool:
    """Whether a plain word names no setting of the command: one that takes names of the user's own gets it."""
    return key.isidentifier() and key not in schema.names_in(command, "")


def _check_known(command: str, key: str) -> None:
    """Raise UserError for a key whose first part is no setting of the command, and for names that settings had."""
    if (now := new_name(command, key)) and key not in schema.settings_of(command):
        raise UserError(f"{command} has no setting '{key}' (did you mean '{now}'? It is called so now)")
    if key.startswith("hydra.searchpath"):  # whose files would lie behind the shipped ones, and hold no pairs
        raise UserError("hydra.searchpath is not taken: --config-dir DIR puts a folder before the shipped settings")
    known = schema.names_in(command, "")
    first = key.split(".")[0].split("/")[0]
    if first in known or first in ("hydra", "experiment"):
        _check_deeper(command, key, first)
        return
    raise UserError(f"{command} has no setting '{first}'{nearest(first, known)}; --help lists all settings")


def _check_deeper(command: str, key: str, first: str) -> None:
    """Raises UserError for a name below a setting that holds none; what a plugin holds its choice tells."""
    below = key.removeprefix(first).lstrip(".")
    if below and first in schema.names_in(command, ""):
        owner = next(f for f in fields(schema.COMMANDS[command]) if f.name == first)
        if not owner.metadata.get("group") and section_type(owner) is None and not owner.metadata.get("open"):
            raise UserError(f"{first} is one value and has no '{shortened(below)}'; --help lists all settings")
