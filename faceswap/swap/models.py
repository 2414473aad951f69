"""The models by name: what a checkpoint may name, and nothing else is ever built from one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from faceswap.faces.errors import UserError
from faceswap.swap.blocks import SwapModel
from faceswap.swap.lite import Lite
from faceswap.swap.original import Original

MODELS: dict[str, type[SwapModel]] = {"original": Original, "lite": Lite}


def model_name(model: SwapModel) -> str:
    """The name a model is registered under. Raises KeyError for one that is not."""
    return {kind: name for name, kind in MODELS.items()}[type(model)]


def build_model(name: str, settings: Mapping[str, Any]) -> SwapModel:
    """A fresh model of a registered kind. Raises UserError for an unknown name or settings that do not fit it."""
    if name not in MODELS:
        raise UserError(f"unknown model '{name}': this version knows {', '.join(MODELS)}")
    coverage = settings.get("coverage")
    if set(settings) != {"coverage"} or not isinstance(coverage, float | int) or not math.isfinite(coverage):
        raise UserError(f"settings {dict(settings)} do not fit the model '{name}'")
    return MODELS[name](**settings)
