"""The notice in the metadata of every picture and film that the program makes."""

from __future__ import annotations

import faceswap


def made_with_ai(what: str, made_by: str = "") -> dict[str, str]:
    """Return the metadata of a result.

    Args:
        what: The beginning of a sentence, such as "the faces in this work were swapped".
        made_by: The model or generator that did it, where there is one.

    Returns:
        `comment`, `description` (the fields that players and picture viewers show) and `made_with_ai` (for programs).
    """
    maker = f"faceswap {faceswap.__version__}" + (f", {made_by}" if made_by else "")
    sentence = f"Made with AI: {what} by {maker}."
    return {"comment": sentence, "description": sentence, "made_with_ai": maker}
