"""What a run writes for people: config.yaml, TensorBoard, preview pictures, report.json. One writer for all of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from faceswap.core.face_set import REPORT
from faceswap.media.pictures.images import encode_image, write_image
from faceswap.provenance.notice import GENERATED, made_with_ai
from faceswap.swap.runs.event_files import drop_events_after, put_in_order
from faceswap.utils.files.atomic import write_json, write_text, writing_errors
from faceswap.utils.files.links import own_folder
from faceswap.utils.files.workspace import RUN_CONFIG
from faceswap.utils.program_versions import versions

PREVIEWS = "previews"
COMPARED = ("validation", "validation/swap/score")  # curves that TensorBoard's table of settings shows


class RunLog:
    """The run's journal; use as a context manager. Nothing is written before the first entry, or `begin`.

    Args:
        run: The run's folder.
        iteration: Where the run goes on; later entries, of a session that was killed, are dropped.
        config_text: All settings, for config.yaml.
        settings: What TensorBoard shows beside the runs, to compare them: settings that were chosen, by name.
    """

    def __init__(
        self, run: Path, iteration: int, config_text: str, settings: Mapping[str, str | float | bool] | None = None
    ) -> None:
        self._run = run
        self._iteration = iteration
        self._config_text = config_text
        self._settings = dict(settings or {})
        self._writer: SummaryWriter | None = None
        self._folder: int | None = None

    def begin(self) -> SummaryWriter:
        """Open the journal, once something has been trained, and return its writer."""
        if self._writer is None:
            with writing_errors(self._run):
                folder = own_folder(self._run)  # TensorBoard calls a run by the folder in which its events lie
                drop_events_after(folder, self._iteration)
                put_in_order(folder)
                self._writer = SummaryWriter(self._name_of(folder))
            if self._config_text:
                self._tell_settings(self._writer)
        return self._writer

    def _name_of(self, folder: Path) -> str:
        """A name of a folder that TensorBoard takes: of one that is not UTF-8 its number, while it is open."""
        try:
            str(folder).encode()
        except UnicodeEncodeError:
            self._folder = os.open(folder, os.O_RDONLY)
            return f"/dev/fd/{self._folder}"
        return str(folder)

    def _tell_settings(self, writer: SummaryWriter) -> None:
        path = self._run / RUN_CONFIG
        is_known = self._iteration and path.is_file() and path.read_bytes() == self._config_text.encode()
        write_text(path, self._config_text)  # at every session: its time tells which pair was trained last
        if is_known:
            return
        indented = "\n".join("    " + line for line in self._config_text.splitlines())  # Markdown for "as it stands"
        writer.add_text("config", indented, self._iteration)
        for summary in hparams(self._settings, dict.fromkeys(COMPARED, 0.0)) if self._settings else ():
            writer._get_file_writer().add_summary(summary, self._iteration)  # add_hparams would make a run of its own

    def scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """One point on each of the named curves."""
        with writing_errors(self._run):
            for name, value in values.items():
                self.begin().add_scalar(name, value, iteration)

    def note(self, name: str, text: str, iteration: int) -> None:
        """A line of text, in TensorBoard."""
        with writing_errors(self._run):
            self.begin().add_text(name, text, iteration)

    def preview(self, picture: NDArray[np.uint8], iteration: int, kind: str = "") -> Path:
        """A preview grid (H, W, 3), in TensorBoard and as a file; those of a `kind` in a folder of their own."""
        about = made_with_ai("the faces in this picture were drawn in a training", source_type=GENERATED)
        height, width, _ = picture.shape
        shown = Summary.Image(
            height=height, width=width, colorspace=3, encoded_image_string=encode_image(picture, ".png", metadata=about)
        )
        name = f"preview_{kind}" if kind else "preview"
        with writing_errors(self._run):  # add_image() would encode the picture without the notice
            writer = self.begin()._get_file_writer()
            writer.add_summary(Summary(value=[Summary.Value(tag=name, image=shown)]), iteration)
        path = self._run / PREVIEWS / kind / f"{iteration:08d}.jpg"
        write_image(path, picture, metadata=about)
        return path

    def report(self, values: Mapping[str, Any]) -> None:
        """The run's report.json, made anew."""
        write_json(self._run / REPORT, {**values, "versions": versions()})

    def flush(self) -> None:
        """Wait until all entries are in their files: a checkpoint that is newer than they are would lose them."""
        if self._writer is not None:
            with writing_errors(self._run):
                self._writer.flush()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *error: object) -> None:
        if self._writer is not None:
            with writing_errors(self._run):
                self._writer.close()
        if self._folder is not None:
            os.close(self._folder)
