"""From the command line to checked settings: Hydra composes, errors come back as one line."""

from __future__ import annotations

import dataclasses
import os
import warnings
from pathlib import Path
from typing import Any

from faceswap.cli.arguments import Overrides, sort_arguments
from faceswap.cli.messages import one_line
from faceswap.cli.pair_files import find_pair_file, read_pair
from faceswap.config import schema, targets
from faceswap.config.checks import check_values, open_home
from faceswap.config.groups import config_folder
from faceswap.config.wording import shortened
from faceswap.utils.errors import UserError


def compose_config(command: str, arguments: list[str], extra_folder: Path | None = None) -> Any:
    """The settings object of a command (an instance of its schema class).

    `arguments` are `key=value` overrides; `extra_folder` holds YAML files of the user's own, which come before the
    shipped ones. Raises UserError.
    """
    said = sort_arguments(command, with_stored(command, arguments), extra_folder)
    config = _compose(command, said.for_hydra, extra_folder)
    if hasattr(config, "pair"):
        _set_pair(config, said, extra_folder)
    for key, value in said.verbatim.items():
        _set(config, key, value)
    for name in schema.PATHS:
        open_home(config, name)
    check_values(config)
    targets.check_targets(config, said.trust)
    if "scorer" not in said.verbatim:
        targets.check_function(getattr(config, "scorer", ""), said.trust)
    return config


def with_stored(command: str, arguments: list[str]) -> list[str]:
    """The arguments with those of a config.yaml given back by settings= before them. Raises UserError."""
    files = [argument.partition("=")[2] for argument in arguments if argument.startswith("settings=")]
    if not files:
        return arguments
    from faceswap.cli.stored import stored_arguments

    rest = [argument for argument in arguments if not argument.startswith("settings=")]
    said = {argument.partition("=")[0] for argument in rest}
    return [*stored_arguments(command, Path(os.path.expanduser(files[-1])), said), *rest]


def _set_pair(config: Any, said: Overrides, extra_folder: Path | None) -> None:
    """The pair of its file, where it has one; else the name stays and may be two face sets A_B."""
    if config.pair != type(config.pair)():
        raise UserError("a pair is set by pair=NAME, pair.a= and pair.b=; a file of another group cannot set it")
    if said.pair is None:
        return
    path = find_pair_file(said.pair, extra_folder)
    pair = read_pair(path) if path else config.pair
    if pair.name and hasattr(config, "run"):
        config.run = pair.name
    pair.name = said.pair
    config.pair = pair


def _check_readable(override: str) -> None:
    """Raises UserError, with what is wrong in our words, for an argument that is not of Hydra's grammar."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        parsed = OverridesParser.create().parse_override(override)
    except (HydraException, ValueError, RecursionError) as error:
        raise UserError(
            f"cannot read '{shortened(override)}': a text with special characters is put in quotes, key=\"'...'\""
        ) from error
    if parsed.is_sweep_override() and not parsed.is_discrete_sweep():
        raise UserError(f"{shortened(override)}: one value is wanted, and this has no end of values")


def _compose(command: str, overrides: list[str], extra_folder: Path | None) -> Any:
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from faceswap.cli.user_folder import check_no_resolvers, folder_first

    schema.register()
    for override in overrides:
        _check_readable(override)
    try:
        with (
            folder_first(extra_folder),
            warnings.catch_warnings(),
            initialize_config_dir(str(config_folder()), version_base="1.3"),
        ):
            warnings.filterwarnings("ignore", "(?s).*automatic_schema_matching")  # of a user's file named like a plugin
            composed = compose(command, overrides=overrides)
        check_no_resolvers(OmegaConf.to_container(composed, resolve=False), "settings")
        config: Any = OmegaConf.to_object(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(command, error, extra_folder)) from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"cannot read the settings: {' '.join(str(error).split())[:200]}") from error
    for field in dataclasses.fields(config):  # of a user's own class, which no schema knows
        value = getattr(config, field.name)
        if field.metadata.get("group") and isinstance(value, dict) and value:
            setattr(config, field.name, targets.node_from(value))
    return config


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
