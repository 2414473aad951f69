"""The built-in detector around its network: what goes in, what comes out, where a face then lies in the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from faceswap.facenets import detector
from faceswap.facenets.detector import Canvas, FaceDetector, detector_canvases, distinct, peaks
from faceswap.facenets.detector_net import OUTPUTS, STRIDE, DetectorNet, split
from faceswap.utils.errors import UserError


def planted(height: int, width: int, box: tuple[float, ...], score: float = 0.9, roll: float = 30.0) -> Tensor:
    """Maps (1, 7, height / 8, width / 8) that show one face at `box` of the canvas, at the cell of its centre."""
    outputs = torch.zeros(1, OUTPUTS, height // STRIDE, width // STRIDE)
    outputs[:, 0] = -12.0
    x0, y0, x1, y1 = box
    column, row = (round(((low + high) / 2 + 0.5) / STRIDE - 0.5) for low, high in ((x0, x1), (y0, y1)))
    x, y = ((cell + 0.5) * STRIDE - 0.5 for cell in (column, row))
    outputs[0, 0, row, column] = float(np.log(score / (1 - score)))
    outputs[0, 1:5, row, column] = torch.tensor([x - x0, y - y0, x1 - x, y1 - y]).div(STRIDE).log()
    outputs[0, 5:, row, column] = torch.tensor([np.cos(np.radians(roll)), np.sin(np.radians(roll))])
    return outputs


class WhiteBlock(nn.Module):
    """Finds the white block on a dark picture, as a network would tell of it."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.shapes.append(tuple(images.shape))
        maps = []
        for image in images:
            row, column = torch.nonzero(image.mean(0) > 0.5, as_tuple=True)
            if len(row) == 0:
                maps.append(planted(*image.shape[1:], (0, 0, 10, 10), score=1e-3))
                continue
            box = [float(edge) for edge in (column.min(), row.min(), column.max(), row.max())]
            maps.append(
                planted(image.shape[1], image.shape[2], (box[0] - 0.5, box[1] - 0.5, box[2] + 0.5, box[3] + 0.5))
            )
        return torch.cat(maps)


def picture(width: int, height: int, block: tuple[int, int, int, int] | None) -> np.ndarray:
    image = np.full((height, width, 3), 20, np.uint8)
    if block is not None:
        image[block[1] : block[3], block[0] : block[2]] = 255
    return image


def test_the_network_gives_maps_at_stride_8() -> None:
    net = DetectorNet((16, 16, 16, 16, 16), (0, 1, 0)).eval()
    for height, width in ((32, 32), (96, 160), (224, 32)):
        logits, boxes, rolls = split(net(torch.zeros(2, 3, height, width)))
        cells = height // 8, width // 8
        assert logits.shape == (2, *cells) and boxes.shape == (2, 4, *cells) and rolls.shape == (2, 2, *cells)
        assert torch.isfinite(boxes).all() and (boxes[:, 2:] > boxes[:, :2]).all()
        assert logits.sigmoid().max() < 0.5  # an untrained network sees no faces
    assert DetectorNet(**net.settings).state_dict().keys() == net.state_dict().keys()


def test_a_planted_face_is_read_exactly() -> None:
    box = (37.25, 18.5, 90.125, 81.75)
    (rows,) = peaks(planted(128, 160, box, 0.8, -120.0), 0.4)
    np.testing.assert_allclose(rows, [[*box, 0.8, -120.0]], rtol=1e-4)
    assert peaks(planted(128, 160, box, 0.3), 0.4)[0].shape == (0, 6)


@pytest.mark.parametrize(
    "width, height, block",
    [(640, 480, (100, 60, 220, 200)), (333, 517, (10, 300, 111, 447)), (1920, 1080, (900, 500, 1060, 700)),
     (201, 60, (20, 10, 61, 50)), (97, 131, (0, 0, 97, 131)), (1081, 1919, (0, 0, 700, 1100))],
)  # fmt: skip
def test_faces_lie_where_they_are_in_the_picture(width: int, height: int, block: tuple[int, int, int, int]) -> None:
    """Over reduction or enlargement, border and padding, odd sizes included, to a pixel of the network's view."""
    (faces,) = FaceDetector(network=WhiteBlock()).detect([picture(width, height, block)])
    assert len(faces) == 1  # large pictures are looked at twice, and yet
    grain = max(canvas.image_size[0] / canvas.inner[0] for canvas in detector_canvases((height, width), 640)[:1])
    expected = [block[0] - 0.5, block[1] - 0.5, block[2] - 0.5, block[3] - 0.5]
    np.testing.assert_allclose(faces[0, :4], expected, atol=max(1.0, 3.1 * grain))
    assert faces[0, 4] == pytest.approx(0.9, abs=1e-3) and faces[0, 5] == pytest.approx(30, abs=1e-3)


@pytest.mark.parametrize("size", [(640, 480), (333, 517), (1, 1), (50, 3), (3840, 2160), (201, 201)])
def test_canvases_hold_the_picture_and_a_border(size: tuple[int, int]) -> None:
    for canvas in detector_canvases((size[1], size[0]), 512):
        assert canvas.size[0] % 32 == canvas.size[1] % 32 == 0
        for axis in (0, 1):
            assert canvas.offset[axis] >= int(detector.BORDER_SHARE * canvas.inner[axis])
            assert canvas.offset[axis] + canvas.inner[axis] <= canvas.size[axis]
        corners = np.array([[*canvas.offset, *(o + i for o, i in zip(canvas.offset, canvas.inner, strict=True)), 1, 0]])
        outer = canvas.to_image(corners.astype(np.float32) - [0.5, 0.5, 0.5, 0.5, 0, 0])[0]
        np.testing.assert_allclose(outer[:4], [-0.5, -0.5, size[0] - 0.5, size[1] - 0.5], atol=1e-2)


def test_sizes_that_are_looked_at() -> None:
    def longer(height: int, width: int, side_px: int = 640) -> list[int]:
        return [max(canvas.inner) for canvas in detector_canvases((height, width), side_px)]

    assert longer(1080, 1920) == [640, 160]
    assert longer(512, 512) == [320, 160]  # faces of 20 px stay in sight
    assert longer(230, 200) == [230] and longer(100, 60) == [200]  # small ones are enlarged, twice at most
    assert longer(40, 60) == [120]
    assert longer(2160, 3840, 384) == [384, 160]


def test_pictures_of_one_size_go_as_one_batch() -> None:
    net = WhiteBlock()
    pictures = [picture(220, 200, (50, 50, 90, 90)), picture(64, 64, None), picture(220, 200, (150, 100, 200, 160))]
    faces = FaceDetector(network=net).detect(pictures)
    assert sorted(shape[0] for shape in net.shapes) == [1, 2]
    assert [len(rows) for rows in faces] == [1, 0, 1]
    assert faces[0][0, 0] < 60 < faces[2][0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (17, 2), (40, 30)])
def test_tiny_and_empty_pictures_give_no_faces(size: tuple[int, int]) -> None:
    grey = np.full((size[1], size[0], 3), 127, np.uint8)
    (faces,) = FaceDetector(network=DetectorNet((16, 16, 16, 16, 16), (0, 0, 0))).detect([grey])
    assert faces.shape == (0, 6) and faces.dtype == np.float32


def test_nothing_to_look_at() -> None:
    assert FaceDetector(network=WhiteBlock()).detect([]) == []


def test_one_face_is_told_once() -> None:
    faces = np.array(
        [
            [0, 0, 100, 100, 0.6, 1],
            [5, 5, 104, 103, 0.9, 2],  # the same, surer
            [30, 30, 60, 60, 0.5, 3],  # inside it
            [90, 0, 190, 100, 0.7, 4],  # a neighbour
        ],
        np.float32,
    )
    assert distinct(faces)[:, 5].tolist() == [2, 4]
    assert distinct(faces[:0]).shape == (0, 6)


def test_two_faces_side_by_side_are_two() -> None:
    maps = torch.maximum(planted(96, 96, (8, 8, 36, 40)), planted(96, 96, (50, 50, 90, 90)))
    (rows,) = peaks(maps, 0.4)
    assert len(distinct(rows)) == 2


def test_faces_out_of_the_picture_are_left_out() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    faces = np.array([[-60, -60, -20, -20, 0.9, 0], [-20, 20, 15, 60, 0.9, 0], [5, 5, 5.2, 60, 0.9, 0]], np.float32)
    assert detector._inside(faces, image)[:, 0].tolist() == [-20]


@pytest.mark.parametrize("wrong", [{"side_px": 10}, {"minimum_score": 0.0}, {"minimum_score": 1.0}])
def test_wrong_numbers_are_named(wrong: dict) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        FaceDetector(network=WhiteBlock(), **wrong)


def test_a_canvas_draws_the_picture_in_its_middle() -> None:
    canvas = Canvas.around((40, 20), 1.0)
    drawn = canvas.draw(np.full((20, 40, 3), 250, np.uint8))
    assert drawn.shape == (*canvas.size[::-1], 3)
    assert (drawn == 250).all(2).sum() == 800 and (drawn[0] == detector.BORDER_GREY).all()
