"""Exact serialisation of faces to JSON, for resuming interrupted runs."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import EMBEDDING_SIZE, POINT_COUNT, Face


def packed_array(values: NDArray) -> str:
    """Return float32 numbers as text, exactly (records round theirs)."""
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode("ascii")


def unpacked_array(text: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the array of `packed_array`'s text.

    Raises:
        ValueError: It has another size.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("not an array: it is no text of base64") from error
    if len(data) != 4 * int(np.prod(shape)):
        raise ValueError(f"an array of {shape} has another size than {len(data)} bytes")
    array = np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return array


def packed_face(face: Face) -> dict[str, Any]:
    """Return a face as plain values for JSON."""
    return {
        "box": packed_array(face.box),
        "points": packed_array(face.points),
        "score": float(face.score),
        "track": int(face.track),
        "embedding": None if face.embedding is None else packed_array(face.embedding),
        "visible": None if face.visible is None else packed_array(face.visible),
    }


def unpacked_face(value: Any) -> Face:
    """Return the face of `packed_face`. Raises ValueError, KeyError or TypeError when it is none."""
    embedding, visible = value["embedding"], value["visible"]
    return Face(
        unpacked_array(value["box"], (4,)),
        unpacked_array(value["points"], (POINT_COUNT, 2)),
        float(value["score"]),
        int(value["track"]),
        None if embedding is None else unpacked_array(embedding, (EMBEDDING_SIZE,)),
        None if visible is None else unpacked_array(visible, (POINT_COUNT,)),
    )
