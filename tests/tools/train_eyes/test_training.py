"""The loop of the built-in eyes: goes on where it was, exports what can be loaded, learns something."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.utils.errors import UserError
from tests.tools.train_eyes.made import write_set
from tools.train_eyes.__main__ import TASKS, main
from tools.train_eyes.augment import CHAIN, photometric
from tools.train_eyes.data import Chained, Faces
from tools.train_eyes.landmarks import LandmarkTask
from tools.train_eyes.training import Average, echoed, train


class Line:
    """Learns y = 2 x."""

    name, learning_rate, batch_size, echoes = "line", 0.05, 8, 3

    def __init__(self) -> None:
        self.seeds: list[float] = []

    def network(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, 1, bias=False))

    def batch(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        x = torch.from_numpy(rng.standard_normal((self.batch_size, 1)).astype(np.float32))
        self.seeds.append(float(x[0, 0]))
        return {"x": x}

    def loss(self, network: nn.Module, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
        return (network(batch["x"]).float() - 2 * batch["x"]).pow(2).mean(), {}

    def score(self, network: nn.Module) -> dict[str, float]:
        return {"slope": float(next(network.parameters()).detach())}


def test_a_training_learns_exports_and_goes_on(tmp_path):
    task = Line()
    path = train(task, tmp_path, minutes=0.05, device="cpu")
    recipe = json.loads((tmp_path / "eyes-line.json").read_text())
    torch.manual_seed(0)
    untrained = float(next(task.network().parameters()).detach())
    assert abs(recipe["scores"]["slope"] - 2) < 0.95 * abs(untrained - 2)  # a busy machine does not get far
    assert load_file(path)["0.weight"].dtype == torch.float16
    first = torch.load(tmp_path / "line.checkpoint", weights_only=True)
    assert first["step"] == recipe["steps"]
    again = Line()
    train(again, tmp_path, minutes=0.07, device="cpu")
    assert torch.load(tmp_path / "line.checkpoint", weights_only=True)["step"] > first["step"]
    # its batches are none that the first training had
    expected = np.random.default_rng((1, first["step"])).standard_normal((8, 1))[0, 0]
    assert again.seeds[0] == pytest.approx(expected)


def test_the_average_follows_the_weights():
    network = nn.Linear(1, 1)
    average = Average(network)
    with torch.no_grad():
        network.weight.fill_(5.0)
    for step in range(10_000):
        average.follow(network, step)
    assert average.network.weight.item() == pytest.approx(5.0, abs=1e-3)
    assert not average.network.weight.requires_grad


@pytest.mark.parametrize("step", [step for step, _ in CHAIN], ids=lambda step: step.__name__)
def test_every_change_of_light_keeps_shape_and_changes_something(step):
    rng = np.random.default_rng(0)
    picture = np.random.default_rng(1).uniform(40, 200, (40, 56, 3)).astype(np.float32)
    before = picture.copy()
    changed = step(picture, rng)
    assert changed.shape == picture.shape and np.isfinite(changed).all()
    assert np.abs(changed - before).max() > 0.5
    assert np.array_equal(picture, before)  # the caller's picture stays


def test_the_same_seed_gives_the_same_pictures():
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    first, second = (photometric(images, np.random.default_rng(5)) for _ in range(2))
    assert first.dtype == np.uint8 and np.array_equal(first, second)
    assert np.array_equal(photometric(images, np.random.default_rng(5), strength=0), images)


def test_a_set_is_packed_once_and_keeps_people_apart(tmp_path):
    faces = Faces(write_set(tmp_path / "set"))
    assert len(faces) == 40 and faces.images.shape == (40, 96, 96, 3) and faces.labels.shape == (40, 96, 96)
    assert not set(faces.person[faces.training]) & set(faces.person[faces.validation])
    packed = tmp_path / "set" / "packed-images-40.npy"
    written = packed.stat().st_mtime_ns
    assert np.array_equal(Faces(tmp_path / "set").images[3], faces.images[3])
    assert packed.stat().st_mtime_ns == written
    with pytest.raises(UserError, match=r"tools\.people dataset"):
        Faces(tmp_path)


def test_landmark_examples_show_the_points_where_they_are(tmp_path):
    faces = Faces(write_set(tmp_path / "set"))
    task = LandmarkTask(faces, batch_size=24, no_face=0.3)
    task.net_settings = {"extra_points": 8}
    batch = task.batch(np.random.default_rng(3))
    assert batch["images"].shape == (24, 3, 96, 96) and batch["points"].shape == (24, 76, 2)
    is_face = batch["face"] == 1
    assert 8 < int(is_face.sum()) < 24
    assert batch["points"][is_face].abs().max() < 2
    # order survives the mirror: the first eye is at the left, the brows above the chin
    left, right = batch["points"][is_face][:, 36:42].mean(1), batch["points"][is_face][:, 42:48].mean(1)
    chin = batch["points"][is_face][:, 8]
    upright = (right - left)[:, 0] > 0
    assert upright.float().mean() > 0.9 and (chin[upright][:, 1] > left[upright][:, 1]).float().mean() > 0.9


def test_the_landmark_loss_falls_when_the_answer_is_right(tmp_path):
    task = LandmarkTask(Faces(write_set(tmp_path / "set")), batch_size=8)
    batch = task.batch(np.random.default_rng(0))

    def answer(error: float):
        visible = (batch["visible"] * 2 - 1) * 9
        face = (batch["face"].clamp_min(0) * 2 - 1) * 9
        return lambda images: (batch["points"] + error, torch.full(batch["points"].shape[:2], -3.0), visible, face)

    right, wrong = (task.loss(answer(error), batch)[0].item() for error in (0.0, 0.3))  # type: ignore[arg-type]
    assert right < wrong - 1


def test_every_task_can_be_named_and_wrong_ones_are_refused(tmp_path, capsys):
    from importlib import import_module

    for name, (module, task, minutes) in TASKS.items():
        assert getattr(import_module(module), task).name == name and minutes > 0
    assert main(["landmarks", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "manifest.jsonl is missing" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["ears", str(tmp_path), str(tmp_path)])


def test_a_landmark_network_is_trained_and_scored(tmp_path):
    write_set(tmp_path / "set", people=10)
    task = LandmarkTask(Faces(tmp_path / "set"), batch_size=8)
    task.net_settings = {"widths": (16, 16, 16, 16), "residuals": (0, 0, 0, 0), "hidden": 16, "extra_points": 8}
    path = train(task, tmp_path / "out", minutes=0.02, device="cpu")
    scores = json.loads((tmp_path / "out" / "eyes-landmarks.json").read_text())["scores"]
    assert 0 < scores["second_look_%"] < 100 and 0 <= scores["faces_accepted"] <= 1
    network = LandmarkNet(**task.net_settings)
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()}, strict=False)


def test_batches_serve_several_steps_in_a_mixed_order():
    made = []

    def batches():
        for number in range(40):
            made.append(number)
            yield {"x": torch.tensor(number)}

    served = [int(batch["x"]) for batch in echoed(batches(), 3, 8, np.random.default_rng(0))]
    counts = np.bincount(served, minlength=40)
    assert counts.max() == 3 and counts[:20].min() >= 1 and len(served) > 70
    repeats = sum(first == second for first, second in pairwise(served))
    assert repeats < len(served) / 4


def test_a_training_begins_with_exported_weights(tmp_path):
    path = train(Line(), tmp_path / "first", minutes=0.03, device="cpu")
    train(Line(), tmp_path / "second", minutes=1e-9, device="cpu", start=path)
    again = load_file(tmp_path / "second" / "eyes-line.safetensors")["0.weight"]
    assert again.float().item() == pytest.approx(load_file(path)["0.weight"].float().item(), abs=1e-3)


def test_weights_of_another_network_are_refused(tmp_path):
    class Wider(Line):
        def network(self) -> nn.Module:
            return nn.Sequential(nn.Linear(2, 1, bias=False))

    path = train(Line(), tmp_path / "first", minutes=1e-9, device="cpu")
    with pytest.raises(UserError, match=r"another network: 0\.weight"):
        train(Wider(), tmp_path / "second", minutes=1e-9, device="cpu", start=path)


def test_several_sets_are_one(tmp_path):
    first, second = write_set(tmp_path / "first"), write_set(tmp_path / "second")
    alone, both = Faces(first), Faces(first, second)
    assert len(both) == 2 * len(alone) and both.images.shape == (80, 96, 96, 3)
    assert np.array_equal(both.images[43], Faces(second).images[3])
    assert np.array_equal(both.labels[3], alone.labels[3])
    assert both.points.shape == (80, 68, 2) and np.array_equal(both.points[:40], alone.points)
    assert {*both.training, *both.validation} == set(range(80))


def test_rows_beyond_the_end_do_not_exist():
    rows = Chained([np.zeros((2, 3), np.uint8), np.ones((1, 3), np.uint8)])
    assert [int(row[0]) for row in rows] == [0, 0, 1]  # a for loop ends by IndexError
    with pytest.raises(IndexError):
        rows[-1]
