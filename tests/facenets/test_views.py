"""Parser, embedder and attribute reader: each face is seen upright, and what is seen comes back to its place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from faceswap.core.geometry import head_pose, invert, transform_points
from faceswap.core.landmarks import FLIP_68
from faceswap.facenets import attributes, parser
from faceswap.facenets.attributes import NUMBERS, OUTPUTS, SHARES, AttributeNet, AttributeReader
from faceswap.facenets.embedder import EmbedderNet, FaceEmbedder
from faceswap.facenets.parser import FACE, NAMES, FaceParser, ParserNet
from faceswap.facenets.views import frame_to_view_for, roll_of
from tests.compositing.fakes import face_points, smooth_picture

NONE = (0, 0, 0, 0)
TURNS = [0.0, 25.0, -140.0]


class RedIsOccluder(nn.Module):
    """Says "occluder" of red pixels and "skin" of all others."""

    def forward(self, images: Tensor) -> Tensor:
        red = (images[:, 0] > 0.2) & (images[:, 1] < -0.2)
        logits = torch.zeros(len(images), len(NAMES), *images.shape[2:])
        logits[:, NAMES.index("occluder")] = torch.where(red, 9.0, -9.0)
        logits[:, NAMES.index("skin")] = torch.where(red, -9.0, 9.0)
        return logits


def tiny_parser() -> ParserNet:
    return ParserNet(widths=(4, 4, 8, 8)).eval()


def tiny_embedder() -> EmbedderNet:
    torch.manual_seed(0)
    return EmbedderNet(widths=(4, 8, 8, 8), residuals=NONE, last=4).eval()


@pytest.mark.parametrize("net", [tiny_parser(), tiny_embedder(), AttributeNet((4, 4, 4, 4), NONE)])
def test_settings_build_the_same_network(net: nn.Module) -> None:
    again = type(net)(**net.settings)  # type: ignore[arg-type, operator]
    assert {k: v.shape for k, v in again.state_dict().items()} == {k: v.shape for k, v in net.state_dict().items()}


def test_cells_are_the_pixels_of_the_answer() -> None:
    net, images = tiny_parser(), torch.randn(2, 3, 256, 256)
    with torch.inference_mode():
        picture, cells = net(images), net.cells(images)
    assert picture.shape == (2, len(NAMES), 256, 256)
    torch.testing.assert_close(picture[1, :, 2 * 5 + 1, 2 * 9], cells[1, 5, 9, 1, 0])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("height", [50.0, 300.0])
def test_a_planted_region_comes_back_at_its_place(turn: float, height: float) -> None:
    points = face_points((330, 240), height, turn)
    frame = np.full((480, 640, 3), 60, np.uint8)
    centre = points[48:68].mean(0)  # something before the mouth
    cv2.circle(frame, tuple(int(v) for v in np.round(centre)), round(0.12 * height), (255, 0, 0), -1)
    shares, matrices = FaceParser("cpu", RedIsOccluder()).parse([frame], [points])
    assert shares.shape == (1, len(NAMES), 256, 256) and matrices.shape == (1, 2, 3)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-4)
    hidden = shares[0, NAMES.index("occluder")] > 0.5
    rows, columns = np.nonzero(hidden)
    seen = transform_points(invert(matrices[0]), np.array([[columns.mean(), rows.mean()]]))[0]
    np.testing.assert_allclose(seen, np.round(centre), atol=0.02 * height)
    assert rows.mean() > 64  # upright: the mouth is below the middle, however the head is turned
    size = np.sqrt(hidden.sum() / np.pi) / np.sqrt(abs(np.linalg.det(matrices[0][:, :2])))
    assert size == pytest.approx(0.12 * height, abs=0.02 * height + 1)


def test_remembered_faces_are_not_seen_again() -> None:
    class Counted(RedIsOccluder):
        seen = 0

        def forward(self, images: Tensor) -> Tensor:
            self.seen += len(images)
            return super().forward(images)

    frames = [smooth_picture(320, 240, number) for number in range(3)]
    points = [face_points((160, 120), 100 + 10 * number) for number in range(3)]
    wanted = FaceParser("cpu", RedIsOccluder()).parse(frames, points)
    network = Counted()
    remembering = FaceParser("cpu", network)
    remembering.remember(2)
    for _ in range(2):
        np.testing.assert_array_equal(remembering.parse(frames[:1], points[:1])[0], wanted[0][:1])
    for found, expected in zip(remembering.parse([one.copy() for one in frames], points), wanted, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert network.seen == 3
    remembering.parse(frames[1:], points[1:])
    assert network.seen == 3
    remembering.parse(frames[:1], points[:1])  # which was forgotten for the two after it
    remembering.parse(frames[2:], points[2:])
    assert network.seen == 4 and remembering.parse([], [])[0].shape == (0, len(NAMES), 256, 256)


def test_no_faces_give_empty_answers() -> None:
    shares, matrices = FaceParser("cpu", tiny_parser()).parse([], [])
    assert shares.shape == (0, len(NAMES), 256, 256) and matrices.shape == (0, 2, 3)
    assert FaceEmbedder("cpu", tiny_embedder()).embed([], []).shape == (0, 128)
    assert AttributeReader("cpu", AttributeNet((4, 4, 4, 4), NONE)).read([], []) == []


def test_pictures_and_faces_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="not 1 for 2"):
        FaceParser("cpu", tiny_parser()).parse([smooth_picture(64, 64)], [face_points((32, 32), 20)] * 2)


def test_points_on_one_spot_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        FaceEmbedder("cpu", tiny_embedder()).embed([smooth_picture(64, 64)], [np.full((68, 2), 32.0)])


def test_embeddings_have_length_one_and_do_not_depend_on_place_turn_and_batch() -> None:
    embedder = FaceEmbedder("cpu", tiny_embedder())
    frame, points = smooth_picture(640, 480, 3), face_points((320, 240), 120, 10)
    moved = np.roll(frame, (20, -30), (0, 1))
    turned = np.ascontiguousarray(np.rot90(frame, 2))
    half_turn = np.array([639, 479]) - points
    other = smooth_picture(640, 480, 8)
    images = [frame, moved, turned] + [other] * 40
    vectors = embedder.embed(images, [points, points + [-30, 20], half_turn] + [points] * 40)
    assert vectors.shape == (43, 128) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[1:3] @ vectors[0], 1, atol=1e-3)
    assert vectors[3] @ vectors[0] < 0.999
    np.testing.assert_allclose(embedder.embed([other], [points])[0], vectors[-1], atol=1e-4)


class Constant(nn.Module):
    """Outputs that mean the middle of every number, one half of every share."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.zeros(len(images), OUTPUTS)


@pytest.mark.parametrize("turn", TURNS)
def test_attributes_have_units_and_the_pictures_roll(turn: float) -> None:
    points = face_points((320, 240), 100, turn)
    (read,) = AttributeReader("cpu", Constant()).read([smooth_picture(640, 480)], [points])
    assert read.age == NUMBERS["age"][0] and read.yaw == 0 and read.pitch == 0
    assert all(getattr(read, share) == 0.5 for share in SHARES)
    assert read.hair == (0.5, 0.5, 0.5) and len(read.skin) == 3
    difference = (read.roll - head_pose(points).roll + 180) % 360 - 180
    assert abs(difference) < 0.5 and abs((read.roll - turn + 180) % 360 - 180) < 0.5


def test_a_mirrored_face_has_the_mirrored_view() -> None:
    points = face_points((300, 240), 100, 15)
    mirrored = (np.array([639, 0]) + points * [-1, 1])[FLIP_68]
    plain = frame_to_view_for(points, attributes.COVERAGE, 64)
    other = frame_to_view_for(mirrored, attributes.COVERAGE, 64)
    assert roll_of(plain) == pytest.approx(15, abs=0.5) and roll_of(other) == pytest.approx(-15, abs=0.5)
    frame = smooth_picture(640, 480)
    views = [
        cv2.warpAffine(image, matrix, (64, 64)) for image, matrix in ((frame, plain), (frame[:, ::-1].copy(), other))
    ]
    assert np.abs(views[0].astype(int) - views[1][:, ::-1]).max() <= 2


def test_the_face_is_what_a_swap_replaces() -> None:
    assert {NAMES[index] for index in FACE} == {"skin", "brows", "eyes", "nose", "lips", "mouth", "beard"}
    assert parser.RESOLUTION_PX % 16 == 0


def test_classes_are_the_labels_of_rendered_people() -> None:
    labels = pytest.importorskip("tools.people.labels").Label
    assert [label.name.split("_")[0].lower() for label in labels] == list(NAMES)
