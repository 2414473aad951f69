"""--multirun: settings with several values, `model=lite,original`, and all their combinations, as Hydra writes them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceswap.cli.compose import compose_config
from faceswap.config import schema
from faceswap.utils.errors import UserError
from faceswap.utils.limits import SWEEP_COMBINATIONS


@dataclass(frozen=True)
class Combination:
    """One choice of values: `choices` of what varies, in the order of the command line, and all settings with it."""

    choices: tuple[str, ...]
    config: Any

    def __str__(self) -> str:
        return " ".join(self.choices)


def compose_combinations(
    command: str, arguments: Sequence[str], extra_folder: Path | None = None
) -> list[Combination]:  # fmt: skip
    """The settings of every combination, the last argument's values changing first. All are read before any is used.

    `a=1,2`, `a=range(1,4)` and `a=choice(x,y)` give several values; names of files and face sets are taken as they are.
    Raises UserError, also for more than 200 combinations.
    """
    values = [_values(command, argument) for argument in arguments]
    chosen = list(itertools.islice(itertools.product(*values), SWEEP_COMBINATIONS + 1))
    if len(chosen) > SWEEP_COMBINATIONS:
        raise UserError(f"--multirun: more than {SWEEP_COMBINATIONS} combinations; take fewer values at a time")
    varying = [place for place, several in enumerate(values) if len(several) > 1]
    return [
        Combination(tuple(one[place] for place in varying), compose_config(command, list(one), extra_folder))
        for one in chosen
    ]


def _values(command: str, argument: str) -> list[str]:
    """The arguments that one with several values stands for; itself, where it has one or is not for Hydra to read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key = argument.partition("=")[0]
    if key in ("pair", "trust", "settings") or key.lstrip("+~") in schema.verbatim_names(command):
        return [argument]
    try:
        override = OverridesParser.create().parse_override(argument)
        if not override.is_sweep_override():
            return [argument]
        if not override.is_discrete_sweep():
            ends = ",".join(re.findall(r"[\d.eE+-]+", argument.partition("(")[2])[:2]) or "1,2"
            raise UserError(f"--multirun: '{argument}' has no end of values; write some out: {key}={ends}")
        found = list(itertools.islice(override.sweep_string_iterator(), SWEEP_COMBINATIONS + 1))
    except HydraException:  # told of where the settings are composed
        return [argument]
    return [f"{key}={value}" for value in found]
