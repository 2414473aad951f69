"""Results of `python -m faceswap.morph`: films, children, grids, composites, cartoons."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.values import Frame
from faceswap.media.pictures.images import encode_image, write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.media.sources import SourceInfo
from faceswap.media.video.coding import Coding
from faceswap.media.video.colour_tags import ColourTags
from faceswap.media.writing import VideoWriter
from faceswap.provenance.notice import COMPOSITE, GENERATED
from faceswap.stylegan.editing.pasting import Paster, as_pictures
from faceswap.stylegan.gallery.mixing import mixed, mixing_grid
from faceswap.stylegan.gallery.sheets import drawn
from faceswap.stylegan.inversion.pipeline import made_with_ai
from faceswap.stylegan.morphing.config import MorphFilmSettings
from faceswap.stylegan.morphing.films import Ending, moments, morph_frames
from faceswap.stylegan.morphing.photographs import PhotoMorph, photograph_of
from faceswap.stylegan.morphing.subjects import Subject, codes_of, photo_of
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.layer_swap import swapped_layers
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.files.atomic import write_text
from faceswap.utils.numbers import evenly_spread
from faceswap.utils.progress import Progress

SHEET_STEPS, PAGE_STEPS, PAGE_PX = 7, 25, 256
Carried = Callable[[float], NDArray[np.uint8]]  # way in [0, 1] -> the frame made of photographs
_PAGE = Path(__file__).with_name("morph.html")


def write_film(
    generator: Generator,
    first: Subject,
    second: Subject,
    out: Path,
    how: MorphFilmSettings,
    paster: Paster | None = None,
) -> Path:
    """Return the morph as a film; beside it a contact sheet (FILM.png) and a page with a slider (FILM.html).

    Returns the film.

    With a `paster` the face changes within the first one's photo.
    """
    one, other = (Ending(subject.rows, photo_of(subject, how.size_px)) for subject in (first, second))
    carried = carried_morph(generator, first, second, how) if paster is None else None
    fades = [end.photo is not None and paster is None and carried is None for end in (one, other)]
    film = list(moments(how, how.frames_per_second, *fades))
    frames: Iterator[NDArray[np.uint8]]
    size, what = (how.size_px, how.size_px), "drawn"
    if carried is not None:
        frames, what = (carried(moment.way) for moment in film), "put together from two"
    elif paster is None:
        frames = morph_frames(lambda rows: _drawn(generator, rows), one, other, film, how.size_px)
    else:
        frames = (_pasted(generator, first, second, moment.way, paster) for moment in film)
        assert first.portrait is not None
        size = (first.portrait.frame.width, first.portrait.frame.height)
    source_type = GENERATED if paster is None and carried is None else COMPOSITE
    about = made_with_ai(generator_hash(generator), f"faces in this film were {what}", source_type)
    info = generated_source(first, size, how.frames_per_second, len(film))
    writer = VideoWriter(out, info, coding=Coding(crf=how.crf, preset=how.preset), metadata=about, size=size)
    with writer, Progress(len(film), "morph") as bar:
        for index, image in enumerate(frames):
            writer.write(Frame(image, index, index / how.frames_per_second))
            bar.advance()
    _write_sheet_and_page(generator, one, other, out, f"{first.name} → {second.name}", carried, about)
    return out


def _write_sheet_and_page(
    generator: Generator,
    one: Ending,
    other: Ending,
    film: Path,
    title: str,
    carried: Carried | None,
    about: dict[str, str],
) -> None:
    """Write FILM.png and FILM.html beside a film: pictures along the way, carried ones or the generator's."""
    steps = torch.linspace(0, 1, PAGE_STEPS)
    if carried is not None:
        way = [carried(float(step)) for step in steps]
    else:
        way = list(drawn(generator, torch.lerp(one.rows, other.rows, steps[:, None, None].to(one.rows))))
    pictures = [way[step] for step in evenly_spread(PAGE_STEPS, SHEET_STEPS)]
    if carried is None:  # carried ones begin and end with the photos
        pictures = [picture for picture in (one.photo, *pictures, other.photo) if picture is not None]
    sheet = contact_sheet(pictures, columns=len(pictures), tile_px=128)
    write_image(film.with_name(f"{film.name}.png"), sheet, metadata=about)
    write_page(film.with_name(f"{film.name}.html"), title, way, about["comment"])


def write_child(
    generator: Generator, first: Subject, second: Subject, shares: Mapping[str, float], out: Path, size_px: int
) -> Path:
    """Return the child of two faces: the second one's `shares` of each range of rows.

    Beside it .parents.png shows all.
    """
    child = child_of(generator, first, second, shares, size_px)
    about = made_with_ai(generator_hash(generator))
    write_image(out, child, metadata=about)
    parents = [_enlarged(picture, size_px) for picture in drawn(generator, codes_of([first, second]))]
    row = contact_sheet([parents[0], child, parents[1]], [first.name, "child", second.name], 3, tile_px=size_px)
    write_image(out.with_suffix(".parents.png"), row, metadata=about)
    return out


def child_of(
    generator: Generator, first: Subject, second: Subject, shares: Mapping[str, float], size_px: int
) -> NDArray[np.uint8]:
    """Return the child (size_px, size_px, 3) of two faces, as `write_child` writes it."""
    rows = mixed(first.rows[None], second.rows[None], shares)
    return _enlarged(drawn(generator, rows)[0], size_px)


def write_grid(generator: Generator, faces: Sequence[Subject], styles: Sequence[Subject], name: str, out: Path) -> Path:
    """Return the mixing grid: the `name` rows of each of `styles` (columns) in each of `faces` (lines)."""
    sheet = mixing_grid(generator, codes_of(list(faces)), codes_of(list(styles)), name)
    write_image(out, sheet, metadata=made_with_ai(generator_hash(generator)))
    return out


def write_cartoon(
    shapes: Generator, texture: Generator, swap_at: int, subjects: Sequence[Subject], owner: Generator, out: Path
) -> Path:
    """Return each face as its own generator (`owner`) draws it and, below, with swapped layers."""
    rows = codes_of(list(subjects))
    pictures = [*drawn(owner, rows), *drawn(swapped_layers(shapes, texture, swap_at), rows)]
    about = made_with_ai(generator_hash(owner))
    write_image(out, contact_sheet(pictures, columns=len(subjects), tile_px=128), metadata=about)
    return out


def write_page(path: Path, title: str, pictures: Sequence[NDArray[np.uint8]], about: str) -> None:
    """Write one self-contained HTML file: a slider through pictures (R, R, 3)."""
    embedded = []
    for picture in pictures:
        data = encode_image(_enlarged(picture, PAGE_PX), ".jpg", quality=88, metadata={"comment": about})
        embedded.append(f"data:image/jpeg;base64,{base64.b64encode(data).decode()}")
    text = _PAGE.read_text(encoding="utf-8")
    text = text.replace("@@TITLE@@", html.escape(title)).replace("@@ABOUT@@", html.escape(about))
    write_text(path, text.replace("@@PICTURES@@", json.dumps(embedded)))


def generated_source(subject: Subject, size: tuple[int, int], frames_per_second: int, count: int) -> SourceInfo:
    """Return what the writer is to know of a film that comes from no film; it may not overwrite the subject's photo."""
    rate = Fraction(frames_per_second)
    path = Path(f"{subject.name}.morph")
    return SourceInfo(
        path=path, kind="images", files=(), width=size[0], height=size[1], stored_width=size[0], stored_height=size[1],
        frames_per_second=rate, time_base=1 / rate, frame_count=count, duration_seconds=float(count / rate),
        rotation_degrees=0, has_audio=False, name=path.stem, colour=ColourTags(2, 0, 1, 13), pixel_format="rgb24",
    )  # fmt: skip


def carried_morph(generator: Generator, first: Subject, second: Subject, how: MorphFilmSettings) -> Carried | None:
    """Return what makes a frame of photographs at a way in [0, 1]; None where an end has none, or none are wanted."""
    photographs = [photograph_of(subject, how.size_px) for subject in (first, second)]
    if how.pixels == "generator" or photographs[0] is None or photographs[1] is None:
        return None
    morph = PhotoMorph(photographs[0], photographs[1], *_drawn(generator, codes_of([first, second])))

    @lru_cache(maxsize=1)  # a film stands still at its ends
    def frame(way: float) -> NDArray[np.uint8]:
        return morph.frame(way, _drawn(generator, torch.lerp(first.rows, second.rows, way)[None])[0])

    return frame


@torch.inference_mode()
def _drawn(generator: Generator, rows: Tensor) -> NDArray[np.float32]:
    return as_pictures(generator.synthesis(rows))


def _pasted(generator: Generator, first: Subject, second: Subject, way: float, paster: Paster) -> NDArray[np.uint8]:
    """Return the first one's photo with the face as far on its `way` to the second one."""
    assert first.portrait is not None
    views = [first.portrait.aligned]
    rows = torch.stack([first.rows, torch.lerp(first.rows, second.rows, way)])
    before, after = _drawn(generator, rows)[:, None]
    free = paster.seen([first.portrait.frame], views, [-1])
    return paster.paste(first.portrait.frame, views, before, after, [-1], free).image


def _enlarged(picture: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    method = cv2.INTER_AREA if picture.shape[0] > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=method), np.uint8)
