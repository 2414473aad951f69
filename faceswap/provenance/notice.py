"""The notice in the metadata of every picture and film that the program makes; its signed record says the same."""

from __future__ import annotations

from typing import Literal

import faceswap

# Terms of the IPTC for how a picture came about: part of it, or all of it, was drawn by a trained model.
COMPOSITE: Literal["compositeWithTrainedAlgorithmicMedia"] = "compositeWithTrainedAlgorithmicMedia"
GENERATED: Literal["trainedAlgorithmicMedia"] = "trainedAlgorithmicMedia"
SourceType = Literal["compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia"]

NOTICE = "made_with_ai"  # the entry by which a result is known; what has it is signed
NOT_RECORDED = "not recorded"  # what is said of a consent that is missing or has run out


def made_with_ai(
    what: str, made_by: str = "", source_type: SourceType = COMPOSITE, model_sha256: str = ""
) -> dict[str, str]:
    """Return the metadata of a result.

    Args:
        what: The beginning of a sentence, such as "the faces in this work were swapped".
        made_by: The model or generator that did it, where there is one.
        source_type: Whether a part of the picture was drawn, or all of it.
        model_sha256: Checksum of that model's weights, where it is known.

    Returns:
        `comment`, `description` (the fields that players and picture viewers show), `made_with_ai`,
        `digital_source_type` and `model_sha256` (for programs).
    """
    maker = f"faceswap {faceswap.__version__}" + (f", {made_by}" if made_by else "")
    sentence = f"Made with AI: {what} by {maker}."
    about = {"comment": sentence, "description": sentence, NOTICE: maker, "digital_source_type": source_type}
    return about | ({"model_sha256": model_sha256} if model_sha256 else {})
