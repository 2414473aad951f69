"""Editing of photos: invert or load a latent, edit the code, draw twice, paste."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.geometry import transform_points, warp_crop
from faceswap.core.values import AlignedFace, Frame
from faceswap.media.reading import read_frames
from faceswap.stylegan.data.portraits import portraits
from faceswap.stylegan.editing.edits import DirectionEdit, apply_edits
from faceswap.stylegan.editing.pasting import Paster, as_pictures
from faceswap.stylegan.editing.reach import reaches_of
from faceswap.stylegan.inversion.inversion import draw
from faceswap.stylegan.inversion.latents import Latent
from faceswap.stylegan.inversion.pipeline import Inverter
from faceswap.stylegan.inversion.pivotal_tuning import Tuning
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.detect.protocol import Finder
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import SourceInfo
    from faceswap.media.writing import Writer


@dataclass(frozen=True, eq=False)
class Inverted:
    """A face of a photo that can be drawn: where it is, `rows` (1, rows, w_size), the loss of its reconstruction."""

    frame: Frame
    aligned: AlignedFace
    rows: Tensor
    loss: float
    tuning: Tuning | None = None

    def drawn(self, generator: Generator, rows: Tensor | None = None) -> NDArray:
        """Return pictures (n, R, R, 3) in [0, 1] of the code, or of other rows (n, rows, w_size)."""
        with torch.no_grad():
            return as_pictures(draw(generator, self.rows if rows is None else rows, self.tuning))


def inverted_photos(
    info: SourceInfo, inverter: Inverter, finder: Finder, parser: FaceParser, which: str
) -> Iterator[Inverted]:
    """Yield the chosen face of each picture of a source. Raises UserError without any."""
    for portrait in portraits(info, finder, parser, which, inverter.generator.resolution):
        found = inverter.invert([portrait])
        inverter.warn_outside_domain([portrait], found)
        yield Inverted(portrait.frame, portrait.aligned, found.rows, float(found.loss[0]), found.tuning)


def stored_photo(info: SourceInfo, latent: Latent) -> Inverted:
    """Return what was inverted before, of the picture of `info` that it says it came from."""
    frame = next(iter(read_frames(info, latent.frame, latent.frame + 1)))
    crop = warp_crop(frame.image, latent.frame_to_crop, latent.size_px, repeat_border=True)
    aligned = AlignedFace(crop, transform_points(latent.frame_to_crop, latent.points), latent.frame_to_crop)
    return Inverted(frame, aligned, latent.rows[None], latent.losses.get("loss", 0.0), latent.tuning)


def edit_photos(
    info: SourceInfo,
    generator: Generator,
    photos: Iterable[Inverted],
    edits: Sequence[DirectionEdit],
    writer: Writer,
    paster: Paster,
) -> dict[str, Any]:
    """Write each photo after the edits and return the numbers of a report.

    Raises:
        UserError: For a ramp on one photo.
    """
    if info.is_still and any(edit.is_ramp for edit in edits):
        raise UserError("a ramp such as smile=0:2 needs a video or several photos; say one strength")
    began, losses = time.perf_counter(), []
    count = len(info.files)
    with Progress(count, "edit", "photo") as bar, writer:
        for photo in photos:
            share = photo.frame.index / max(count - 1, 1)
            writer.write(edited(generator, photo, edits, paster, share))
            losses.append(photo.loss)
            bar.advance()
    seconds = round(time.perf_counter() - began, 3)
    return {"photos": len(losses), "loss": round(sum(losses) / len(losses), 5), "seconds": seconds}


def edited(
    generator: Generator, photo: Inverted, edits: Sequence[DirectionEdit], paster: Paster, share: float = 1.0
) -> Frame:
    """Return the photo after the moves; of ramps the strength at `share` in [0, 1].

    A head is turned last, when all else has been done to it: colours drawn of a turned face lie beside the photo's.
    """
    turns = [edit for edit in edits if any(reach.turns for reach in reaches_of([edit]))]
    others = [edit for edit in edits if edit not in turns]
    steps = [others, turns] if paster.way == "move" and turns and others else [edits]
    free = paster.seen([photo.frame], [photo.aligned], [-1])
    frame, rows, before = photo.frame, photo.rows, photo.drawn(generator)
    for step in steps:
        rows = apply_edits(rows, step, [share])
        after = photo.drawn(generator, rows)
        frame, before = paster.paste(frame, [photo.aligned], before, after, [-1], free, reaches_of(step)), after
    return frame


def write_report(
    path: Path, info: SourceInfo, out: Path, edits: Sequence[DirectionEdit], numbers: dict[str, Any]
) -> None:
    """Tell beside a result what was done."""
    strengths = {edit.direction.name: [edit.first, edit.last] for edit in edits}
    write_json(path, {"source": str(info.path), "out": str(out), "edits": strengths, **numbers})
