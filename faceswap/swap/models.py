"""The models by name: what a checkpoint may name, and nothing else is ever built from one."""

from __future__ import annotations

from collections.abc import Mapping

from faceswap.faces.errors import UserError
from faceswap.swap.blocks import SwapModel
from faceswap.swap.lite import Lite
from faceswap.swap.original import Original

MODELS: dict[str, type[SwapModel]] = {"original": Original, "lite": Lite}


def model_name(model: SwapModel) -> str:
    """The name a model is registered under. Raises KeyError for one that is not."""
    return {kind: name for name, kind in MODELS.items()}[type(model)]


def build_model(name: object, settings: object) -> SwapModel:
    """A fresh model of a registered kind. Raises UserError for an unknown name or settings that do not fit it."""
    if not isinstance(name, str) or name not in MODELS:
        raise UserError(f"unknown model '{name}': this version knows {', '.join(MODELS)}")
    coverage = settings.get("coverage") if isinstance(settings, Mapping) and set(settings) == {"coverage"} else None
    if isinstance(coverage, bool) or not isinstance(coverage, float | int) or not 0 < coverage <= 1:
        raise UserError(f"settings {settings} do not fit the model '{name}': expected coverage in (0, 1]")
    return MODELS[name](coverage=coverage)
