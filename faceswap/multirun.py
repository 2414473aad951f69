"""python -m faceswap.train --multirun: one training after the other, and a table that compares them."""

from __future__ import annotations

import gc
import hashlib
import logging
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.cli.sweep import Combination

LONGEST_NAME = 120  # characters of a run's name that its choices may take

log = logging.getLogger(__name__)


def train_several(combinations: Sequence[Combination], train: Callable[[Any], Path]) -> Path:
    """Trains every combination in a run of its own, `PAIR,model=lite,...`, and returns the comparison of all.

    Goes on where it was when it was stopped: what is finished is not trained again. One that fails is told of and the
    others go on. Raises UserError at the end when any has failed.
    """
    from faceswap.engine.process_group import find_processes
    from faceswap.pairs import resolve_pair
    from faceswap.swap.training.comparison import read_report, write_comparison
    from faceswap.utils.files.workspace import Workspace

    if find_processes().size > 1:
        raise UserError("--multirun trains in one process: start the combinations one by one with torchrun")
    first = combinations[0].config
    workspace = Workspace(Path(first.workspace))
    pair, a, b = resolve_pair(first.pair, workspace)
    names = run_names(first.run or pair, combinations)
    failed: dict[str, str] = {}
    table = workspace.out / table_name(pair, combinations) / "comparison.md"
    for number, (name, combination) in enumerate(zip(names, combinations, strict=True), 1):
        log.info("%d of %d: %s", number, len(names), name)
        config = combination.config
        config.run, config.pair.name, config.pair.a, config.pair.b = name, pair, a, b
        try:
            if not is_finished(workspace.run(name), config):
                train(config)
        except Exception as error:
            failed[name] = _told(error)
            log.warning("%s failed: %s", name, failed[name])
        _free_memory()
        rows = [(known, read_report(workspace.run(known)), failed.get(known, "")) for known in names[:number]]
        table = write_comparison(table.parent, f"{pair}: {len(names)} trainings", rows)
    print(f"\n{table.read_text(encoding='utf-8')}", file=sys.stderr)
    if failed:
        raise UserError(f"{len(failed)} of {len(names)} trainings failed ({', '.join(failed)}); {table} says why")
    return table


def run_names(pair: str, combinations: Sequence[Combination]) -> list[str]:
    """A name for the run of each combination, that tells its choices and can be a folder's."""
    told = (_plain(",".join(combination.choices)) for combination in combinations)
    return [f"{pair},{choices}" if choices else pair for choices in told]


def table_name(pair: str, combinations: Sequence[Combination]) -> str:
    """A folder's name for the comparison, that tells what is compared: another sweep of the pair has another one."""
    varied: dict[str, list[str]] = {}
    for combination in combinations:
        for choice in combination.choices:
            name, _, value = choice.partition("=")
            varied.setdefault(name, []).append(value)
    told = _plain("_".join(f"{name}={','.join(dict.fromkeys(values))}" for name, values in varied.items()))
    return f"{pair}_comparison_{told}" if told else f"{pair}_comparison"


def _plain(told: str) -> str:
    """What can be part of a folder's name and still tells texts apart."""
    plain = re.sub(r"[^\w.,=+-]", "_", told)
    if plain != told or len(plain) > LONGEST_NAME:
        plain = f"{plain[:LONGEST_NAME]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    return plain


def is_finished(run: Path, config: Any) -> bool:
    """Whether a run has trained as long as `config` asks. Raises UserError when it was with other settings."""
    from faceswap.config.build import to_yaml, untouched
    from faceswap.swap.training.checkpoints import list_checkpoints
    from faceswap.swap.training.comparison import read_report
    from faceswap.swap.training.config import usual_iterations
    from faceswap.swap.training.config_guard import check_same_settings

    report = read_report(run)
    iteration, seconds = (report.get(name) for name in ("iteration", "seconds"))
    if (
        config.restart
        or not list_checkpoints(run)
        or not isinstance(iteration, int)
        or not isinstance(seconds, int | float)
    ):
        return False
    iterations = usual_iterations(config.device, config.minutes) if config.iterations is None else config.iterations
    trained = min(iteration, int(list_checkpoints(run)[0].name))  # the report is written first
    if trained < iterations and (config.minutes is None or seconds < 60 * config.minutes):
        return config.stop_when == "plateau" and report.get("plateau") is True
    if not config.allow_changes:
        check_same_settings(run, to_yaml(config), to_yaml(untouched(config)))
    log.info("finished before, at iteration %d", iteration)
    return True


def _told(error: Exception) -> str:
    from faceswap.utils.errors import Interrupted

    if isinstance(error, Interrupted):
        raise error  # somebody asked to stop: that means all of them
    if not isinstance(error, UserError):
        log.debug("", exc_info=error)
    return " ".join(str(error).split()) if isinstance(error, UserError) else f"bug: {type(error).__name__}: {error}"


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
