"""Face embeddings (unit vectors): cosine similarity, mean, and storage as text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import EMBEDDING_SIZE

_STEPS = 127  # a number in [-1, 1] becomes a byte; two vectors' likeness changes by less than 0.01


def likeness(a: NDArray, b: NDArray) -> float:
    """Return the cosine of two embeddings (128,), in [-1, 1]; 1: the same face."""
    return float(np.clip(np.dot(a, b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9), -1, 1))


def mean_of(embeddings: Iterable[NDArray]) -> NDArray[np.float32]:
    """Return the unit vector (128,) in the middle of several."""
    total = np.stack(list(embeddings)).sum(0, dtype=np.float64)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


def packed(embedding: NDArray) -> str:
    """Return an embedding (128,) as 172 characters."""
    numbers = np.clip(np.round(np.asarray(embedding, np.float64) * _STEPS), -_STEPS, _STEPS).astype(np.int8)
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def unpacked(text: str) -> NDArray[np.float32]:
    """Return the embedding of `packed`'s text.

    Raises:
        ValueError: It is none.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not an embedding: {error}") from error
    if len(data) != EMBEDDING_SIZE:
        raise ValueError(f"an embedding has {EMBEDDING_SIZE} bytes, not {len(data)}")
    return np.frombuffer(data, np.int8).astype(np.float32) / np.float32(_STEPS)


def as_stored(embedding: NDArray) -> NDArray[np.float32]:
    """Return what an embedding is when it comes back from its text: a resumed run then decides as the first did."""
    return unpacked(packed(embedding))
