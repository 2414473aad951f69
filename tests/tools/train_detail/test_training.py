import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from faceswap.core.geometry import mean_face_in_crop
from faceswap.swap.detail.network import DetailNet
from tools.train_detail import __main__ as command
from tools.train_detail import samples, task, training
from tools.train_detail.films import HELD_OUT_EVERY, STORED_PX, pair_file, pair_numbers
from tools.train_detail.samples import SIZE_PX, Samples, mirrored, softened
from tools.train_detail.task import DetailTask, tensors


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two pairs, one of them held out, of noise where there should be faces."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    (folder / "drawn").mkdir()
    points = mean_face_in_crop(STORED_PX).astype(np.float32)
    for number in (0, HELD_OUT_EVERY - 1):
        values = {}
        for name, count, one in (("references", 5, "reference"), ("answers", 8, "answer"), ("seen", 8, "seen")):
            values[name] = rng.integers(0, 255, (count, STORED_PX, STORED_PX, 3)).astype(np.uint8)
            values[f"{one}_points"] = np.stack([points + rng.normal(0, 2, (68, 2)) for _ in range(count)])
        np.savez(pair_file(folder, number), **values)
        drawn = {
            name: rng.integers(0, 255, (count, 96, 96, 3)).astype(np.uint8)
            for name, count in (("swaps", 8), ("own", 5))
        }
        np.savez(folder / "drawn" / f"{number:05d}-lite-0.npz", **drawn)
    return folder


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(task, "BATCH", 2)
    monkeypatch.setattr(task, "WHOLE_BATCH", 1)
    monkeypatch.setattr(task, "WINDOW_PX", 64)
    monkeypatch.setattr(
        training, "DetailNet", lambda: DetailNet(width=8, reference_width=8, deep_width=8, flow_width=8)
    )


def test_people_who_are_held_out_are_never_trained_on(data):
    assert pair_numbers(data, held_out=False) == [0]
    assert pair_numbers(data, held_out=True) == [HELD_OUT_EVERY - 1]


def test_an_example_is_what_its_seed_says_and_all_of_it_turns_in_a_mirror(data):
    examples = Samples(data, [0])
    one, same = (examples.draw(np.random.default_rng(3)) for _ in range(2))
    for name in ("drawn", "answer", "references", "trust", "mask"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    twice = mirrored(mirrored(one))
    np.testing.assert_array_equal(twice.references, one.references)
    assert tensors(one)["references"].shape == (samples.REFERENCES, 3, SIZE_PX, SIZE_PX)


def test_a_picture_never_lends_detail_to_itself(data):
    pair, _ = Samples(data, [0]).pair(0)
    order = samples.nearest(pair, pair.reference_points[2], without=2)
    assert sorted(order) == [0, 1, 3, 4]


def test_softening_takes_detail_and_leaves_the_rest():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (SIZE_PX, SIZE_PX, 3)).astype(np.uint8)
    soft = softened(picture, rng)
    assert soft.std() < 0.5 * picture.std()
    assert abs(float(soft.mean()) - picture.mean()) < 25


def test_the_answer_costs_nothing(data, small):
    """What the network is to give has no distance to itself, light and colours being those that were drawn."""

    class Knowing(DetailNet):
        def parts(self, drawn, references, trust, places):
            low, wanted = task.blur(drawn), task.relative_detail(answer, task.blur(answer))
            return low + (low + task.FLOOR) * wanted, wanted, torch.ones(len(drawn), 1, 16, 16)

    work = DetailTask(data)
    batch = work.batch(np.random.default_rng(0))
    batch["answer"] = answer = batch["answer"].clamp(0.2, 0.8)
    batch["drawn"] = batch["drawn"] * 0.2 + 0.4  # so that no pixel of the result is beyond 0 or 1
    parts, *_ = work.losses(Knowing(), batch)
    assert all(float(part) < 2e-3 for part in parts.values())


def test_a_training_goes_on_and_its_weights_can_be_shipped(data, small, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "ADVERSARIAL_FROM", 0.0)
    monkeypatch.setattr(training, "LOG_EVERY", 1)
    work, out = DetailTask(data), tmp_path / "out"
    for minutes in (0.02, 0.05):
        training.train(work, out, minutes)
    lines = [json.loads(line) for line in (out / "detail.log.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "l1" in line]
    assert steps == list(range(1, len(steps) + 1))
    assert {"adversary", "discriminator", "borrowed", "features", "perceptual", "energy"} <= set(lines[-1])
    folder = tmp_path / "pretrained"
    folder.mkdir()
    shipped = command.ship_weights(out, folder)
    with safe_open(shipped, "pt") as file:
        network = DetailNet(**json.loads(file.metadata()["settings"]))
        network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    entry = json.loads((folder / "manifest.json").read_text())["files"]["detail"]
    assert entry["recipe"]["steps"] == steps[-1] and "reference_octave_1" in entry["scores"]
