"""Random colour changes through albumentations, described as data: a list of {name, kwargs}."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 16  # of a colour table along red, green and blue: every 17th level, both ends included


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

    @property
    def empty(self) -> bool:
        return self._empty

    def looks_at_pixels_alone(self) -> bool:
        """Whether what becomes of a pixel depends on its colour alone, so that a table holds it: tried, not proved."""
        rng = np.random.default_rng(0)
        picture = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
        other = np.concatenate([picture[:16][rng.permutation(16)[:, None], rng.permutation(32)], picture[:16] // 4])
        order = np.lexsort(picture[:16].reshape(-1, 3).T), np.lexsort(other[:16].reshape(-1, 3).T)
        for seed in range(16):
            changed = []
            for shown, places in zip((picture, other), order, strict=True):
                self.seed(seed)
                changed.append(self(shown)[:16].reshape(-1, 3)[places])
            if np.abs(changed[0].astype(int) - changed[1]).max() > 1:
                return False
        return True


def _transform(albumentations: Any, spec: Mapping[str, Any]) -> Any:
    is_plain = isinstance(spec, Mapping) and isinstance(spec.get("kwargs") or {}, Mapping)
    if not is_plain or "name" not in spec or set(spec) - {"name", "kwargs"}:
        raise UserError(f"augment.colour: an entry is {{name: ..., kwargs: {{...}}}}, not {str(spec)[:80]}")
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


@cache
def colour_table() -> NDArray[np.uint8]:
    """What leaves every colour as it is: (16, 16, 16, 3) uint8 over red, green and blue, each entry its own colour."""
    levels = np.linspace(0, 255, STEPS).astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)


def recolour_torch(pictures: Tensor, tables: Tensor) -> Tensor:
    """(N, K, 3, R, R) RGB in [0, 1], each of N by its own table (N, 16, 16, 16, 3) uint8, between its entries linearly.

    A table is a colour_table() that went through a change of colours as a picture.
    """
    from torch.nn import functional

    values = tables.permute(0, 4, 1, 2, 3).float() / 255
    places = pictures.permute(0, 1, 3, 4, 2).flip(-1) * 2 - 1  # grid_sample counts from the last axis: blue
    drawn = functional.grid_sample(values, places, "bilinear", "border", align_corners=True)
    return drawn.transpose(1, 2)
