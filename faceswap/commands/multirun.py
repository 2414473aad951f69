"""python -m faceswap.train --multirun: one training after the other, and a table that compares them."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.sweep import Combination, Sweep, folder_name, varied_name
from faceswap.config.build import to_yaml, untouched
from faceswap.swap.runs.config_guard import check_same_settings
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from faceswap.utils.terminal import printable_lines

if TYPE_CHECKING:
    from faceswap.config.swapping import TrainRequest

log = logging.getLogger(__name__)


class TrainingSweep(Sweep):
    """Trains every combination in a run of its own, `PAIR,model=lite,...`, and compares all in a table.

    It goes on where it was when it was stopped: what is finished is not trained again.
    """

    def __init__(self, command: str, combinations: Sequence[Combination]) -> None:
        from faceswap.commands.pairs import resolve_pair
        from faceswap.engine.process_group import find_processes

        super().__init__(command, combinations)
        if find_processes().size > 1:
            raise UserError("--multirun trains in one process: start the combinations one by one with torchrun")
        first = combinations[0].request
        self.workspace = Workspace(Path(first.workspace))
        self.pairs = [resolve_pair(one.request.pair, self.workspace) for one in combinations]
        several = len({pair.name for pair in self.pairs}) > 1
        self.base = "pairs" if several else first.run or self.pairs[0].name
        self.runs = [
            run_name(one.request.run or pair.name, one) for pair, one in zip(self.pairs, combinations, strict=True)
        ]

    @property
    def folder(self) -> Path:
        return self.workspace.out / varied_name(self.base, self.combinations)

    def title(self, number: int) -> str:
        return self.runs[number]

    def make(self, number: int, request: TrainRequest, call: Callable[[TrainRequest], Path]) -> Path:
        self.announce(number)
        run, pair = self.runs[number], self.pairs[number]
        pair = replace(request.pair, name=run, a=pair.a, b=pair.b)
        request = replace(request, run=run, pair=pair)
        folder = self.workspace.run(run)
        try:
            return folder if is_finished(folder, request) else call(request)
        finally:
            _free_memory()

    def write_table(self, count: int | None = None) -> Path:
        """Write comparison.md of the first `count` runs (None: all); returns its path."""
        from faceswap.swap.runs.comparison import read_report, write_comparison

        failed = {self.runs[number]: why for number, why in self.failed.items()}
        rows = [(run, read_report(self.workspace.run(run)), failed.get(run, "")) for run in self.runs[:count]]
        return write_comparison(self.folder, f"{self.base}: {len(self.runs)} trainings", rows)

    def finish(self, results: Sequence[str]) -> str:
        table = self.folder / "comparison.md"
        print(f"\n{printable_lines(table.read_text(encoding='utf-8'))}", file=sys.stderr)
        if self.failed:
            names = ", ".join(map(self.title, self.failed))
            raise UserError(f"{len(self.failed)} of {len(self.runs)} trainings failed ({names}); {table} says why")
        return f"{table}\n"


def run_name(base: str, combination: Combination) -> str:
    """Return a name for the run of a combination, that tells its choices and can be a folder's."""
    told = folder_name(",".join(choice for choice in combination.choices if not choice.startswith("pair=")))
    return f"{base},{told}" if told else base


def is_finished(run: Path, request: TrainRequest) -> bool:
    """Whether a run has trained as long as the request says. Raises UserError when it was with other settings."""
    from faceswap.swap.runs.checkpoints import list_checkpoints
    from faceswap.swap.runs.comparison import read_report
    from faceswap.swap.training.train_config import usual_iterations

    report = read_report(run)
    iteration, seconds = (report.get(name) for name in ("iteration", "seconds"))
    if (
        request.restart
        or not list_checkpoints(run)
        or not isinstance(iteration, int)
        or not isinstance(seconds, int | float)
    ):
        return False
    iterations = usual_iterations(request.device, request.minutes) if request.iterations is None else request.iterations
    trained = min(iteration, int(list_checkpoints(run)[0].name))  # the report is written first
    if trained < iterations and (request.minutes is None or seconds < 60 * request.minutes):
        return request.stop_when == "plateau" and report.get("plateau") is True
    if not request.allow_changes:
        check_same_settings(run, to_yaml(request), to_yaml(untouched(request)))
    log.info("finished before, at iteration %d", iteration)
    return True


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
