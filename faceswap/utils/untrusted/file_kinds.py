"""Files that are not what their name says: web pages, answers of servers, Git LFS pointers in the place of weights."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from faceswap.utils.untrusted.reading import Untrusted, open_regular

_HEAD_BYTES = 512
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")  # gzip, 7z, RAR, xz, bzip2


def mistaken_for(head: bytes) -> str:
    """Return what a file that begins with `head` is in the place of weights, as a clause; "" where that is unknown."""
    head = head[:_HEAD_BYTES]
    if head.startswith(b"version https://git-lfs"):
        return "it is only a pointer of Git LFS, the file itself was not fetched: run git lfs pull where it comes from"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<script", b"<!--")):
        return "it is a web page, saved in the file's place: download the file itself, after logging in if need be"
    if not head:
        return "it is empty"
    if not head.strip(b"\0"):
        return "it begins with zeros: its content was lost, or never came: copy or download it again"
    if head.startswith(_PACKED):
        return "it is packed: unpack it first"
    if start.startswith((b"{", b"[")) and b"\0" not in head:  # safetensors begins with a number of eight bytes
        return "it is JSON, perhaps a server's answer in the file's place: download the file itself"
    return ""


def look_mistaken(path: str | Path) -> str:
    """Return `mistaken_for` of a file's beginning; "" also for one that cannot be read."""
    with suppress(OSError, Untrusted), open(open_regular(path), "rb") as file:
        return mistaken_for(file.read(_HEAD_BYTES))
    return ""
