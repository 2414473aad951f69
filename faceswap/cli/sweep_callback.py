"""Hydra's callback of a --multirun: the comparison is written after each job, so that a stop leaves it behind."""

from __future__ import annotations

from typing import Any, ClassVar

from hydra.experimental.callback import Callback


class SweepCallback(Callback):
    """Tells the sweep that runs in this process of each job's end, and of the last one's."""

    sweep: ClassVar[Any] = None

    def on_job_end(self, config: Any, job_return: Any, **kwargs: Any) -> None:
        if self.sweep is not None:  # None in a process of another launcher: the first process writes at the end
            self.sweep.write_table(config.hydra.job.num + 1)

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:
        if self.sweep is not None:
            self.sweep.write_table()
