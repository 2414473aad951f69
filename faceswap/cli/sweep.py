"""--multirun: Hydra's sweeper runs all combinations of settings with several values; here are their names and order."""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceswap.cli.composing.arguments import Overrides, sweep_values
from faceswap.cli.composing.compose import compose_overrides
from faceswap.config.wording import quoted
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.limits import SWEEP_COMBINATIONS

LONGEST_NAME = 120  # characters of a folder's name that choices may take

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Combination:
    """One choice of values: `choices` of what varies, in the order of the command line, and all settings with it."""

    choices: tuple[str, ...]
    request: Any

    def __str__(self) -> str:
        return " ".join(self.choices)


def compose_combinations(
    command: str, said: Overrides, extra_folder: Path | None = None, name: str = ""
) -> list[Combination]:
    """Return the settings of every combination, as Hydra's sweeper orders them: the last argument changes first.

    All are composed and checked before the first is run.

    Args:
        said: arguments, some with several values: `a=1,2`, `a=range(1,4)`, `a=choice(x,y)`.
        name: of --config-name.

    Raises:
        UserError: a value is refused, or there are more than 200 combinations.
    """
    values = [sweep_values(override) for override in said.for_hydra]
    chosen = list(itertools.islice(itertools.product(*values), SWEEP_COMBINATIONS + 1))
    if len(chosen) > SWEEP_COMBINATIONS:
        raise UserError(
            f"--multirun: these are more than {SWEEP_COMBINATIONS} combinations; take fewer values at a time"
        )
    varying = [place for place, several in enumerate(values) if len(several) > 1]
    return [
        Combination(
            tuple(_as_typed(one[place]) for place in varying),
            compose_overrides(command, said, extra_folder, name=name, one=list(one)),
        )
        for one in chosen
    ]


class Sweep:
    """The jobs of one --multirun: where they are told of, and what is done around each of them."""

    def __init__(self, command: str, combinations: Sequence[Combination]) -> None:
        self.command, self.combinations = command, combinations
        self.failed: dict[int, str] = {}

    @property
    def folder(self) -> Path:
        """Where Hydra writes multirun.yaml."""
        return Path(self.combinations[0].request.workspace) / "out" / varied_name(self.command, self.combinations)

    def hydra_settings(self) -> dict[str, str]:
        """Return what Hydra is told: one folder for all jobs."""
        return {"hydra.sweep.dir": quoted(str(self.folder)), "hydra.sweep.subdir": "."}

    def note_failure(self, number: int, error: Exception) -> None:
        """Tell of a job that failed; the others go on, unless somebody asked to stop."""
        if isinstance(error, Interrupted):
            raise KeyboardInterrupt(str(error)) from error
        self.failed[number] = _told(error)
        log.warning("%s failed: %s", self.title(number), self.failed[number])

    def make(self, number: int, request: Any, call: Callable[[Any], Path]) -> Path:
        """Return what the command makes of the request."""
        self.announce(number)
        return call(request)

    def announce(self, number: int) -> None:
        """Log which job begins."""
        log.info("%d of %d: %s", number + 1, len(self.combinations), self.title(number))

    def title(self, number: int) -> str:
        """What a job is called in messages."""
        return str(self.combinations[number])

    def finish(self, results: Sequence[str]) -> str:
        """Return what is printed at the end. Raises UserError when a job has failed."""
        if self.failed:
            told = "; ".join(f"{self.title(number)}: {why}" for number, why in self.failed.items())
            raise UserError(f"{len(self.failed)} of {len(self.combinations)} failed: {told}")
        return "".join(f"{result}\n" for result in results or [str(self.folder)])


def varied_name(base: str, combinations: Sequence[Combination]) -> str:
    """Return a folder's name that tells what a sweep varies: another sweep has another one."""
    varied: dict[str, list[str]] = {}
    for combination in combinations:
        for choice in combination.choices:
            name, _, value = choice.partition("=")
            varied.setdefault(name, []).append(value)
    told = folder_name("_".join(f"{name}={','.join(dict.fromkeys(values))}" for name, values in varied.items()))
    return f"{base}_comparison_{told}" if told else f"{base}_comparison"


def folder_name(told: str) -> str:
    """Return what can be part of a folder's name and still tells texts apart."""
    plain = re.sub(r"[^\w.,=+-]", "_", told)
    if plain != told or len(plain) > LONGEST_NAME:
        plain = f"{plain[:LONGEST_NAME]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    return plain


def _as_typed(override: str) -> str:
    """An override as the user wrote it: names without the quotes that Hydra needs."""
    key, _, value = override.partition("=")
    if key == "pair.name":
        key = "pair"
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return f"{key}={value}"


def _told(error: Exception) -> str:
    if not isinstance(error, UserError):
        log.debug("", exc_info=error)
    return " ".join(str(error).split()) if isinstance(error, UserError) else f"bug: {type(error).__name__}: {error}"
