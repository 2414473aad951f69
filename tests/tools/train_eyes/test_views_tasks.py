"""The parser, embedder and attribute tasks on a tiny set: shapes, labels that follow their pictures, falling losses."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from faceswap.core.geometry import head_pose
from faceswap.core.landmarks import MEAN_FACE
from faceswap.facenets.attributes import NUMBERS, OUTPUTS, SHARES
from faceswap.facenets.parser import NAMES
from tools.people.labels import Label
from tools.train_eyes.attributes import AttributeTask
from tools.train_eyes.embedder import EmbedderTask, best_threshold
from tools.train_eyes.hands import add_hand
from tools.train_eyes.occluders import Painter
from tools.train_eyes.parser import NOT_LABELLED, ParserTask, _confusion, _iou, tidied, warp_labels
from tools.train_eyes.relief import coverage_of, empty, shade
from tools.train_eyes.views import jittered_view

SIDE = 224  # backdrops are cut out of it
PEOPLE, EACH = 5, 4


class FlatFaces:
    """Five flat people in four pictures each, the last person for validation; each has a colour of its own."""

    def __init__(self, folder: Path) -> None:
        self.folders = [folder]
        (folder / "plan.json").write_text(json.dumps({"yaw_limit": 85.0, "occluded": 0.3}))
        images, labels, points, rows = [], [], [], []
        for index in range(PEOPLE * EACH):
            person = index // EACH
            colour = np.random.default_rng(person).integers(40, 250, 3)
            face = (MEAN_FACE[:, :2] * (80 + index) + (112, 105)).astype(np.float32)
            label = np.zeros((SIDE, SIDE), np.uint8)
            label[175:] = Label.CLOTH
            cv2.fillPoly(label, [np.round(cv2.convexHull(face)).astype(np.int32)], int(Label.SKIN))
            cv2.fillPoly(label, [np.round(cv2.convexHull(face[48:60])).astype(np.int32)], int(Label.LIPS))
            image = np.full((SIDE, SIDE, 3), 90, np.uint8)
            image[label == Label.SKIN] = colour
            image[label == Label.LIPS] = 255 - colour
            images.append(image)
            labels.append(label)
            points.append(face)
            attributes = {"yaw": 10.0, "pitch": 5.0, "roll": 0.0, "occluder": "none"}
            rows.append({"person": person, "moment": index, "attributes": attributes})
        self.images, self.labels, self.points = np.stack(images), np.stack(labels), np.stack(points)
        self.rows = rows
        self.visible = np.ones((len(rows), 68), bool)
        self.person = np.array([row["person"] for row in rows])
        self.training = np.flatnonzero(self.person < PEOPLE - 2)
        self.validation = np.flatnonzero(self.person >= PEOPLE - 2)

    def __len__(self) -> int:
        return len(self.rows)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FlatFaces:
    return FlatFaces(tmp_path_factory.mktemp("faces"))


TASKS = {"parser": (ParserTask, 4), "embedder": (EmbedderTask, 6), "attributes": (AttributeTask, 8)}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_learns(name: str, faces: FlatFaces) -> None:
    kind, batch_size = TASKS[name]
    torch.manual_seed(0)
    task = kind(faces, batch_size=batch_size)
    batch, again = task.batch(np.random.default_rng(3)), task.batch(np.random.default_rng(3))
    assert all(torch.equal(batch[key], again[key]) for key in batch)
    images = batch["images"]
    assert len(images) == batch_size and images.dtype == torch.float32 and images.min() >= -1 and images.max() <= 1
    network = task.network()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    losses = []
    for _ in range(6):
        loss, parts = task.loss(network, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        assert all(np.isfinite(value) for value in parts.values())
    assert losses[-1] < losses[0]
    scores = task.score(network.eval())
    assert scores and all(np.isfinite(value) for value in scores.values())


def test_labels_follow_the_view(faces: FlatFaces) -> None:
    task = ParserTask(faces, covered=0.0, faceless=0.0)  # type: ignore[arg-type]
    for seed in range(8):
        view, labels = task.example(1, np.random.default_rng(seed))
        assert view.shape == (256, 256, 3) and set(np.unique(labels)) <= {*range(len(NAMES)), NOT_LABELLED}
        colour = faces.images[1][faces.labels[1] == Label.LIPS][0].astype(int)
        lips = labels == Label.LIPS
        core = cv2.erode(lips.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert lips.sum() > 60 and np.abs(view[core].astype(int) - colour).max() < 40


def test_faceless_views_are_labelled_truly(faces: FlatFaces) -> None:
    task = ParserTask(faces, covered=0.0, faceless=1.0)  # type: ignore[arg-type]
    seen = [task.example(1, np.random.default_rng(seed)) for seed in range(24)]
    plain = [labels for _, labels in seen if set(np.unique(labels)) == {Label.BACKGROUND}]
    assert 4 < len(plain) < 24  # noise; the others show any place of the picture
    lips = faces.images[1][faces.labels[1] == Label.LIPS][0].astype(int)
    for view, labels in seen:
        core = cv2.erode((labels == Label.LIPS).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert not core.any() or np.abs(view[core].astype(int) - lips).max() < 40


def test_hair_is_an_area_not_strands() -> None:
    labels = np.full((256, 256), Label.SKIN, np.uint8)
    labels[60:64:2, 40:90] = Label.BROWS  # two hairs with skin between them
    labels[100:200] = Label.BACKGROUND
    rng = np.random.default_rng(0)
    labels[220:] = np.where(rng.random((36, 256)) < 0.7, Label.HAIR, Label.SKIN)
    labels[10, 10] = Label.HAIR  # a lost strand
    labels[150, 150] = Label.HAIR  # one before the background stays
    neat = tidied(labels)
    assert (neat[61, 45:85] == Label.BROWS).all() and (neat[66, 40:90] == Label.SKIN).all()
    assert (neat[225:250] == Label.HAIR).mean() > 0.93 > (labels[225:250] == Label.HAIR).mean()
    assert neat[10, 10] == Label.SKIN and neat[150, 150] == Label.HAIR
    assert labels[61, 60] == Label.SKIN  # nothing in place


def test_beyond_the_picture_nothing_is_labelled(faces: FlatFaces) -> None:
    far = np.array([[2.0, 0, 64.5], [0, 2, 0]])
    labels = warp_labels(faces.labels[0], far)
    assert (labels[:, :64] == NOT_LABELLED).all() and (labels[:, 64:] != NOT_LABELLED).all()


@pytest.mark.parametrize("seed", range(24))
def test_painted_things_are_labelled_where_they_are_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    view, labels = np.full((128, 128, 3), 120, np.uint8), np.full((128, 128), Label.SKIN, np.uint8)
    points = (MEAN_FACE[:, :2] * 60 + 64).astype(np.float32)
    scrap = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    out, marked = Painter(lambda _: scrap).paint(view, labels, points, rng)
    assert set(np.unique(marked)) <= {Label.SKIN, Label.OCCLUDER}
    assert (view == 120).all() and (labels == Label.SKIN).all()  # nothing in place
    changed = np.abs(out.astype(int) - 120).max(2) > 0
    assert changed[marked == Label.OCCLUDER].mean() > 0.8 if (marked == Label.OCCLUDER).any() else True


def test_things_are_painted_mostly_before_the_face() -> None:
    view, labels = np.full((128, 128, 3), 120, np.uint8), np.full((128, 128), Label.SKIN, np.uint8)
    points = (MEAN_FACE[:, :2] * 60 + 64).astype(np.float32)
    painter = Painter(lambda _: view)
    shares = [
        (painter.paint(view, labels, points, np.random.default_rng(seed))[1][30:110, 30:100] == Label.OCCLUDER).mean()
        for seed in range(40)
    ]
    assert 0.1 < np.mean(shares) < 0.6 and np.mean(np.array(shares) > 0.02) > 0.85


def test_a_hand_is_a_rounded_thing_of_its_length() -> None:
    field = empty(256)
    tips = add_hand(field, np.array([128.0, 128.0]), 120, np.random.default_rng(2))
    cover = coverage_of(field)
    assert 0.05 < cover.mean() < 0.6 and len(tips) >= 1
    light = shade(field, np.random.default_rng(0))
    assert light.shape == (256, 256, 1) and np.isfinite(light).all() and light[field > 0].std() > 0.02


def test_iou_counts_pixels() -> None:
    truth = np.array([[1, 1, 7, NOT_LABELLED]], np.uint8)
    iou = _iou(_confusion(truth, np.array([[1, 7, 7, 3]])))
    assert iou[1] == 50 and iou[7] == 50 and iou[3] == 0


def test_mirrored_attributes_change_their_sign(faces: FlatFaces) -> None:
    task = AttributeTask(faces)  # type: ignore[arg-type]
    assert task.labels.shape == (len(faces), OUTPUTS)
    yaw, pitch = (list(NUMBERS).index(name) for name in ("yaw", "pitch"))
    seen = [task.example(2, np.random.default_rng(seed)) for seed in range(12)]
    assert {round(float(labels[yaw])) for _, labels in seen} == {-10, 10}
    assert {round(float(labels[pitch])) for _, labels in seen} == {5}
    assert np.allclose([labels[4:] for _, labels in seen], task.labels[2, 4:])
    shares = task.labels[:, len(NUMBERS) :]
    assert shares.min() >= 0 and shares.max() <= 1 and len(SHARES) < shares.shape[1]


def test_the_roll_that_is_learned_is_what_the_view_leaves_over(faces: FlatFaces) -> None:
    task = AttributeTask(faces)  # type: ignore[arg-type]
    roll = list(NUMBERS).index("roll")
    for seed in range(6):
        rng = np.random.default_rng(seed)
        matrix = jittered_view(faces.points[0], 1.0, 64, np.random.default_rng(seed))
        points = np.asarray(faces.points[0], np.float64) @ matrix[:, :2].T + matrix[:, 2]
        _, labels = task.example(0, rng)
        assert abs(labels[roll]) == pytest.approx(abs(head_pose(points).roll), abs=0.3)


def test_pairs_of_a_batch_are_one_person_and_others_are_not(faces: FlatFaces) -> None:
    classes = EmbedderTask(faces, batch_size=6).batch(np.random.default_rng(0))["classes"]  # type: ignore[arg-type]
    assert torch.equal(classes[::2], classes[1::2]) and len(set(classes.tolist())) == 3


def test_the_best_threshold_parts_same_from_different() -> None:
    similarity = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.7])
    same = np.array([True, True, False, False, False, True])
    assert best_threshold(similarity, same) == pytest.approx(0.5)
    assert best_threshold(np.array([0.5, 0.6]), np.array([True, True])) < 0.5


def test_only_the_embedder_is_shipped(faces: FlatFaces) -> None:
    network = EmbedderTask(faces).network()  # type: ignore[arg-type]
    assert "people" not in network.exported.state_dict()
    assert network.exported.settings["size"] == 128
