"""A run's config.yaml given back by settings=: the same settings again. It is data and may be a stranger's."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from faceswap.cli.composing.user_folder import check_no_resolvers
from faceswap.config import schema
from faceswap.config.groups import GROUPS
from faceswap.config.wording import quoted
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG
from faceswap.utils.settings.renamed import leaves, with_new_names
from faceswap.utils.untrusted.yaml_files import read_yaml

# Where it lay and what was to become of an earlier one is for the new command to say.
_LEFT_OUT = ("workspace", "restart", "allow_changes", "out", "pair", "run")

log = logging.getLogger(__name__)


def stored_arguments(command: str, path: Path, said: Collection[str]) -> list[str]:
    """Return a stored config.yaml (or that of a run's folder) as arguments of a command.

    Settings of a plugin go by the class that is declared for it, never by importing what `_target_` says. Names in
    `said` and their plugins are left to the command line.

    Raises:
        UserError: it cannot be read, is no config of this command, or names a class that is none of ours.
    """
    path = path / RUN_CONFIG if path.is_dir() else path
    values, texts = read_yaml(path), read_yaml(path, texts=True)
    check_no_resolvers(values, str(path))
    known = schema.names_in(command, "")
    if not isinstance(values, dict) or not set(values) & set(known) or "_target_" in values:
        raise UserError(f"settings={path}: no config.yaml of {command}")
    values, texts = with_new_names(command, values), with_new_names(command, texts)
    found = [] if {"pair", "pair.a", "pair.b"} & set(said) else list(_pair(command, texts, path))
    if "run" in said or "pair.name" in said:
        found = [argument for argument in found if not argument.startswith("run=")]
    plugins = {f: g for f in known if (g := schema.group_of(command, f)) in GROUPS and g != "pair"}
    for name, group in plugins.items():
        node = values.get(name)
        if name not in said and isinstance(node, dict):
            found.append(f"{name}={_choice(group, node.pop('_target_', ''), path)}")
            if not node:  # a class without settings, as init=scratch
                del values[name]
    verbatim, unknown = schema.names_of_kind(command) | schema.names_of_kind(command, "keyframes"), []
    plain = dict(leaves(texts))
    for name, value in leaves(values):
        first = name.split(".")[0]
        if first in _LEFT_OUT or name in said or (first in plugins and first in said) or name.endswith("_target_"):
            continue
        if name not in schema.settings_of(command):
            unknown.append(name)
        elif name in verbatim:
            found += [] if value is None else [f"{name}={plain[name]}"]
        else:
            found.append(f"{name}={grammar(value)}")
    if unknown:
        log.warning("settings=%s: of another version, left out: %s", path, ", ".join(unknown)[:200])
    return found


def _pair(command: str, texts: Any, path: Path) -> Iterator[str]:
    from faceswap.cli.composing.pair_files import pair_of

    if "pair" not in schema.names_in(command, "") or not isinstance(texts.get("pair"), dict):
        return
    pair = pair_of(texts["pair"], str(path))
    name = texts.get("run") or pair.name
    yield from (f"pair.{side}={getattr(pair, side)}" for side in ("a", "b"))
    yield from (f"pair.consent.{key}={value}" for key, value in vars(pair.consent).items() if value)
    if isinstance(name, str) and name:
        yield f"run={name}"


def _choice(group: str, target: object, path: Path) -> str:
    """The choice whose declared class has that name; rooms may have changed their names since."""
    last = str(target).rpartition(".")[2]
    for choice, node in GROUPS[group].items():
        own = getattr(node, "_target_", "")
        if (own.rpartition(".")[2] == last and str(target).startswith("faceswap.")) or own == target:
            return choice
    raise UserError(f"settings={path}: _target_={str(target)[:80]} is no class of the group {group}; say {group}=")


def grammar(value: Any) -> str:
    """A plain value as Hydra's command line takes it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{','.join(map(grammar, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{grammar(one)}' for key, one in value.items())}}}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
