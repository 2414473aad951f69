from __future__ import annotations

import numpy as np
import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.swap.data.colour import ColourChange
from faceswap.utils.errors import UserError
from tests.swap.fakes import COLOUR


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (24, 12, 3)).astype(np.uint8)


def test_the_seed_alone_decides():
    first, second = ColourChange(COLOUR), ColourChange(COLOUR)
    first(picture())  # what came before does not matter
    results = []
    for change in (first, second):
        change.seed(5)
        results.append([change(picture()) for _ in range(12)])
    assert all((a == b).all() for a, b in zip(*results, strict=True))
    assert any(not (results[0][0] == other).all() for other in results[0][1:])


def test_light_is_light():
    change = ColourChange(compose_config("train", ["augment=light"]).augment.colour)
    change.seed(1)
    grey = np.full((8, 8, 3), 128, np.uint8)
    moved = [np.abs(change(grey).astype(int) - 128).max() for _ in range(50)]
    assert 0 < max(moved) < 60


def test_an_empty_list_changes_nothing():
    assert (ColourChange([])(picture()) == picture()).all()


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"name": "NoSuchThing"}, "NoSuchThing"),
        ({"name": "HorizontalFlip"}, "HorizontalFlip"),
        ({"name": "RandomGamma", "kwargs": {"strength": 3}}, "RandomGamma"),
        ({"name": "RandomGamma", "kwargs": {"gamma_limit": "much"}}, "RandomGamma"),
        ({"kwargs": {}}, "name"),
        ({"name": "RandomGamma", "p": 0.5}, "kwargs"),
    ],
)
def test_what_albumentations_does_not_know_is_one_line(entry, word):
    with pytest.raises(UserError, match=word) as error:
        ColourChange([entry])
    assert "\n" not in str(error.value)
