"""From the command line to checked settings: Hydra composes, errors come back as one line."""

from __future__ import annotations

import dataclasses
import os
import threading
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faceswap.cli.composing.arguments import Overrides, sort_arguments
from faceswap.cli.composing.messages import one_line_errors
from faceswap.cli.composing.pair_files import find_pair_file, read_pair
from faceswap.config import schema, targets
from faceswap.config.checks import check_values, open_home
from faceswap.config.groups import config_folder
from faceswap.config.nodes import frozen
from faceswap.utils.errors import UserError, reason_of

_TURN = threading.RLock()  # Hydra has one application a process: threads of a server compose one after the other


def compose_config(command: str, arguments: list[str], extra_folder: Path | None = None) -> Any:
    """Return the request of a command (an instance of its schema class), as the command line makes it.

    Args:
        arguments: `key=value` overrides.
        extra_folder: YAML files of the user's own, which come before the shipped ones.

    Raises:
        UserError: one line.
    """
    said = read_arguments(command, arguments, extra_folder)
    return compose_overrides(command, said, extra_folder)


def read_arguments(command: str, arguments: list[str], extra_folder: Path | None, *, sweeps: bool = False) -> Overrides:
    """Return the arguments, those of settings=FILE before them, as Hydra reads them. See `sort_arguments`."""
    return sort_arguments(command, with_stored(command, arguments), extra_folder, sweeps=sweeps)


def compose_overrides(
    command: str, said: Overrides, extra_folder: Path | None = None, *, name: str = "", one: list[str] | None = None
) -> Any:
    """Return the request that arguments make.

    Args:
        name: the main config, where it is not the command's.
        one: overrides of one job of a sweep, in place of all of `said`.
    """
    from hydra import compose, initialize_config_dir

    with _TURN, prepared(command, extra_folder, name):
        with _beside_a_running_one(), initialize_config_dir(str(config_folder()), version_base="1.3"):
            composed = compose(name or command, overrides=said.for_hydra if one is None else one)
        return checked(command, composed, said, extra_folder)


@contextmanager
def _beside_a_running_one() -> Iterator[None]:
    """Within the block no application of Hydra's runs: a command that calls others, as the demo does, is one."""
    from hydra.core.global_hydra import GlobalHydra

    running = GlobalHydra.instance().hydra
    GlobalHydra.instance().hydra = None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = running


@contextmanager
def prepared(command: str, extra_folder: Path | None, config_name: str = "") -> Iterator[None]:
    """Within the block Hydra knows the schema and the user's folder, and its errors are one line."""
    from faceswap.cli.composing.user_folder import folder_first

    # A main config of the user's own may build on any command, which is told where it is another one's.
    for one in schema.COMMANDS if config_name not in ("", command) else (command,):
        schema.register(one)
    with folder_first(extra_folder, config_name), warnings.catch_warnings(), one_line_errors(command, extra_folder):
        warnings.filterwarnings("ignore", "(?s).*automatic_schema_matching")  # of a user's file named like a plugin
        yield


def checked(command: str, composed: Any, said: Overrides, extra_folder: Path | None) -> Any:
    """Return what Hydra composed as the command's request, every value checked. Raises UserError."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from faceswap.cli.composing.user_folder import check_no_resolvers

    check_no_resolvers(OmegaConf.to_container(composed, resolve=False), "settings")
    try:
        node: Any = OmegaConf.to_object(composed)
    except OmegaConfBaseException:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"cannot read the settings: {reason_of(error)}") from error
    if getattr(type(node), "declared", None) is not schema.COMMANDS[command]:
        raise UserError(
            f"the file of --config-name holds no settings of {command}: begin it with 'defaults: [{command}, _self_]'"
        )
    for field in dataclasses.fields(node):  # of a user's own class, which no schema knows
        value = getattr(node, field.name)
        if field.metadata.get("group") and isinstance(value, dict) and value:
            setattr(node, field.name, targets.node_from(value))
    if hasattr(node, "pair"):
        _fill_pair(node, said.names, extra_folder)
    for name in schema.names_of_kind(command, "path"):
        open_home(node, name)
    check_values(node)
    targets.check_targets(node, said.trust)
    if "scorer" not in said.names:
        targets.check_function(getattr(node, "scorer", ""), said.trust)
    return frozen(node)


def with_stored(command: str, arguments: list[str]) -> list[str]:
    """Return the arguments with those of a config.yaml given back by settings= before them. Raises UserError."""
    files = [argument.partition("=")[2] for argument in arguments if argument.startswith("settings=")]
    if not files:
        return arguments
    from faceswap.cli.composing.stored import stored_arguments

    rest = [argument for argument in arguments if not argument.startswith("settings=")]
    said = {argument.partition("=")[0] for argument in rest}
    return [*stored_arguments(command, Path(os.path.expanduser(files[-1])), said), *rest]


def _fill_pair(node: Any, said: Collection[str], extra_folder: Path | None) -> None:
    """What the pair's file says, where it has one and the command line says nothing else.

    Without a file the name stays and may be two face sets A_B.
    """
    if "pair" not in said:
        return
    path = find_pair_file(node.pair.name, extra_folder)
    if path is None:
        return
    stored = read_pair(path)
    pair = node.pair
    for name in ("a", "b"):
        setattr(pair, name, getattr(pair, name) if f"pair.{name}" in said else getattr(stored, name))
    for name in vars(pair.consent):
        if f"pair.consent.{name}" not in said:
            setattr(pair.consent, name, getattr(stored.consent, name))
    if stored.name and hasattr(node, "run") and "run" not in said:
        node.run = stored.name
