"""The folder of a run: who may write there, and what goes when a run begins anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from faceswap.core.face_set import REPORT
from faceswap.swap.data.pair_data import CACHE
from faceswap.swap.runs.checkpoints import CHECKPOINTS
from faceswap.swap.runs.config_guard import chosen_settings
from faceswap.swap.runs.run_log import PREVIEWS, RunLog
from faceswap.swap.training.settings_text import SettingsText
from faceswap.utils.files.links import remove
from faceswap.utils.files.locks import locked
from faceswap.utils.files.temporary import sweep

log = logging.getLogger(__name__)


@contextmanager
def hold_run(run: Path) -> Iterator[None]:
    """Keep other processes from training a run, and remove what dead ones have left half-written.

    Raises:
        UserError: Another process trains it.
    """
    with locked(run, "training it"):
        for folder in (CHECKPOINTS, CACHE):
            sweep(run / folder)
        yield


def forget_run(run: Path) -> None:
    """Remove what an earlier run has left in its folder; the cached faces stay."""
    for name in (CHECKPOINTS, PREVIEWS, REPORT):
        remove(run / name)


def open_log(run: Path, iteration: int, told: SettingsText, is_leader: bool) -> AbstractContextManager[Any]:
    """Return the journal of a run that goes on at `iteration`, and say where to look; only the leader has one."""
    if not is_leader:
        return nullcontext()
    log.info(
        "previews: %s; curves: tensorboard --logdir %s; Ctrl-C stops, the same command goes on",
        *(run / PREVIEWS, run.parent),
    )
    return RunLog(run, iteration, told.text, chosen_settings(told.text, told.default))
