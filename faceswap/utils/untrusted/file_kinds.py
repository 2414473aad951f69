"""Files that are not what their name says: web pages, answers of servers, Git LFS pointers, playlists."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from faceswap.utils.untrusted.reading import Untrusted, open_regular

IS_PLAYLIST = "it is a playlist, not a film: it only names other files, which are not followed; give the film itself"
_HEAD_BYTES = 512
_PLAYLIST = (b"#extm3u", b"[playlist]", b"[reference]", b"ffconcat version", b"<asx", b"<mpd", b"<smil", b"<?wpl")
_PLAYLIST_NAMES = (".m3u", ".m3u8", ".pls", ".asx", ".wax", ".wvx", ".wpl", ".xspf", ".mpd", ".smil", ".ffconcat")
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")  # gzip, 7z, RAR, xz, bzip2


def mistaken_for(head: bytes) -> str:
    """Return what a file that begins with `head` is in the place of weights, as a clause; "" where that is unknown."""
    head = head[:_HEAD_BYTES]
    if head.startswith(b"version https://git-lfs"):
        return "it is only a pointer of Git LFS, the file itself was not fetched: run git lfs pull where it comes from"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    in_xml = start.startswith(b"<?xml") and any(mark in start for mark in (b"xspf.org", b"<mpd", b"<asx", b"<smil"))
    if in_xml or start.startswith(_PLAYLIST):
        return IS_PLAYLIST
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
    """Return `mistaken_for` of a file's beginning; "" also for one that cannot be read.

    A text that is called as playlists are is one: of some kinds each line is just a name.
    """
    with suppress(OSError, Untrusted), open(open_regular(path), "rb") as file:
        head = file.read(_HEAD_BYTES)
        is_list = Path(path).suffix.lower() in _PLAYLIST_NAMES and head and b"\0" not in head
        return IS_PLAYLIST if is_list else mistaken_for(head)
    return ""
