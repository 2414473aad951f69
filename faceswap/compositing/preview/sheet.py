"""The page of a preview: frames at 100 % under each choice of settings, a slider to the film as it was.

One file that shows itself anywhere: its pictures stand in it, and nothing is asked of the network. Those that were made
with AI say so and are signed, as every result is.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.media.pictures.images import encode_image, encode_made
from faceswap.utils.files.atomic import write_text

AROUND = 0.5  # of the swapped part's size that is shown on each side of it
LEAST_PX = 192  # side of what is shown


@dataclass(frozen=True, eq=False)
class Variant:
    """One choice of settings.

    Attributes:
        settings: What is compared, as `mask=hull colour=mkl`; empty where nothing is.
        line: The command that converts the film so.
        made: The frames (H, W, 3) by their number.
        about: Metadata of the pictures.
    """

    settings: str
    line: str
    made: Mapping[int, NDArray[np.uint8]]
    about: Mapping[str, str]


def write_sheet(
    path: Path, title: str, as_filmed: Mapping[int, NDArray[np.uint8]], variants: Sequence[Variant], quality: int = 97
) -> None:
    """Write the page.

    Args:
        path: Of the page, .html.
        title: What it is called.
        as_filmed: The frames (H, W, 3) by their number.
        variants: With the same frames, at least one.
        quality: Of the JPEG pictures, to 100.
    """
    numbers = sorted(as_filmed)
    parts = {index: shown_part(as_filmed[index], [one.made[index] for one in variants]) for index in numbers}
    filmed = []
    for index in numbers:
        uri = _uri(encode_image(as_filmed[index][parts[index]], ".jpg", quality=quality, metadata=None))  # as it was
        filmed.append(f".filmed.f{index}{{background-image:url({uri})}}")
    style, script = _part("sheet.css"), _part("sheet.js")
    values = {
        "title": html.escape(title),
        "notice": html.escape(variants[0].about.get("description", "")),
        "style": style + "\n" + "\n".join(filmed),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "frames": "".join(f'<option value="{index}">frame {index}</option>' for index in numbers),
        "variants": "\n".join(_sections(variants, numbers, parts, quality)),
    }
    page = re.sub(
        r"\{\{(\w+)\}\}", lambda found: values[found[1]], _part("sheet.html")
    )  # once: names may hold {{style}}
    write_text(path, page)


def shown_part(filmed: NDArray[np.uint8], made: Sequence[NDArray[np.uint8]]) -> tuple[slice, slice]:
    """Return the rows and columns around what any of the pictures changed; all where none changed a thing."""
    changed = np.any([(one != filmed).any(-1) for one in made], axis=0)
    if not changed.any():
        return slice(0, filmed.shape[0]), slice(0, filmed.shape[1])
    rows, columns = (_around(np.flatnonzero(changed.any(axis)), filmed.shape[1 - axis]) for axis in (1, 0))
    return rows, columns


def _around(places: NDArray[np.intp], length: int) -> slice:
    first, last = int(places[0]), int(places[-1]) + 1
    more = max(AROUND * (last - first), (LEAST_PX - (last - first)) / 2)
    return slice(max(0, int(first - more)), min(length, int(last + more)))


def _sections(
    variants: Sequence[Variant], numbers: Sequence[int], parts: Mapping[int, tuple[slice, slice]], quality: int
) -> Iterator[str]:
    for place, variant in enumerate(variants, 1):
        name = html.escape(variant.settings or "as chosen")
        figures = "".join(_figure(index, variant, name, parts[index], quality) for index in numbers)
        yield (
            f'<section id="v{place}" tabindex="-1" aria-label="{name}"><h2><kbd>{place}</kbd> {name}</h2>'
            f'<div class="frames" tabindex="0" role="group" aria-label="frames with {name}">{figures}</div>'
            f'<p class="line"><code>{html.escape(variant.line)}</code>'
            '<button type="button" class="copy">Copy</button></p></section>'
        )


def _figure(index: int, variant: Variant, name: str, part: tuple[slice, slice], quality: int) -> str:
    """Return a frame, signed, with the film as it was over it; `name` is HTML."""
    made = variant.made[index][part]
    uri = _uri(encode_made(made, f"frame_{index}.jpg", quality=quality, metadata=variant.about))
    rows, columns = part
    width, height = columns.stop - columns.start, rows.stop - rows.start
    return (
        f'<figure data-frame="{index}"><div class="picture" style="width:{width}px;height:{height}px">'
        f'<img width="{width}" height="{height}" src="{uri}" alt="frame {index}, {name}">'
        f'<div class="filmed f{index}" role="img" aria-label="frame {index} as filmed"></div></div>'
        f"<figcaption>frame {index}</figcaption></figure>"
    )


def _uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _part(name: str) -> str:
    return resources.files("faceswap.compositing.preview").joinpath(name).read_text(encoding="utf-8")
