"""Counterfactual crops: cut alike, before one wall; and an encoder that is trained on by them."""

import csv
import json

import numpy as np
import torch

from faceswap.core.geometry import mean_face_in_crop
from faceswap.stylegan.data.paired_crops import open_paired_crops
from tests.stylegan.tiny import tiny_encoder, tiny_generator
from tools.people.counterfactual import FACTORS
from tools.train_style import encoder as encoder_training
from tools.train_style.cut_pairs import cut_pairs
from tools.train_style.encoder import trained_on


class Rendered:
    """Two moments of a person, each followed by a move that opens the mouth and one that turns the head."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        moved = [("", 0.0), ("mouth_open", 0.5), ("yaw", -12.0)]
        self.rows = [{"factor": name, "step": step, "person": person} for person in (3, 4) for name, step in moved]
        self.images = rng.integers(0, 255, (6, 64, 64, 3), np.uint8)
        self.labels = np.ones((6, 64, 64), np.uint8)
        self.labels[:, :20] = 0
        self.images[1, :30], self.images[2, :30] = self.images[0, :30], self.images[0, :30]
        self.points = np.stack([mean_face_in_crop(64) + shift for shift in (0, 3, 6, 0, 3, 6)]).astype(np.float32)


def test_a_moved_face_is_cut_as_the_one_before_and_a_turned_one_by_its_own_points(tmp_path):
    faces = Rendered()
    cut_pairs(faces, np.arange(6), tmp_path, 32)
    seen, targets = np.load(tmp_path / "seen.npy"), np.load(tmp_path / "targets.npy")
    alike = (seen[0] == seen[1]).all(2)
    assert alike[:8].all() and np.array_equal(targets[0][:8], targets[1][:8])  # the same wall, the same place
    assert not (seen[0] == seen[2]).all(2)[:8].all()
    with (tmp_path / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["before"], row["after"], row["person"]) for row in rows] == [
        ("0", "1", "3"), ("0", "2", "3"), ("3", "4", "4"), ("3", "5", "4"),
    ]  # fmt: skip
    assert rows[0]["mouth_open"] == "0.5" and rows[0]["yaw"] == "" and rows[1]["yaw"] == "-12.0"
    assert list(rows[0])[3:] == [factor.name for factor in FACTORS]
    assert json.loads((tmp_path / "crops.jsonl").read_text().splitlines()[1])["factor"] == "mouth_open"


def test_an_encoder_learns_to_see_what_moves(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_training, "FEATURES", 0.0)  # noise is nobody's face
    rng = np.random.default_rng(0)
    faces = rng.integers(60, 140, (6, 32, 32, 3), np.uint8)
    for name in ("seen", "targets"):
        np.save(tmp_path / f"{name}.npy", np.concatenate([faces, faces + 60]))
    (tmp_path / "pairs.csv").write_text("before,after,light\n" + "".join(f"{n},{n + 6},1\n" for n in range(6)))
    torch.manual_seed(0)
    generator = tiny_generator()
    pairs = open_paired_crops(tmp_path, 32)
    start = tiny_encoder(generator)
    seen = pairs.batch(0, 6, 0, torch.device("cpu")).seen

    def change(encoder):
        before, after = generator.synthesis(encoder(seen)).mean((1, 2, 3)).chunk(2)
        return float((after - before).mean())

    untrained = change(start)
    trained, told = trained_on(generator, start, pairs, steps=40, minutes=1e9, rate=3e-3)
    assert told["steps"] == 40 and not trained.training
    assert change(trained) > untrained + 0.1  # a lighter picture gives a lighter drawing
    assert torch.equal(trained.mapping.fc0.weight, generator.mapping.fc0.weight)
