"""The gallery that comes with the program: rendered people with invented names, and its calibration."""

from __future__ import annotations

import hashlib
from functools import cache

from faceswap.lookalike.gallery import Gallery, load_gallery
from faceswap.lookalike.search import refuse_other_embedder
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of
from faceswap.utils.limits import PRETRAINED_BYTES
from faceswap.utils.untrusted.reading import Untrusted, read_bytes

NAME = "gallery"  # in the manifest of the shipped networks


def embedder_tag() -> str:
    """Return what names the weights of the built-in embedder."""
    return entry_of("embedder").tag


@cache
def shipped_gallery() -> Gallery:
    """Return the rendered people, checked against the manifest.

    Raises:
        UserError: The file is missing, damaged, or was made with another embedder.
    """
    entry = entry_of(NAME)
    try:
        content = read_bytes(entry.path, PRETRAINED_BYTES)
    except (OSError, Untrusted) as error:
        raise UserError(f"cannot read the gallery {entry.path}: {error}; install the package again") from error
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise UserError(f"{entry.path} is damaged; install the package again")
    gallery = load_gallery(entry.path, content)
    refuse_other_embedder(gallery, embedder_tag(), "the shipped gallery")
    return gallery
