"""The models by name: what a checkpoint may name, and nothing else is ever built from one."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

from faceswap.swap.models.df import Df
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.liae import Liae
from faceswap.swap.models.lite import Lite
from faceswap.swap.models.original import Original
from faceswap.utils.errors import UserError

MODELS: dict[str, type[SwapModel]] = {"original": Original, "lite": Lite, "df": Df, "liae": Liae}
ADDED_SETTINGS = {"beta": 0.0, "output_scale": 1}  # what weights files of earlier versions do not say


def known_models() -> dict[str, type[SwapModel]]:
    """Return all models by name: the shipped ones, and those of others whose modules have been imported.

    A name in a file imports nothing: a model of one's own is known once one's own program has imported it.
    """
    others = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _kinds_of(SwapModel)}
    return {name: kind for name, kind in others.items() if kind not in MODELS.values()} | MODELS


def model_name(model: SwapModel) -> str:
    """Return the name by which build_model() finds a model's class again."""
    return next(name for name, kind in known_models().items() if kind is type(model))


def check_rebuildable(model: SwapModel) -> None:
    """Raise UserError for a model that does not tell its constructor's arguments: no checkpoint could be read again."""
    kind = type(model)
    for name, argument in inspect.signature(kind).parameters.items():
        if argument.default is inspect.Parameter.empty or not hasattr(model, name):
            raise UserError(
                f"the model {kind.__name__} cannot be loaded again: give its argument '{name}' a default, and keep it "
                f"as self.{name}"
            )


def sized_name(name: object, settings: object) -> str:
    """The name as people choose it (`model=df_96`): with the resolution, where the model comes in several."""
    resolution = settings.get("resolution") if isinstance(settings, Mapping) else None
    return f"{name}_{resolution}" if isinstance(resolution, int) else str(name)


def build_model(name: object, settings: object) -> SwapModel:
    """Return a fresh model of a known kind.

    Raises:
        UserError: The name is unknown, or the settings do not fit it.
    """
    known = known_models()
    if not isinstance(name, str) or name not in known:
        raise UserError(
            f"unknown model '{name}': this version knows {', '.join(MODELS)}; import the module of your own model first"
        )
    defaults = {key: argument.default for key, argument in inspect.signature(known[name]).parameters.items()}
    try:
        return known[name](**_checked(settings, defaults))
    except ValueError as error:
        raise UserError(f"settings {settings} do not fit the model '{name}': {error}") from error


def _kinds_of(base: type[SwapModel]) -> Iterator[type[SwapModel]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def _checked(settings: object, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, all there, each of its default's kind. Raises ValueError."""
    given = settings if isinstance(settings, Mapping) else {}
    values = {key: given.get(key, ADDED_SETTINGS.get(key)) for key in defaults}
    if not set(given) <= set(defaults) or None in values.values():
        raise ValueError(f"expected {', '.join(defaults)}")
    for key, value in values.items():
        if isinstance(defaults[key], bool | str):
            if type(value) is not type(defaults[key]):
                raise ValueError(f"{key} cannot be {value!r:.60}")
            continue
        kinds = int if isinstance(defaults[key], int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
            raise ValueError(f"{key} is no number that it can be")
    if not 0 < values.get("coverage", 1) <= 1:
        raise ValueError("expected coverage in (0, 1]")
    return values
