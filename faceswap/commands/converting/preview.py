"""A page of a few frames as convert would make them, with one choice of settings or several side by side."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.composing.typed_again import command_line, typed_again
from faceswap.commands.converting.conversion import FilmConversion
from faceswap.compositing.preview.frames import PASTING, PreviewFrames
from faceswap.compositing.preview.sheet import Variant, write_sheet
from faceswap.utils.errors import UserError
from faceswap.utils.limits import COUNT, PREVIEW_COMBINATIONS

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest

USUAL_COUNT = 8  # of frames, where compare= is said without preview=
# What does not change how a frame looks, or chooses another film, face or frame.
NOT_COMPARED = (
    "pair", "run", "video", "faces", "out", "workspace", "provenance", "start", "stop", "preview", "compare", "to",
    "tracks", "map", "only", "side_by_side", "crf", "preset", "batch_size", "photo_face", "device", "image_quality",
    "segment_frames", "workers", "engine",
)  # fmt: skip

log = logging.getLogger(__name__)


def convert_preview(request: ConvertRequest, films: Sequence[Path]) -> Path:
    """Write the page of `preview=` and `compare=` and return its path.

    Args:
        request: With preview= or compare=.
        films: Those that video= names; one, or none for B's own.

    Raises:
        UserError: For a comparison that cannot be made; told before the first frame is drawn.
    """
    if len(films) > 1:
        raise UserError(f"preview= takes one film, and video= names {len(films)}: name one of them")
    if request.out and Path(request.out).suffix.lower() != ".html":
        raise UserError(f"out={request.out}: a preview is a page, name it .html or leave out= out")
    if films:
        request = dataclasses.replace(request, video=str(films[0]))
    combinations = combinations_of(request.compare)
    requests = [compared(request, combination) for combination in combinations]

    frames = PreviewFrames(request.preview or USUAL_COUNT)
    drawings = [tuple(one for one in each if _name(one) not in PASTING) for each in combinations]
    variants: dict[int, Variant] = {}
    result = None
    for place in sorted(range(len(requests)), key=lambda place: drawings.index(drawings[place])):
        one, told = requests[place], " ".join(combinations[place])
        log.info("preview %d of %d: %s", len(variants) + 1, len(requests), told or "as chosen")
        frames.draw_for(drawings[place])
        result = FilmConversion(one, preview=frames, named=request).run().result
        line = command_line("convert", typed_again("convert", one, ("preview", "compare", "out")))
        variants[place] = Variant(told, line, frames.made, frames.about)
    in_order = [variants[place] for place in range(len(requests))]
    assert result is not None  # there is a combination, be it the empty one
    path = result.path
    write_sheet(path, path.stem, frames.as_filmed, in_order, request.image_quality)
    result.note()
    log.info("%d frames with %d choices of settings; open %s in a browser", len(frames.as_filmed), len(variants), path)
    return path


def combinations_of(compare: str) -> list[tuple[str, ...]]:
    """Return each choice of the values in `mask=learned,parsed colour=mkl,reinhard`; of nothing the one empty choice.

    Raises:
        UserError: It is not of that form, names a setting twice or one that no preview shows, or gives too many.
    """
    try:
        words = shlex.split(compare)
    except ValueError as error:
        raise UserError(f"compare={compare}: a quote in it is not closed") from error
    choices: dict[str, list[str]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not name or not equals or not all(values.split(",")):
            raise UserError(
                f"compare={compare}: '{word}' is not NAME=VALUE,VALUE; an example: "
                'compare="mask=learned,parsed colour=mkl,reinhard"'
            )
        if name in choices:
            raise UserError(f"compare={compare}: {name} is there twice; write its values with commas between")
        if name.split(".")[0] in NOT_COMPARED:
            raise UserError(
                f"compare={compare}: {name} cannot be compared; take what changes how the face is drawn, "
                "pasted or finished, as mask, colour, blender, detail, sharpen"
            )
        choices[name] = [f"{name}={value}" for value in dict.fromkeys(values.split(","))]
    count = math.prod(map(len, choices.values()))  # before they are made: 40 settings of two values are 10^12
    if count > PREVIEW_COMBINATIONS:
        told = f"{count}" if count < COUNT else "far too many"
        raise UserError(f"compare={compare[:200]} gives {told} combinations; at most {PREVIEW_COMBINATIONS} are shown")
    return list(itertools.product(*choices.values()))


def compared(request: ConvertRequest, combination: Sequence[str]) -> ConvertRequest:
    """Return a request with other choices. Raises UserError for a setting or value that there is not."""
    if not combination:
        return request
    names = {_name(choice) for choice in combination}
    chosen = {choice.partition("=")[0] for choice in combination}
    said = [one for one in typed_again("convert", request) if one.partition("=")[0] not in chosen]
    composed = compose_config("convert", [*said, *combination])
    return dataclasses.replace(request, **{name: getattr(composed, name) for name in names})


def _name(choice: str) -> str:
    """Return the setting that NAME=VALUE or NAME.PART=VALUE is of."""
    return choice.partition("=")[0].split(".")[0]
