"""Faces of several visitors are turned into codes together."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch

from faceswap.souvenir.faces import FaceNetworks, Named
from faceswap.utils.errors import UserError


class Networks(FaceNetworks):
    """Finds a face where a picture is not black; its code is the picture's first value. Tells what it looked at."""

    def __init__(self, batch_size: int) -> None:
        self.looks, self.sizes = [], []
        inverter = SimpleNamespace(how=SimpleNamespace(batch_size=batch_size), invert=self.invert)
        super().__init__(finder=None, parser=None, inverter=inverter)

    def portrait(self, image, name, which="largest"):
        self.looks.append(name)
        if not image.any():
            raise UserError(f"no face was found in {name}")
        return SimpleNamespace(name=name, value=int(image.flat[0]))

    def invert(self, found):
        self.sizes.append(len(found))
        return SimpleNamespace(rows=torch.tensor([[float(one.value)] for one in found]))

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)


def named(name: str, value: int, key: object = None) -> Named:
    return Named(name, np.full((2, 2, 3), value, np.uint8), name if key is None else key)


def test_each_gets_their_own_codes_and_shared_pictures_are_looked_at_once():
    networks = Networks(batch_size=2)
    far = named("Zoe", 9)
    told = networks.subjects(
        [
            [named("you", 1, 1), named("Ada", 5), far],
            [named("you", 0, 2), named("Eve", 6), far],  # no face: nothing is made of the others for them
            [named("you", 3, 3), named("Bob", 0), far],
        ]
    )
    first, second, third = told
    assert isinstance(second, UserError) and "no face" in str(second)
    assert [(one.name, one.rows.tolist()) for one in first] == [("you", [1.0]), ("Ada", [5.0]), ("Zoe", [9.0])]
    assert third[1] is None and [third[place].rows.tolist() for place in (0, 2)] == [[3.0], [9.0]]
    assert networks.looks.count("Zoe") == 1 and networks.sizes == [2, 2]
    assert networks.subjects([]) == [] and networks.sizes == [2, 2]
