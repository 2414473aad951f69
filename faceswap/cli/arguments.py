"""The command line, sorted: what Hydra reads, and what goes round its grammar because it is a name, a pair, a list."""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, field, fields
from pathlib import Path

from faceswap.config import schema
from faceswap.config.groups import group_choices
from faceswap.config.options import section_type
from faceswap.config.targets import trusted_packages
from faceswap.config.wording import nearest, quoted, shortened
from faceswap.utils.errors import UserError
from faceswap.utils.renamed_settings import new_name

_KEY = re.compile(r"^[A-Za-z_][\w.]*$")
_WHOLE = re.compile(r"^[-+]?\d+(?:\.\d*)?(?:[eE]\+?\d{1,2})?$")
_LIST = re.compile(r"^[\w.+-]+(?:,\s*[\w.+-]+)*,?$")  # plain words and numbers; all else is Hydra's to read


@dataclass
class Overrides:
    """Arguments by who reads them: `for_hydra` in its grammar, `verbatim` by dotted name as they are."""

    for_hydra: list[str] = field(default_factory=list)
    verbatim: dict[str, str] = field(default_factory=dict)
    pair: str | None = None  # of pair=NAME
    trust: list[str] = field(default_factory=list)


def sort_arguments(command: str, arguments: list[str], extra_folder: Path | None) -> Overrides:
    """Return the arguments of a command, sorted. Raises UserError for one that is no setting of it."""
    names, opened = schema.verbatim_names(command), schema.open_name(command)
    plugins = {f.name: f for f in fields(schema.COMMANDS[command]) if schema.choices(f.metadata.get("group", ""))}
    elsewhere = any(argument.startswith("hydra.searchpath") for argument in arguments)
    found = Overrides()
    for argument in arguments:
        key, equals, value = argument.partition("=")
        bare = key.lstrip("+~")
        if not equals or not _KEY.match(bare.replace("/", "_").split("@")[0]) or (bare != key and bare not in names):
            said = f"cannot read '{shortened(argument)}': "
            if argument.startswith("#"):  # typed zsh hands a comment on, word by word
                raise UserError(said + "leave out the comment, or tell zsh of comments: setopt interactive_comments")
            raise UserError(f"{said}settings are written key=value, for instance {schema.EXAMPLES[command]}")
        if bare == "trust":
            found.trust += trusted_packages(value)
        elif bare == "pair" and "pair" in schema.names_in(command, ""):
            found.pair = value
        elif bare == "pair.name" and "run" in names:  # the run's name, as run= says it
            found.verbatim["run"] = value
        elif bare in names:
            found.verbatim[bare] = value
        elif bare in plugins:
            found.for_hydra.append(f"{bare}={_choice(plugins[bare], bare, value, elsewhere or extra_folder)}")
        elif opened and _is_new(command, bare):
            found.verbatim[f"{opened}.{bare}"] = value
        else:
            _check_known(command, bare)
            found.for_hydra.append(f"{key}={_as_hydra(command, bare, value)}")
    return found


def _as_hydra(command: str, key: str, value: str) -> str:
    """A value in Hydra's grammar: `3,5` where a list is wanted is [3,5], and 1e3 where a whole number is, 1000."""
    found = schema.settings_of(command).get(key, [])
    if any(f.metadata.get("several") for f in found) or "list" in schema.kinds_of(command, key):
        texts = any(f.metadata.get("several") is str for f in found)
        if _LIST.match(value) and value not in ("null", "true", "false"):
            words = [word.strip() for word in value.split(",") if word.strip()]
            return f"[{','.join(map(quoted, words) if texts else words)}]"
        return value
    kinds = schema.kinds_of(command, key)
    if "int" in kinds and "float" not in kinds and _WHOLE.match(value) and float(value).is_integer():
        return str(int(value)) if value.lstrip("+-").isdecimal() else str(int(float(value)))
    return value


def _choice(plugin: Field, key: str, value: str, folder: Path | bool | None) -> str:
    """A choice of a group in Hydra's grammar. Raises UserError for one there is not, where that can be told."""
    group = plugin.metadata["group"]
    value = value[1:-1] if len(value) > 2 and value[0] in "'\"" and value[0] == value[-1] else value
    known = sorted({*schema.choices(group), *group_choices(group, folder if isinstance(folder, Path) else None)})
    if value in known:
        return quoted(value)
    if folder is True or re.search(r"[,(]", value) or (value == "null" and plugin.default is None):
        return value  # of a folder that only Hydra knows; of several, which are told of where they are not taken
    raise UserError(f"{key}={shortened(value)} is not known{nearest(value, known)}; choose from: {', '.join(known)}")


def _is_new(command: str, key: str) -> bool:
    """Whether a plain word names no setting of the command: one that takes names of the user's own gets it."""
    return key.isidentifier() and key not in schema.names_in(command, "")


def _check_known(command: str, key: str) -> None:
    """Raises UserError for a key whose first part is no setting of the command, and for names that settings had."""
    if (now := new_name(command, key)) and key not in schema.settings_of(command):
        raise UserError(f"{command} has no setting '{key}' (did you mean '{now}'? It is called so now)")
    known = schema.names_in(command, "")
    first = key.split(".")[0].split("/")[0]
    if first in known or first == "hydra":
        _check_deeper(command, key, first)
        return
    raise UserError(f"{command} has no setting '{first}'{nearest(first, known)}; --help lists all settings")


def _check_deeper(command: str, key: str, first: str) -> None:
    """Raises UserError for a name below a setting that holds none; what a plugin holds its choice tells."""
    below = key.removeprefix(first).lstrip(".")
    if below and first != "hydra":
        owner = next(f for f in fields(schema.COMMANDS[command]) if f.name == first)
        if not owner.metadata.get("group") and section_type(owner) is None and not owner.metadata.get("open"):
            raise UserError(f"{first} is one value and has no '{shortened(below)}'; --help lists all settings")
