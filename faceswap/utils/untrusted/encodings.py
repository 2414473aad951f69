"""Text encodings: UTF-8, byte order marks, UTF-16, and Windows' cp1252."""

from __future__ import annotations

import codecs
import logging
import re

log = logging.getLogger(__name__)

# The longer mark comes first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")  # control characters that no text has


def decode_text(content: bytes, name: str) -> str:
    r"""Return the text that bytes hold, its line ends as "\n".

    UTF-8 and, by their byte order marks, UTF-16 and UTF-32 are read as such; what is none of them is taken for
    Windows' Western alphabet (cp1252), with a warning that calls the file `name`.

    Raises:
        ValueError: It is no text; the message names the encoding that was tried.
    """
    encoding = "utf-8"
    for mark, marked in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            break
    else:
        if b"\0" in content[:200]:  # UTF-16 without its mark: every other byte of Western text is zero
            encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ValueError(f"no readable {encoding.upper()} ({error.reason}); save it as UTF-8") from error
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise ValueError("neither UTF-8 nor UTF-16 nor cp1252 (Windows); save it as UTF-8") from error
        if not _NO_TEXT.search(text):
            log.warning("%s is no UTF-8: read as cp1252 (Windows); save it as UTF-8 if letters look wrong", name)
    if _NO_TEXT.search(text):
        raise ValueError(f"this is no text ({encoding.upper()} was tried); save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
