"""Films of more than 8 bits made on the spot, their planes told and read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap.core.stored_picture import StoredPicture
from faceswap.media.video.colour_tags import ColourTags, codes_to_rgb_matrix
from faceswap.media.video.stored import layout_of, stored_to_frame

PQ = ColourTags(1, 9, 9, 16)
HLG = ColourTags(1, 9, 9, 18)
# BT.2020 primaries, D65, 1000 cd/m2 down to 0.005; brightest pixel 900, brightest picture 300.
X265_LIGHT = "master-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50):max-cll=900,300"


def ramp(pixel_format: str, size: tuple[int, int], tags: ColourTags, number: int = 0) -> StoredPicture:
    """A slow gradient over the whole range of brightness with all colours, and noise of one code value."""
    bits, step, is_rgb = layout_of(pixel_format)
    rng = np.random.default_rng(number)
    most, low = 2**bits - 1, 2 ** (bits - 4)
    planes = []
    for plane in range(3):
        x, y = step if plane and not is_rgb else (1, 1)
        width, height = -(-size[0] // x), -(-size[1] // y)
        rows, columns = np.mgrid[:height, :width]
        course = (columns if plane != 2 else rows) / max(1, (width if plane != 2 else height) - 1)
        values = low + course * (most - 2 * low) + rng.integers(0, 2, (height, width)) + number
        planes.append(values.astype(np.uint8 if bits == 8 else np.uint16))
    colours = ColourTags(2, 0) if is_rgb else tags
    return StoredPicture((planes[0], planes[1], planes[2]), codes_to_rgb_matrix(colours, *size, bits), bits, step)


def make_deep_film(
    path: Path,
    pixel_format: str = "yuv420p10le",
    size: tuple[int, int] = (64, 48),
    tags: ColourTags = PQ,
    count: int = 4,
    light: str = "",
) -> list[StoredPicture]:
    """Writes frames without loss (FFV1; HEVC where `light` is given) and returns their planes."""
    options = {"x265-params": f"log-level=none:lossless=1:bframes=0:{light}", "preset": "ultrafast"} if light else {}
    pictures = [ramp(pixel_format, size, tags, number) for number in range(count)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx265" if light else "ffv1", rate=Fraction(25), options=options)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        context = stream.codec_context
        context.color_range, context.colorspace = tags.range, tags.matrix
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        for number, picture in enumerate(pictures):
            frame = stored_to_frame(picture, tags, pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return pictures


def errors(film: list[StoredPicture], result: list[StoredPicture]) -> list[float]:
    """Mean differences of the planes, in code values of 10 bits; of the first alone where the others differ in size."""
    assert len(film) == len(result)
    is_alike = film[0].planes[1].shape == result[0].planes[1].shape
    return [
        float(np.mean([np.abs(_ten_bits(a, n) - _ten_bits(b, n)).mean() for a, b in zip(film, result, strict=True)]))
        for n in range(3 if is_alike else 1)
    ]


def _ten_bits(picture: StoredPicture, number: int) -> np.ndarray:
    return picture.planes[number].astype(float) * 2.0 ** (10 - picture.bits)


def broadest_band(plane: np.ndarray) -> int:
    """How many pixels of a row have one value, at most."""
    changes = [np.flatnonzero(np.diff(row.astype(int), prepend=-1, append=-1)) for row in plane]
    return int(max(np.diff(change).max() for change in changes))
