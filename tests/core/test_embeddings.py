"""Embeddings as text: small, exact once stored, and hostile ones refused."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.core.embeddings import as_stored, likeness, mean_of, packed, unpacked


def vectors(count: int) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(count, 128))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_an_embedding_survives_its_text() -> None:
    for vector in [*vectors(20), np.eye(128)[5]]:
        stored = as_stored(vector)
        assert likeness(vector, stored) > 0.998 and abs(np.linalg.norm(stored) - 1) < 0.01
        np.testing.assert_array_equal(as_stored(stored), stored)
        assert len(packed(vector)) == 172


@pytest.mark.parametrize("text", ["", "AAAA", "!" * 172, "A" * 173, "é" * 172])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpacked(text)


def test_likeness_and_mean() -> None:
    a, b = vectors(2)
    assert likeness(a, a) == pytest.approx(1) and likeness(a, -a) == pytest.approx(-1)
    middle = mean_of([a, b])
    assert likeness(middle, a) == pytest.approx(likeness(middle, b), abs=1e-5)
    assert np.linalg.norm(middle) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(mean_of([a, -a])).all() and likeness(a * 0, b) == 0
