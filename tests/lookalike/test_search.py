"""Whom a face resembles: the true order, by people, at any size."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.lookalike.search import GallerySearch, refuse_other_embedder
from faceswap.utils.errors import UserError
from tests.lookalike.made import CURVE, codes_of, gallery_of


@pytest.mark.parametrize(("people", "each"), [(1, 1), (7, 1), (40, 3)])
def test_people_come_by_their_most_alike_photo(people, each):
    codes = codes_of(people * each)
    query = codes_of(1, seed=9)[0]
    found = GallerySearch(gallery_of(codes, each), CURVE).match(query, top=5)
    best = (codes @ query).reshape(people, each).max(1)
    order = [f"p{n}" for n in np.argsort(-best)]
    assert [match.name for match in found.nearest] == order[:5]
    assert [match.name for match in found.farthest] == order[::-1][:5]
    assert found.nearest[0].cosine == pytest.approx(best.max(), abs=1e-6)
    assert 0 <= found.farthest[0].likeness_percent <= found.nearest[0].likeness_percent <= 100


def test_a_persons_other_photo_finds_the_person():
    codes = codes_of(300)
    other = codes[123] + 0.5 * codes_of(1, seed=5)[0]
    found = GallerySearch(gallery_of(codes), CURVE).match(other / np.linalg.norm(other), top=1)
    assert found.nearest[0].name == "p123" and found.nearest[0].likeness_percent > 90


def test_codes_of_other_weights_are_refused():
    gallery = gallery_of(codes_of(2))
    refuse_other_embedder(gallery, "test", "it")
    with pytest.raises(UserError, match="another face embedder"):
        refuse_other_embedder(gallery, "newer", "it")
