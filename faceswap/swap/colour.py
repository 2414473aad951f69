"""Random colour changes through albumentations, described as data: a list of {name, kwargs}."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.faces.errors import UserError


class ColourChange:
    """A list of albumentations transforms that change colours only; the seed alone decides what they do.

    `transforms`: {"name": class of albumentations, "kwargs": its arguments}, applied in order; an empty list changes
    nothing. Raises UserError for a name or argument that albumentations does not know, or that moves pixels.
    """

    def __init__(self, transforms: Sequence[Mapping[str, Any]] = ()) -> None:
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # or it asks the package index at import
        import albumentations

        self._compose = albumentations.Compose([_transform(albumentations, spec) for spec in transforms])
        self._empty = not transforms

    def seed(self, seed: int) -> None:
        """Fixes all that follows."""
        if not self._empty:
            # Not its set_random_seed, which takes longer than the change and gives all transforms the same numbers.
            self._compose.set_random_state(np.random.default_rng(seed), random.Random(seed))

    def __call__(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB -> the same shape, one random change for the whole picture."""
        return image if self._empty else self._compose(image=image)["image"]


def _transform(albumentations: Any, spec: Mapping[str, Any]) -> Any:
    unknown = set(spec) - {"name", "kwargs"}
    if unknown or "name" not in spec:
        raise UserError(f"colour: an entry is {{name: ..., kwargs: {{...}}}}, not {dict(spec)}")
    name, kwargs = spec["name"], dict(spec.get("kwargs") or {})
    kind = getattr(albumentations, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, albumentations.ImageOnlyTransform)):
        raise UserError(f"colour: '{name}' is no colour transform of albumentations; try RandomBrightnessContrast")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it only warns about arguments it does not know
        try:
            return kind(**kwargs)
        except (ValueError, TypeError, UserWarning) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"colour: albumentations does not accept {name}({kwargs}): {reason}") from error
