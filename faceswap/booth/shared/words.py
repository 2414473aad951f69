"""What visitors write, checked: names and addresses, on one line each."""

from __future__ import annotations

import re

from faceswap.utils.errors import UserError

NAME_CHARACTERS = 40
CONSENT = (
    "I am the person in this photo, and of age, or my parents agree. The booth may compare my face with those of its "
    "gallery and make films and pictures of it with AI, for me and for this evening. I can delete everything whenever "
    "I like."
)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


def plain_name(text: str) -> str:
    """Return a name on one line. Raises UserError for one that is too long or holds what is not printed."""
    name = " ".join(text.split())
    if len(name) > NAME_CHARACTERS or not name.isprintable():
        raise UserError(f"a name has up to {NAME_CHARACTERS} plain characters")
    return name


def mail_address(text: str) -> str:
    """Return a mail address. Raises UserError for what is none: no line break gets into a mail's header."""
    address = text.strip(" ")
    if address and (len(address) > 254 or not _ADDRESS.fullmatch(address)):
        raise UserError("that is no mail address")
    return address
