"""A fingerprint of a result's encoded pictures, in the words of its metadata.

When the signed record is gone it tells whether the pictures are still those that were made (the record was taken out,
as every program does that copies streams and does not know it) or were encoded anew. Nothing proves it: it is not
signed.
"""

from __future__ import annotations

import hashlib
import itertools
import mmap
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from faceswap.provenance.notice import NOTICE
from faceswap.utils.limits import NOTICES

_DIGITS = 16
BLANK = f"[pictures {'0' * _DIGITS}]"  # until it is known
_MARK = re.compile(rb" ?\[pictures ([0-9a-f]{%d})\]" % _DIGITS)
_BREAK = re.compile(rb"[\x00-\x1f\x7f<>]")  # a notice holds none of them
_BEGINNING, _LONGEST = b"Made with AI: ", 2000
_NOTICE_ALONE = re.compile(rb"Made with AI: ([^\x00-\x1f\x7f<>\[]{1,2000})")


def marked(about: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of a result with room for its fingerprint; other metadata as they are."""
    if NOTICE not in about:
        return dict(about)
    return {key: f"{text} {BLANK}" if key in ("comment", "description") else text for key, text in about.items()}


def mark_of(pictures: Iterable[bytes | memoryview]) -> str:
    """Return what stands in the place of BLANK, which is as long: sha256 of the encoded pictures, in order."""
    digest = hashlib.sha256()
    for data in pictures:
        digest.update(data)
    return f"[pictures {digest.hexdigest()[:_DIGITS]}]"


def fill(temp: Path, mark: str) -> None:
    """Write the mark into a file that is not yet finished, wherever room was left for it."""
    blank, filled = BLANK.encode(), mark.encode()
    with open(temp, "r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        place = content.find(blank)
        while place >= 0:
            content[place : place + len(blank)] = filled
            place = content.find(blank, place + len(blank))


def said(path: Path) -> tuple[str, str] | None:
    """Return the notice that stands in a file's metadata, and its mark ("" for none); None where there is no notice.

    The file is only searched, not understood: any format will do, and nothing in it can do harm.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        # From the marks backwards: a search for beginnings takes hours in a file that holds nothing but beginnings.
        for mark in itertools.islice(_MARK.finditer(content), NOTICES):
            before = content[max(0, mark.start() - _LONGEST - len(_BEGINNING)) : mark.start()]
            text = _BREAK.split(before)[-1].partition(_BEGINNING)[2]
            if text:
                return text.decode(errors="replace"), f"[pictures {mark[1].decode()}]"
        alone = _NOTICE_ALONE.search(content)
        return (alone[1].decode(errors="replace").strip(), "") if alone else None
