"""The C2PA manifest of a result: what was done, by which program and models, with whose consent, to which source."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import faceswap
from faceswap.provenance.notice import COMPOSITE, NOTICE
from faceswap.utils.files.checksums import sha256_of

GENERATOR = "faceswap"
MAKING = "faceswap.making"  # the assertion that holds what C2PA has no field for
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_IN_WORDS = ("comment", "description")  # of the notice; in the manifest its parts stand by themselves


def manifest_of(name: str, about: Mapping[str, str], sources: Sequence[Path] = ()) -> dict[str, Any]:
    """Return the manifest of a result as C2PA's builder takes it.

    Args:
        name: The result's file name.
        about: Its metadata (notice.py).
        sources: What it was made from; the first becomes an ingredient of the id `source`, which the caller adds.
    """
    agent = {"name": GENERATOR, "version": faceswap.__version__}
    source_type = _SOURCE_TYPES + about.get("digital_source_type", COMPOSITE)
    done: dict[str, Any] = {
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": agent,
        "digitalSourceType": source_type,
        "description": about.get("description", about[NOTICE]),
    }
    if sources:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}}
        actions = [opened, {"action": "c2pa.edited", **done}]
    else:
        actions = [{"action": "c2pa.created", **done}]
    making: dict[str, Any] = {key: text for key, text in about.items() if key not in _IN_WORDS}
    if sources:
        making["sources"] = [{"name": _text(source.name), "sha256": sha256_of(source)} for source in sources]
    return {
        "claim_generator_info": [agent],
        "title": _text(name),
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": MAKING, "data": making},
        ],
    }


def ingredient_of(source: Path) -> dict[str, Any]:
    """Return a source as the ingredient that a result's first action opens; its bytes are given with it."""
    return {"title": _text(source.name), "relationship": "parentOf", "instance_id": "source"}


def _text(name: str) -> str:
    """Return a file name as text: what is no UTF-8 in it becomes question marks."""
    return name.encode(errors="replace").decode()
