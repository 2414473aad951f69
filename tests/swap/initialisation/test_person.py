"""Who somebody is: read from photographs, made less like another, and told where two are not one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.swap.initialisation.person import (
    AWAY,
    PERSON_SIZE,
    PersonReader,
    away_from,
    person_on,
    warn_of_another,
)
from faceswap.swap.initialisation.portraits import Portrait
from tests.swap.initialisation.test_generic import shipped  # noqa: F401 (a fixture)
from tests.swap.initialisation.test_portraits import face


def test_away_from_the_performer_keeps_what_both_share():
    person, performer = np.array([1.0, 2.0], np.float32), np.array([1.0, 0.0], np.float32)
    np.testing.assert_allclose(away_from(person, performer), [1, 2 + 2 * AWAY])


def test_people_are_read_from_photographs(shipped, tmp_path):  # noqa: F811
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    image = np.random.default_rng(2).integers(0, 255, (120, 120, 3)).astype(np.uint8)
    portraits = [Portrait(image, face().points, tmp_path / "a.png")] * 2
    person = person_on(portraits, PersonReader("cpu"))
    assert person.shape == (PERSON_SIZE,) and np.isfinite(person).all()


@pytest.mark.parametrize(("sign", "is_told"), [(1, False), (-1, True)])
def test_somebody_else_is_told(sign, is_told, caplog):
    person = np.random.default_rng(3).normal(size=PERSON_SIZE).astype(np.float32)
    warn_of_another(sign * person, person, "init.photo=x.jpg", "anna")
    assert ("somebody else than the face set anna" in caplog.text) == is_told
