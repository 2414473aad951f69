"""What a run writes for people: config.yaml, TensorBoard, preview pictures, report.json. One writer for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from faceswap.core.face_set import REPORT
from faceswap.media.images import write_image
from faceswap.utils.atomic import write_json, write_text, writing_errors
from faceswap.utils.links import own_folder
from faceswap.utils.workspace import RUN_CONFIG

TENSORBOARD, PREVIEWS = "tensorboard", "previews"


class RunLog:
    """The run's journal; use as a context manager. `iteration`: where the run goes on; later entries are dropped."""

    def __init__(self, run: Path, iteration: int, config_text: str) -> None:
        self._run = run
        self._writer = SummaryWriter(
            str(own_folder(run / TENSORBOARD)), purge_step=iteration + 1 if iteration else None
        )
        if config_text:
            # Written at every session: its time tells which pair was trained last.
            write_text(run / RUN_CONFIG, config_text)
            indented = "\n".join("    " + line for line in config_text.splitlines())  # Markdown for "as it stands"
            self._writer.add_text("config", indented, iteration)

    def scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """One point on each of the named curves."""
        with writing_errors(self._run):
            for name, value in values.items():
                self._writer.add_scalar(name, value, iteration)

    def note(self, name: str, text: str, iteration: int) -> None:
        """A line of text, in TensorBoard."""
        with writing_errors(self._run):
            self._writer.add_text(name, text, iteration)

    def preview(self, picture: NDArray[np.uint8], iteration: int, kind: str = "") -> Path:
        """A preview grid (H, W, 3), in TensorBoard and as a file; those of a `kind` in a folder of their own."""
        with writing_errors(self._run):
            self._writer.add_image(f"preview_{kind}" if kind else "preview", picture, iteration, dataformats="HWC")
        path = self._run / PREVIEWS / kind / f"{iteration:08d}.jpg"
        write_image(path, picture)
        return path

    def report(self, values: Mapping[str, Any]) -> None:
        """The run's report.json, made anew."""
        write_json(self._run / REPORT, dict(values))

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *error: object) -> None:
        with writing_errors(self._run):
            self._writer.close()
