"""What the HDR of a film was graded on: the colours and light of its mastering screen, and its brightest pictures."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.video.frame import VideoFrame

# As FFmpeg lays them out: ten fractions, then two flags; two numbers.
_MASTERING, _LIGHT_LEVEL = struct.Struct("=20i2i"), struct.Struct("=2I")
_COLOUR_UNIT, _LUMINANCE_UNIT = 50_000, 10_000  # of SMPTE ST 2086: 0.00002 of x or y, 0.0001 cd/m2
_MOST = 2**32 - 1


@dataclass(frozen=True)
class HdrLight:
    """SMPTE ST 2086 and CTA-861.3 in their own units.

    Attributes:
        red, green, blue, white: x, y of the mastering screen, in 0.00002; empty where the film does not tell.
        luminance: Its brightest and darkest, in 0.0001 cd/m2.
        brightest: The film's brightest pixel and the mean of its brightest picture, cd/m2; (0, 0) for unknown.
    """

    red: tuple[int, int] | tuple[()] = ()
    green: tuple[int, int] | tuple[()] = ()
    blue: tuple[int, int] | tuple[()] = ()
    white: tuple[int, int] | tuple[()] = ()
    luminance: tuple[int, int] | tuple[()] = ()
    brightest: tuple[int, int] = (0, 0)


def hdr_light(frame: VideoFrame) -> HdrLight | None:
    """Return what a film's first picture says of it; None where it says nothing that could be true."""
    mastering = _unpacked(frame, "MASTERING_DISPLAY_METADATA", _MASTERING)
    light = _unpacked(frame, "CONTENT_LIGHT_LEVEL", _LIGHT_LEVEL)
    brightest = (light[0], light[1]) if light and max(light) <= 65_535 else (0, 0)
    if mastering is None or not (mastering[20] and mastering[21]):
        return HdrLight(brightest=brightest) if any(brightest) else None
    try:
        parts = [Fraction(*mastering[place : place + 2]) for place in range(0, 20, 2)]
    except ZeroDivisionError:
        return HdrLight(brightest=brightest) if any(brightest) else None
    if not all(0 <= part <= 1 for part in parts[:8]) or not 0 <= parts[8] < parts[9] <= _MOST / _LUMINANCE_UNIT:
        return HdrLight(brightest=brightest) if any(brightest) else None
    red, green, blue, white = (
        (round(parts[i] * _COLOUR_UNIT), round(parts[i + 1] * _COLOUR_UNIT)) for i in range(0, 8, 2)
    )
    luminance = round(parts[9] * _LUMINANCE_UNIT), round(parts[8] * _LUMINANCE_UNIT)
    return HdrLight(red, green, blue, white, luminance, brightest)


def x265_words(light: HdrLight | None) -> str:
    """Return x265's parameters that write it into a film: PyAV cannot attach it to a stream."""
    words = ["log-level=none"]
    if light and light.luminance:
        screen = "".join(
            f"{name}({','.join(map(str, pair))})"
            for name, pair in (
                ("G", light.green), ("B", light.blue), ("R", light.red), ("WP", light.white), ("L", light.luminance),
            )
        )  # fmt: skip
        words.append(f"master-display={screen}")
    if light and any(light.brightest):
        words.append(f"max-cll={light.brightest[0]},{light.brightest[1]}")
    return ":".join(words)


def _unpacked(frame: VideoFrame, kind: str, layout: struct.Struct) -> tuple[Any, ...] | None:
    data: Any = frame.side_data.get(kind)
    if data is None:
        return None
    content = memoryview(data)
    return layout.unpack_from(content) if content.nbytes >= layout.size else None
