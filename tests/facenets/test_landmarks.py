"""Windows round a face, and points that come back to where they are in the frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from faceswap.core.geometry import invert, mean_face_in_crop, scale_of, transform_points
from faceswap.core.values import POINT_COUNT
from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.facenets.landmarks import LandmarkPredictor
from faceswap.facenets.layers import ResidualBlock, conv_block, folded, trunk
from faceswap.facenets.windows import MARGIN, window, window_of_box, window_of_points
from faceswap.utils.images import to_signed_range

FACE = mean_face_in_crop(256)


def turned(degrees: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """The mean face turned clockwise about (128, 128), scaled and moved."""
    angle = np.radians(degrees)
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (FACE - 128) @ rotation.T + 128 + shift


class Planted(nn.Module):
    """Answers every window with the same points."""

    resolution_px = 96

    def __init__(self, points: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("definition", torch.zeros(POINT_COUNT, 2))
        self.anchor = nn.Parameter(torch.zeros(1))
        self.points = torch.from_numpy(points.astype(np.float32))
        self.batches: list[int] = []

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        count = len(images)
        self.batches.append(count)
        spread = torch.full((count, POINT_COUNT), -3.0)
        return self.points.expand(count, -1, -1), spread, torch.full((count, POINT_COUNT), 4.0), torch.zeros(count)


@given(st.floats(-180, 180), st.floats(0.1, 8), st.floats(-300, 300))
def test_a_window_of_points_holds_the_face_upright_whatever_its_turn(degrees, scale, shift):
    points = turned(degrees, scale, (shift, -shift))
    seen = transform_points(window_of_points(points, 96), points)
    low, high = seen.min(0), seen.max(0)
    assert max(high - low) == pytest.approx(96 / MARGIN, rel=1e-3)
    assert (low + high) / 2 == pytest.approx([47.5, 47.5], abs=0.02)
    assert seen[27, 1] < seen[8, 1]  # the nose's bridge above the chin
    straight = transform_points(window_of_points(FACE, 96), FACE)
    assert np.abs(seen - straight).max() < 0.5


@given(st.floats(-90, 90))
def test_a_window_of_a_box_is_about_that_of_its_points(degrees):
    points = turned(degrees, 1.0, (0, 0))
    box = np.concatenate([points.min(0), points.max(0)])
    by_box, by_points = window_of_box(box, degrees, 96), window_of_points(points, 96)
    assert scale_of(by_box) == pytest.approx(scale_of(by_points), rel=0.15)
    centres = [transform_points(invert(matrix), np.array([[47.5, 47.5]])) for matrix in (by_box, by_points)]
    assert np.linalg.norm(centres[0] - centres[1]) < 0.1 * np.ptp(points[:, 1])


def test_a_window_has_its_centre_and_side():
    matrix = window(np.array([30.0, 50.0]), 40, 90, 20)
    assert transform_points(matrix, np.array([[30.0, 50.0]]))[0] == pytest.approx([9.5, 9.5])
    assert scale_of(matrix) == pytest.approx(0.5)
    # a head that lies on its right ear (90 degrees clockwise) has its chin at the picture's left: below in the window
    assert transform_points(matrix, np.array([[20.0, 50.0]]))[0] == pytest.approx([9.5, 14.5])


def test_points_come_back_to_their_place_in_the_frame():
    points = turned(25, 0.7, (20, -10))
    look = window_of_points(points, 96)
    answer = (transform_points(look, points) + 0.5) / 48 - 1
    reader = LandmarkPredictor(network=Planted(answer))  # type: ignore[arg-type]
    prediction = reader.read([np.zeros((240, 320, 3), np.uint8)], [look])[0]
    assert np.abs(prediction.points - points).max() < 1e-3
    assert prediction.score == pytest.approx(0.5)
    assert prediction.visible.tolist() == pytest.approx([1 / (1 + np.exp(-4))] * POINT_COUNT)
    assert prediction.spread == pytest.approx(np.exp(-3) / 2, rel=1e-4)


def test_the_definition_moves_the_points():
    network = Planted(np.zeros((POINT_COUNT, 2)))
    network.definition[30, 1] = 0.5
    look = window(np.array([100.0, 100.0]), 96, 0, 96)
    points = LandmarkPredictor(network=network).read([np.zeros((200, 200, 3), np.uint8)], [look])[0].points  # type: ignore[arg-type]
    assert points[30] == pytest.approx([100, 124]) and points[31] == pytest.approx([100, 100])


def test_many_windows_go_in_batches_and_none_gives_nothing():
    network = Planted(np.zeros((POINT_COUNT, 2)))
    reader = LandmarkPredictor(network=network)  # type: ignore[arg-type]
    image = np.zeros((64, 64, 3), np.uint8)
    look = window(np.array([32.0, 32.0]), 30, 0, 96)
    assert len(reader.read([image] * 70, [look] * 70)) == 70
    assert max(network.batches) <= 32 and sum(network.batches) == 70
    assert reader.read([], []) == []


def test_the_network_has_its_outputs_and_can_be_built_again():
    network = LandmarkNet(resolution_px=64, widths=(16, 16, 32, 32), residuals=(0, 0, 1, 0), hidden=32, extra_points=4)
    points, spread, visible, face = network.eval()(torch.zeros(2, 3, 64, 64))
    assert points.shape == (2, 72, 2) and spread.shape == (2, 72) and visible.shape == (2, 68) and face.shape == (2,)
    again = LandmarkNet(**network.settings)
    again.load_state_dict(network.state_dict())


def test_folding_the_norms_changes_nothing():
    torch.manual_seed(0)
    network = nn.Sequential(trunk((16, 32), (1, 1)), ResidualBlock(32), conv_block(32, 16))
    network.train()
    for _ in range(3):
        network(torch.rand(4, 3, 32, 32))  # the norms learn some statistics
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        before = network.eval()(images)
        after = folded(network)(images)
    assert torch.allclose(before, after, atol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_pictures_become_input():
    images = np.array([[[[0, 255, 51]]]], np.uint8)
    assert to_signed_range(images)[0, :, 0, 0].tolist() == pytest.approx([-1, 1, -0.6])
