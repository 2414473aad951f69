"""Contact sheets of edit strengths, and a page with a slider for each direction."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import compose, resizing, warp_crop
from faceswap.core.values import Frame
from faceswap.media.pictures.images import encode_image, write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.media.targets import check_target
from faceswap.provenance.notice import COMPOSITE
from faceswap.stylegan.directions.directions import Direction
from faceswap.stylegan.editing.edits import DirectionEdit, apply_edits
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import Inverted
from faceswap.stylegan.editing.reach import reaches_of
from faceswap.stylegan.inversion.pipeline import made_with_ai
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.files.atomic import write_text
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

SHEET_SIGMAS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
PAGE_SIGMAS = tuple(step / 2 for step in range(-6, 7))
TILE_PX, PAGE_PX = 192, 512
_PAGE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, eq=False)
class Sliders:
    """What a sheet or a page shows: a photo, and the directions along which it is edited."""

    generator: Generator
    photo: Inverted
    directions: Sequence[Direction]
    paster: Paster


def write_sheet(info: SourceInfo, sliders: Sliders, out: Path) -> Path:
    """Return the photo edited along each direction, one row each, as the picture file `out`."""
    check_target(out, info)
    tiles, labels = [], []
    same = {direction.name: SHEET_SIGMAS for direction in sliders.directions}
    for direction, crops in _edited(sliders, same, TILE_PX):
        tiles += crops
        labels += [f"{direction.name} {sigmas:+g}" if sigmas else direction.name for sigmas in SHEET_SIGMAS]
    sheet = contact_sheet(tiles, labels, columns=len(SHEET_SIGMAS), tile_px=TILE_PX)
    about = made_with_ai(generator_hash(sliders.generator), "faces in this picture were edited", COMPOSITE)
    write_image(out, sheet, metadata=about, sources=info.files[:1])
    return out


def write_page(
    info: SourceInfo,
    sliders: Sliders,
    out: Path,
    line: str,
    edits: Sequence[DirectionEdit] = (),
    shown: Frame | None = None,
) -> Path:
    """Write one self-contained HTML file with a slider for each direction.

    What several change is added up there as pictures, which is near to the edit and not the same: the page says so as
    soon as it shows that, and which command draws the very thing.

    Args:
        line: That command, without the moves.
        edits: Where its sliders stand when it is opened.
        shown: The photo after these edits, which is what it then shows.
    """
    check_target(out, info)
    photo = sliders.photo
    view = _view(photo, PAGE_PX)
    before = warp_crop(photo.frame.image, view, PAGE_PX, repeat_border=True)
    asked = {edit.direction.name: edit.last for edit in edits}
    sigmas = {one.name: sorted({*PAGE_SIGMAS, asked.get(one.name, 0.0)}) for one in sliders.directions}
    changes = {
        direction.name: [_embedded(_change(before, crop)) for crop in crops]
        for direction, crops in _edited(sliders, sigmas, PAGE_PX)
    }
    data = {
        "photo": _embedded(before),
        "edited": shown and _embedded(warp_crop(shown.image, view, PAGE_PX, repeat_border=True)),
        "sigmas": sigmas,
        "opened": {name: levels.index(asked.get(name, 0.0)) for name, levels in sigmas.items()},
        "changes": changes,
        "line": line,
    }
    about = made_with_ai(generator_hash(sliders.generator), "faces on this page were edited")
    text = _PAGE.read_text(encoding="utf-8")
    text = text.replace("@@NAME@@", html.escape(info.name)).replace("@@ABOUT@@", html.escape(about["comment"]))
    write_text(out, text.replace("@@DATA@@", json.dumps(data).replace("<", "\\u003c")))
    return out


def _edited(
    sliders: Sliders, strengths: Mapping[str, Sequence[float]], size_px: int
) -> Iterator[tuple[Direction, list[NDArray[np.uint8]]]]:
    """Yield for each direction crops of the photo (size_px, size_px, 3) edited with its ascending strengths."""
    generator, photo, paster = sliders.generator, sliders.photo, sliders.paster
    before = photo.drawn(generator)
    views, free = [photo.aligned], paster.seen([photo.frame], [photo.aligned], [-1])
    frame_to_crop = _view(photo, size_px)
    with Progress(len(sliders.directions), "edit", "direction") as bar:
        for direction in sliders.directions:
            first, *_, last = strengths[direction.name]
            shares = [(strength - first) / (last - first) for strength in strengths[direction.name]]
            ramp = [DirectionEdit(direction, first, last)]
            after = photo.drawn(generator, apply_edits(photo.rows.expand(len(shares), -1, -1), ramp, shares))
            reaches = reaches_of(ramp)
            frames = [paster.paste(photo.frame, views, before, drawn[None], [-1], free, reaches) for drawn in after]
            yield direction, [warp_crop(one.image, frame_to_crop, size_px, repeat_border=True) for one in frames]
            bar.advance()


def _view(photo: Inverted, size_px: int) -> NDArray[np.float64]:
    """Return the affine from the frame to the photo's crop at another size."""
    return compose(resizing(photo.aligned.size_px, size_px), photo.aligned.frame_to_crop)


def _change(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a change as a picture, 128 where nothing changes, in steps of two levels."""
    return np.round((after.astype(np.float32) - before) * (127 / 255) + 128).astype(np.uint8)


def _embedded(image: NDArray[np.uint8]) -> str:
    data = encode_image(image, ".jpg", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
