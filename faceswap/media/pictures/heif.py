"""HEIC pictures (of iPhones and other phones): tiled, rotated by the container."""

from __future__ import annotations

from pathlib import Path


def heif_formats(path: Path) -> tuple[str, ...]:
    """Return Pillow's name of the format when the file may be HEIC, which is learnt then, else nothing.

    Raises:
        OSError: For a HEIC or AVIF file that is cut off.
    """
    with open(path, "rb") as file:
        head = file.read(12)
    if head[4:8] != b"ftyp":
        return ()
    _check_boxes(path)
    if head[8:11] == b"avi":  # AVIF, which Pillow reads itself
        return ()
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False)
    return ("HEIF",)


def film_in_its_place(path: Path) -> str:
    """Return what to do, as a clause, where a film or a HEIC sequence (a burst) has a picture's name; else nothing."""
    with open(path, "rb") as file:
        is_container = file.read(8)[4:] == b"ftyp"
    return "it is a film or a sequence of pictures: name it .mp4, and it is read as a film" if is_container else ""


def _check_boxes(path: Path) -> None:
    """Raise OSError for a HEIC or AVIF file that is cut off, whose missing tiles would be gray without a word."""
    size, place = path.stat().st_size, 0
    with open(path, "rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(16).ljust(16, b"\0")
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:], "big")
            if length == 0:  # to the end
                return
            place += max(8, length)
    if place > size:
        raise OSError("truncated")
