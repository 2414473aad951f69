"""A visitor's photo: its kind told by its first bytes, bounded before it is decoded, upright, without metadata."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from faceswap.media.pictures.images import encode_image, image_header, read_image
from faceswap.utils.errors import UserError
from faceswap.utils.limits import VISITOR_PHOTO_BYTES, VISITOR_PHOTO_PIXELS, check_size

SIDE_PX = 1280  # of the longer side of what is kept
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_UNREADABLE = "that photo cannot be read; send a JPEG, PNG, WebP or HEIC file"


def clean_photo(content: bytes, folder: Path) -> bytes:
    """Return a photo as a JPEG of its pixels alone: upright, at most SIDE_PX, whatever else was in the file left out.

    Args:
        content: What was sent.
        folder: Where it may lie while it is read.

    Raises:
        UserError: It is no photo of an accepted kind, damaged, or too large.
    """
    if not content:
        raise UserError("that file is empty; choose a photo")
    check_size("that photo", len(content), VISITOR_PHOTO_BYTES)
    suffix = kind_of(content)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix) as file:
        file.write(content)
        file.flush()
        try:
            header = image_header(file.name)
        except UserError as error:
            raise UserError("that photo has more pixels than are accepted; send a smaller one") from error
        if header is None:
            raise UserError(_UNREADABLE)
        check_size("that photo", header.width * header.height, VISITOR_PHOTO_PIXELS, "pixels")
        try:
            image = read_image(file.name)
        except UserError as error:
            raise UserError(_UNREADABLE) from error
    scale = SIDE_PX / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_image(image, ".jpg", quality=92, metadata={})


def kind_of(content: bytes) -> str:
    """Return the suffix of a photo by its first bytes. Raises UserError for any other file, whatever it is called."""
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF:
        return ".avif" if content[8:12] == b"avif" else ".heic"
    raise UserError(_UNREADABLE)
