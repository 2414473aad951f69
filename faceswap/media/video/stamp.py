"""The encoded pictures of films, and their fingerprint in the metadata (provenance/fingerprint.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from faceswap.media.video.streams import open_film, picture_stream
from faceswap.provenance.fingerprint import fill, mark_of


def stamp_film(path: Path) -> None:
    """Write a finished film's fingerprint where its metadata have room for it."""
    fill(path, film_mark(path))


def film_mark(path: Path) -> str:
    """Return the fingerprint of a film as it would stand in its metadata; copying its streams does not change it.

    Raises:
        UserError: It is no film.
    """
    return mark_of(_packets(path))


def _packets(path: Path) -> Iterator[bytes]:
    with open_film(path) as film:
        for packet in film.demux(picture_stream(film, path)):
            if packet.size:
                yield bytes(packet)
