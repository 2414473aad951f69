"""The models by name: what a checkpoint may name, and nothing else is ever built from one."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping

from faceswap.swap.models.df import Df
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.original import Original
from faceswap.utils.errors import UserError

MODELS: dict[str, type[SwapModel]] = {"original": Original, "lite": Lite, "df": Df, "liae": Liae}
ADDED_SETTINGS = {"beta": 0.0, "output_scale": 1}  # what weights files of earlier versions do not say


def model_name(model: SwapModel) -> str:
    """The name a model is registered under. Raises KeyError for one that is not."""
    return {kind: name for name, kind in MODELS.items()}[type(model)]


def sized_name(name: object, settings: object) -> str:
    """The name as people choose it (`model=df_96`): with the resolution, where the model comes in several."""
    resolution = settings.get("resolution") if isinstance(settings, Mapping) else None
    return f"{name}_{resolution}" if isinstance(resolution, int) else str(name)


def build_model(name: object, settings: object) -> SwapModel:
    """A fresh model of a registered kind. Raises UserError for an unknown name or settings that do not fit it."""
    if not isinstance(name, str) or name not in MODELS:
        raise UserError(f"unknown model '{name}': this version knows {', '.join(MODELS)}")
    defaults = {key: argument.default for key, argument in inspect.signature(MODELS[name]).parameters.items()}
    try:
        return MODELS[name](**_checked(settings, defaults))
    except ValueError as error:
        raise UserError(f"settings {settings} do not fit the model '{name}': {error}") from error


def _checked(settings: object, defaults: Mapping[str, float | int]) -> dict[str, float | int]:
    """The settings, all there, each a number of its default's kind. Raises ValueError."""
    given = settings if isinstance(settings, Mapping) else {}
    values = {key: given.get(key, ADDED_SETTINGS.get(key)) for key in defaults}
    if not set(given) <= set(defaults) or None in values.values():
        raise ValueError(f"expected {', '.join(defaults)}")
    for key, value in values.items():
        kinds = int if isinstance(defaults[key], int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
            raise ValueError(f"{key} is no number that it can be")
    if not 0 < values["coverage"] <= 1:
        raise ValueError("expected coverage in (0, 1]")
    return values
