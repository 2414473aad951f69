"""The second opinion: how much face the parser sees between the points."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from faceswap.detect.builtin.face_check import FaceCheck
from faceswap.facenets.parser import NAMES, FaceParser
from tests.compositing.fakes import face_points


class BrightIsFace(nn.Module):
    """Says "skin" of bright pixels, "cloth" of all others."""

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.full((len(images), len(NAMES), *images.shape[2:]), -20.0)
        bright = images.mean(1) > 0
        logits[:, NAMES.index("skin")] = torch.where(bright, 20.0, -20.0)
        logits[:, NAMES.index("cloth")] = torch.where(bright, -20.0, 20.0)
        return logits


CHECK = FaceCheck(parser=FaceParser("cpu", BrightIsFace()))
POINTS = face_points((150, 150), 120)


def picture(covered: float) -> np.ndarray:
    """Bright, but for the upper share of where the inner points lie."""
    image = np.full((300, 300, 3), 230, np.uint8)
    top, bottom = POINTS[17:, 1].min(), POINTS[17:, 1].max()
    image[: int(top + covered * (bottom - top))] = 10
    return image


def test_a_whole_face_and_none() -> None:
    images = [picture(0.0), np.full((300, 300, 3), 10, np.uint8)]
    np.testing.assert_allclose(CHECK.faceness(images, [POINTS, POINTS]), [1, 0], atol=0.02)
    assert CHECK.faceness([], []).shape == (0,)


def test_less_face_is_less_certain() -> None:
    said = [float(CHECK.faceness([picture(share)], [POINTS])[0]) for share in (0.1, 0.35, 0.5, 0.8)]
    assert said == sorted(said, reverse=True) and said[0] > 0.9 and 0 < said[1] < 1 and said[3] == 0


def test_a_face_beyond_the_picture_is_no_error() -> None:
    assert CHECK.faceness([picture(0)], [POINTS + 5000])[0] in (0, 1)


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        CHECK.faceness([picture(0)], [np.zeros((68, 2))])
