"""Attribute scores of images, by the shipped network or a user's function."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceswap.core.geometry import mean_face_in_crop, transform_points, view_of_crop
from faceswap.facenets.attributes import COLOURS, NUMBERS, SHARES, AttributeReader, Attributes
from faceswap.facenets.views import CROP_PX
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.utils.errors import UserError

# Style crops (N, R, R, 3) uint8 RGB -> scores (N,) by name.
Scorer = Callable[[NDArray[np.uint8]], Mapping[str, NDArray]]

SCORED = (*NUMBERS, *SHARES, *COLOURS)  # what the shipped network tells of a face
LEAST_SHARE = 1e-3  # a network is never surer than that; log-odds stay finite
_LUMA = (0.2126, 0.7152, 0.0722)


def mean_points_in_style(size_px: int) -> NDArray[np.float32]:
    """Return where the mean face's 68 points lie in a style crop of `size_px`, (68, 2).

    Alignment brings every face there.
    """
    return transform_points(view_of_crop(CROP_PX, STYLE_COVERAGE, size_px), mean_face_in_crop(CROP_PX))


class AttributeScorer:
    """Scores style crops by the shipped attribute network (`reader` replaces it): SCORED by name.

    Numbers are in years and degrees; shares are log-odds, which do not saturate; `skin` and `hair` are how light they
    are, in [0, 1].
    """

    def __init__(self, device: str = "auto", reader: AttributeReader | None = None) -> None:
        self._reader = reader or AttributeReader(device)

    def __call__(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        # An aligned face is where the mean face is, by definition of the alignment: no need to look for its points.
        points = [mean_points_in_style(images.shape[1])] * len(images)
        faces = self._reader.read(list(images), points)
        return {name: np.array([_score(face, name) for face in faces], np.float64) for name in SCORED}


def _score(face: Attributes, name: str) -> float:
    value = getattr(face, name)
    if name in SHARES:
        value = min(max(value, LEAST_SHARE), 1 - LEAST_SHARE)
        return float(np.log(value / (1 - value)))
    return float(luma(value)) if name in COLOURS else float(value)


def luma(colours: ArrayLike) -> NDArray[np.float64]:
    """Return how light colours (..., 3), sRGB in [0, 1], are: (...)."""
    return np.asarray(colours, np.float64) @ _LUMA


def scorer_by_name(name: str) -> Scorer:
    """Return the user's function "module:function": style crops (N, R, R, 3) uint8 RGB -> {name: (N,)}, or (N,) alone.

    Raises:
        UserError: It cannot be found; at work, when what it returns makes no sense.
    """
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise UserError(f"scorer={name}: write it as module:function")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise UserError(f"scorer={name}: {error}; it is looked for where Python looks for modules") from error

    def score(images: NDArray[np.uint8]) -> dict[str, NDArray]:
        try:
            found = function(images)
        except Exception as error:  # a mistake in the user's own function is theirs to mend
            raise UserError(f"scorer={name} failed: {type(error).__name__}: {error}") from error
        table = found if isinstance(found, Mapping) else {function_name: found}
        columns = {str(key): np.asarray(values, np.float64) for key, values in table.items()}
        for key, column in columns.items():
            if column.shape != (len(images),) or not np.isfinite(column).all():
                raise UserError(f"scorer={name}: '{key}' must be {len(images)} finite numbers, one for each picture")
        return columns

    return score
