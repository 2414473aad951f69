"""File names of crops, which sort by source, frame and face."""

from __future__ import annotations

import re

from faceswap.utils.choices import IMAGE_FORMATS

_CROP = re.compile(rf"(s\d+_)?\d{{6,}}_\d{{2,}}\.({'|'.join(IMAGE_FORMATS)})")


def crop_name(source: int, frame: int, face: int, image_format: str) -> str:
    """Return the file of a face; the first source's carry no number, as those of a set of one film."""
    prefix = f"s{source:02d}_" if source else ""
    return f"{prefix}{frame:06d}_{face:02d}.{image_format}"


def looks_like_a_crop(name: str) -> bool:
    """Return whether a file could be taken for a crop by its name.

    Cameras write such names too: `20190101_123456.jpg`.
    """
    return _CROP.fullmatch(name) is not None
