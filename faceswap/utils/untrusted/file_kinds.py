"""Files that are not what their name says: web pages and Git LFS pointers in the place of weights."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_HEAD_BYTES = 512


def mistaken_for(head: bytes) -> str:
    """Return what a file that begins with `head` is in the place of weights, as a clause; "" where that is unknown."""
    head = head[:_HEAD_BYTES]
    if head.startswith(b"version https://git-lfs"):
        return "it is only a pointer of Git LFS, the file itself was not fetched: run git lfs pull where it comes from"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<script", b"<!--")):
        return "it is a web page, saved in the file's place: download the file itself, after logging in if need be"
    return "it is empty" if not head else ""


def look_mistaken(path: str | Path) -> str:
    """Return `mistaken_for` of a file's beginning; "" also for one that cannot be read."""
    with suppress(OSError), open(path, "rb") as file:
        return mistaken_for(file.read(_HEAD_BYTES))
    return ""
