"""What is looked at of a photo before a visitor is answered: its kind, told by its first bytes, and its size.

It is decoded by the worker, in a process of its own, which writes it anew (souvenir/photo.py).
"""

from __future__ import annotations

from pathlib import Path

from faceswap.media.pictures.images import image_header
from faceswap.souvenir.photo import UNREADABLE
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.limits import VISITOR_PHOTO_BYTES, VISITOR_PHOTO_PIXELS, check_size

_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def keep_photo(content: bytes, path: Path) -> None:
    """Write a photo as it was sent into a file that is new.

    A power cut may lose it, as it may the row that tells of it; nothing waits for the disk.

    Raises:
        UserError: It is no photo of an accepted kind, or too large; no file is left.
    """
    if not content:
        raise UserError("that file is empty; choose a photo")
    check_size("that photo", len(content), VISITOR_PHOTO_BYTES)
    check_kind(content)
    with writing_errors(path), open(path, "xb") as file:
        file.write(content)
    try:
        _check_pixels(path)
    except UserError:
        path.unlink()
        raise


def check_kind(content: bytes) -> None:
    """Raise UserError for what is no photo by its first bytes, whatever it is called."""
    is_known = (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
        or (content[4:8] == b"ftyp" and content[8:12] in _HEIF)
    )
    if not is_known:
        raise UserError(UNREADABLE)


def _check_pixels(path: Path) -> None:
    try:
        header = image_header(path, VISITOR_PHOTO_PIXELS)
    except UserError as error:
        raise UserError("that photo has more pixels than are accepted; send a smaller one") from error
    if header is None:
        raise UserError(UNREADABLE)
