"""Scenes for the detector, made of a few flat people: labels must fit the pixels, whatever was done to them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from faceswap.core.geometry import head_pose
from faceswap.core.landmarks import MEAN_FACE
from faceswap.facenets.detector import BORDER_GREY
from tools.people.labels import Label
from tools.train_eyes import scenes
from tools.train_eyes.cutouts import SPOILS, cut_out, paste
from tools.train_eyes.detector import Tally, as_batch, targets_of
from tools.train_eyes.scenes import Scene, SceneMaker

SIDE = 128
FACE_COLOUR = (250, 10, 250)  # nothing else in the scenes is that pink


@dataclass(frozen=True, eq=False)
class FlatPeople:
    """Pink faces with their 68 points on the rim of the pink, on green bodies before black."""

    images: np.ndarray
    labels: np.ndarray
    points: np.ndarray

    @classmethod
    def make(cls, count: int = 4) -> FlatPeople:
        images, labels, points = [], [], []
        for number in range(count):
            face = (MEAN_FACE[:, :2] * (50 + 4 * number) + (64, 58)).astype(np.float32)
            hull = [np.round(cv2.convexHull(face) * 16).astype(np.int32)]
            label = np.zeros((SIDE, SIDE), np.uint8)
            label[96:, 24:104] = Label.CLOTH
            cv2.fillPoly(label, hull, int(Label.SKIN), cv2.LINE_8, 4)
            if number % 2:
                label[60:90, 80:110] = Label.OCCLUDER
            image = np.zeros((SIDE, SIDE, 3), np.uint8)
            image[label == Label.CLOTH] = (20, 160, 20)
            image[label == Label.OCCLUDER] = (20, 20, 160)
            image[label == Label.SKIN] = FACE_COLOUR
            images.append(image)
            labels.append(label)
            points.append(face)
        return cls(np.stack(images), np.stack(labels), np.stack(points))


@pytest.fixture(scope="module")
def people() -> FlatPeople:
    return FlatPeople.make()


def pink_box(image: np.ndarray) -> np.ndarray:
    close = (np.abs(image.astype(int) - FACE_COLOUR).max(2) < 60).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(close)
    return np.array([x, y, x + width - 1, y + height - 1], np.float32)


@pytest.mark.parametrize("turn", [0, 37, 180, -110])
@pytest.mark.parametrize("size", [20, 90, 200])
def test_a_pasted_face_lies_where_its_points_say(people: FlatPeople, size: float, turn: float) -> None:
    rng = np.random.default_rng(size)
    cutout = cut_out(people, 2, rng)
    matrix = scenes._placed(cutout.points, size, turn, np.array([140.3, 120.8]))
    image, owners = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), np.uint8)
    paste(image, cutout, matrix, owners, 7)
    points = cutout.points @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(pink_box(image), [*points.min(0), *points.max(0)], atol=1.5 + 0.03 * size)
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, (140.3, 120.8), atol=0.13 * size)
    assert owners[120, 140] == 7 and set(np.unique(owners)) == {0, 7}
    difference = (head_pose(points).roll - cutout.roll - turn + 180) % 360 - 180
    assert abs(difference) < 0.5  # a clockwise turn is a positive roll


def test_mirrored_people_keep_their_points_on_their_faces(people: FlatPeople) -> None:
    for seed in range(8):
        cutout = cut_out(people, 1, np.random.default_rng(seed))
        np.testing.assert_allclose(
            pink_box(cutout.pixels[..., :3])[[0, 2]], [cutout.points[:, 0].min(), cutout.points[:, 0].max()], atol=2
        )
        assert cutout.points[0, 0] < cutout.points[16, 0]  # the jaw still begins at the picture's left


@pytest.mark.parametrize("spoil", SPOILS)
def test_spoiled_people_look_otherwise(spoil: str) -> None:
    people = FlatPeople.make(1)
    for part in (slice(36, 48), slice(48, 68)):  # eyes and a mouth to be lost
        for x, y in np.round(people.points[0, part]).astype(int):
            people.images[0, y - 1 : y + 2, x - 1 : x + 2] = 30
    whole, spoiled = (cut_out(people, 0, np.random.default_rng(3), kind).pixels for kind in (None, spoil))
    assert spoiled.shape == whole.shape
    assert (whole != spoiled).any(2)[40:96, 40:90].sum() > 100


def test_faces_of_scenes_are_labelled(people: FlatPeople) -> None:
    maker = SceneMaker(people, np.arange(4), side_px=128)
    rng = np.random.default_rng(0)
    seen = faces = empty = 0
    for _ in range(150):
        scene = maker.make(rng)
        assert scene.image.shape == (128, 128, 3) and scene.image.dtype == np.uint8
        assert len(scene.boxes) == len(scene.rolls) == len(scene.ignored)
        assert (np.abs(scene.rolls) <= 180).all()
        empty += len(scene.boxes) == 0
        for box in scene.boxes[~scene.ignored]:
            faces += 1
            x, y = np.clip((box[:2] + box[2:]) / 2, 0, 127).astype(int)
            seen += int(np.abs(scene.image[y, x].astype(int) - FACE_COLOUR).max() < 90)
    assert faces > 80 and seen > 0.75 * faces  # the middle of some is behind a hand or a neighbour
    assert 10 < empty < 70


def test_the_same_seed_gives_the_same_scene(people: FlatPeople) -> None:
    maker = SceneMaker(people, np.arange(4), side_px=96)
    one, two = (maker.make(np.random.default_rng(11)) for _ in range(2))
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.boxes, two.boxes)


def test_faces_mostly_outside_the_frame_are_ignored() -> None:
    owners = np.ones((64, 64), np.uint8)
    inside = (MEAN_FACE[:, :2] * 20 + (30, 30)).astype(np.float32)
    halfway = inside - (26, 0)
    gone = inside + (0, 500)
    for points, expected in ((inside, [False]), (halfway, [True]), (gone, [])):
        scene = scenes._labelled(np.zeros((64, 64, 3), np.uint8), owners, (8, 0, 64, 64), [(points, 5.0)])
        assert scene.ignored.tolist() == expected


def a_scene(boxes: list[list[float]], ignored: list[bool], side: int = 128) -> Scene:
    image = np.full((side, side, 3), 200, np.uint8)
    rolls = np.linspace(0, 90, len(boxes), dtype=np.float32)
    frame = (8, 0, side, side - 16)
    return Scene(image, np.array(boxes, np.float32).reshape(-1, 4), rolls, np.array(ignored, bool), frame)


def test_targets_stand_at_the_faces_centres() -> None:
    scene = a_scene([[20, 30, 60, 80], [100, 100, 112, 114], [70, 10, 110, 50]], [False, False, True])
    targets = targets_of(scene)
    rows, columns = np.nonzero(targets["heat"] == 1)
    assert sorted(zip(columns.tolist(), rows.tolist(), strict=True)) == [(5, 6), (13, 13)]
    assert targets["counts"] == 2
    assert targets["heat"][3, 11] == -1 and targets["share"][3, 11] == 0  # the ignored face
    np.testing.assert_array_equal(targets["boxes"][:, 6, 5], [20, 30, 60, 80])
    np.testing.assert_allclose(targets["rolls"][:, 13, 13], [np.cos(np.pi / 4), np.sin(np.pi / 4)], atol=1e-6)
    assert targets["heat"][0, 0] == 0 and (targets["share"] > 0).sum() < 12


def test_a_batch_has_its_border_and_its_targets() -> None:
    batch = as_batch([a_scene([[20, 30, 60, 80]], [False]), a_scene([], [])], np.random.default_rng(0))
    assert batch["images"].shape == (2, 3, 128, 128) and batch["heat"].shape == (2, 16, 16)
    grey = BORDER_GREY / 127.5 - 1
    assert np.allclose(batch["images"][:, :, :, :8], grey) and np.allclose(batch["images"][:, :, -16:], grey)
    assert batch["counts"].tolist() == [1, 0]


def test_the_tally_counts_misses_false_faces_and_pardons_the_ignored() -> None:
    tally = Tally()
    scene = a_scene([[20, 30, 60, 80], [100, 100, 112, 114], [70, 10, 110, 50]], [False, False, True])
    found = np.array([[21, 31, 60, 79, 0.9, 10], [70, 10, 100, 50, 0.8, 0], [0, 90, 30, 120, 0.7, 0]], np.float32)
    tally.add(scene, found)
    tally.add(a_scene([], []), found[:0])
    scores = tally.scores()
    assert scores["recall_32_96px"] == 1 and scores["recall_9_16px"] == 0
    assert scores["false_a_scene"] == 0.5 and scores["median_roll_error"] == 10


def test_a_set_without_a_whole_face_is_refused(people: FlatPeople) -> None:
    cut = FlatPeople(people.images, people.labels, people.points + 90)
    with pytest.raises(ValueError, match="wholly"):
        SceneMaker(cut, np.arange(4))
