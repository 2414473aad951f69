"""Scores of pictures, and tables of labels."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from faceswap.core.geometry import mean_face_in_crop
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face
from faceswap.facenets.attributes import OUTPUTS, AttributeReader
from faceswap.media.pictures.images import write_image
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.data.labels import read_labels
from faceswap.stylegan.directions.discovery import Sample, styles_of
from faceswap.stylegan.directions.labelled import ranked, sample_of_crops, sample_of_pictures, sample_of_seeds
from faceswap.stylegan.directions.scoring import SCORED, AttributeScorer, mean_points_in_style, scorer_by_name
from faceswap.utils.errors import UserError
from tests.stylegan.toy import LinearGenerator


class Brightness(torch.nn.Module):
    """An attribute network whose every output is how bright the picture is, -1 to 1."""

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None].expand(-1, OUTPUTS)


def test_the_mean_face_lies_where_alignment_brings_it():
    whole = mean_face_in_crop(100)
    inner = mean_points_in_style(round(100 * STYLE_COVERAGE))
    np.testing.assert_allclose(inner, whole - (100 - round(100 * STYLE_COVERAGE)) / 2, atol=0.05)


def test_scores_are_named_and_do_not_saturate():
    scorer = AttributeScorer(reader=AttributeReader("cpu", Brightness()))
    images = np.stack([np.full((64, 64, 3), grey, np.uint8) for grey in (0, 128, 255)])
    scores = scorer(images)
    assert tuple(scores) == SCORED and all(column.shape == (3,) for column in scores.values())
    assert (np.diff(scores["age"]) > 5).all()
    assert scores["smile"][2] - scores["smile"][1] == pytest.approx(scores["smile"][1] - scores["smile"][0], rel=0.25)
    assert ((scores["skin"] > 0) & (scores["skin"] < 1)).all()


def test_a_function_of_the_users_own_scores(tmp_path, monkeypatch):
    (tmp_path / "my_scores.py").write_text(
        "def red(images): return images[..., 0].mean((1, 2))\n"
        "def two(images): return {'red': red(images), 'blue': images[..., 2].mean((1, 2))}\n"
        "def short(images): return [1.0]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    images = np.zeros((2, 4, 4, 3), np.uint8)
    assert scorer_by_name("my_scores:red")(images)["red"].tolist() == [0, 0]
    assert list(scorer_by_name("my_scores:two")(images)) == ["red", "blue"]
    with pytest.raises(UserError, match="'short' must be 2 finite numbers"):
        scorer_by_name("my_scores:short")(images)
    for name, said in (("my_scores", "module:function"), ("no_such:f", "no_such"), ("my_scores:none", "none")):
        with pytest.raises(UserError, match=said):
            scorer_by_name(name)
    sys.modules.pop("my_scores")


def test_labels_from_csv_and_json_lines(tmp_path):
    csv = tmp_path / "labels.csv"
    csv.write_text("\ufeffseed,smile,hat,remark\n0,0.5,yes,nice\n7,,no,\n")
    table = read_labels(csv)
    assert table.by == "seed" and list(table.of) == ["0", "7"] and set(table.columns) == {"smile", "hat"}
    assert table.columns["hat"].tolist() == [1, 0] and np.isnan(table.columns["smile"][1])
    lines = tmp_path / "manifest.jsonl"
    lines.write_text('{"file": "a/1.jpg", "attributes": {"age": 30, "hair": "crop"}}\n\n{"file": "2.jpg", "age": 41}\n')
    table = read_labels(lines)
    assert table.by == "file" and table.of[0] == str(tmp_path / "a/1.jpg")
    assert table.columns["age"].tolist() == [30, 41] and "hair" not in table.columns


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.csv", "", "must name a column"),
        ("l.csv", "face,smile\n1,2\n", "must name a column"),
        ("l.csv", "seed,smile\nx,2\n", "whole numbers"),
        ("l.csv", "seed,smile\n99999999999999999999,2\n", "whole numbers"),
        ("l.csv", "seed,remark\n1,nice\n", "no column holds numbers"),
        ("l.jsonl", "[1]\n", "each line must be an object"),
        ("l.jsonl", '{"file": "x", "attributes": 3}\n', "cannot read the labels"),
        ("l.jsonl", "{", "cannot read the labels"),
        ("l.jsonl", "[" * 100_000, "cannot read the labels"),
    ],
)
def test_tables_that_are_none_are_told(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=said):
        read_labels(tmp_path / name)


def test_missing_and_binary_tables_are_told(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot read the labels"):
        read_labels(tmp_path / "b.csv")


def test_labels_of_seeds_come_with_their_styles(tmp_path):
    (tmp_path / "l.csv").write_text("seed,hat\n3,1\n5,0\n")
    generator = LinearGenerator()
    sample = sample_of_seeds(read_labels(tmp_path / "l.csv"), generator, 1.0)
    np.testing.assert_allclose(sample.w, styles_of(generator, [3, 5], 1.0).numpy())
    assert sample.scores["hat"].tolist() == [1, 0]


def test_labels_of_pictures_come_with_the_encoders_word(tmp_path):
    generator = LinearGenerator()
    points = MEAN_FACE[:, :2] * 80 + 100
    faces = {}
    for index in range(3):
        write_image(tmp_path / f"{index}.png", np.full((200, 200, 3), 80 * index, np.uint8))
        faces[index] = [] if index == 1 else [points]
    (tmp_path / "l.csv").write_text("file,hat\n0.png,1\n1.png,0\n2.png,0\n")
    finder = FixedFinder(faces)

    sample = sample_of_pictures(read_labels(tmp_path / "l.csv"), generator, Mean(generator.rows), finder)
    assert sample.scores["hat"].tolist() == [1, 0] and sample.w.shape == (2, 16)
    np.testing.assert_allclose(sample.w[:, 0], [-1, 160 / 127.5 - 1], atol=1e-5)
    with pytest.raises(UserError, match="none of the 3 labelled pictures"):
        sample_of_pictures(read_labels(tmp_path / "l.csv"), generator, Mean(generator.rows), FixedFinder({}))


def test_labels_of_packed_crops(tmp_path):
    generator = LinearGenerator()
    np.save(
        tmp_path / "seen.npy", np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    )
    (tmp_path / "l.jsonl").write_text(
        '{"crop": 3, "attributes": {"age": 30}}\n{"crop": 1, "attributes": {"age": 50}}\n'
    )
    table = read_labels(tmp_path / "l.jsonl")
    assert table.by == "crop"
    sample = sample_of_crops(table, generator, Mean(generator.rows))
    np.testing.assert_allclose(sample.w[:, 0], [3 / 127.5 - 1, 1 / 127.5 - 1], atol=1e-6)
    assert sample.scores["age"].tolist() == [30, 50]
    np.save(tmp_path / "seen.npy", np.zeros((3, 32, 32, 3), np.uint8))
    with pytest.raises(UserError, match="must hold 4 crops of 32 px"):
        sample_of_crops(table, generator, Mean(generator.rows))
    np.save(tmp_path / "seen.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(UserError, match="cannot read"):
        sample_of_crops(table, generator, Mean(generator.rows))


class Mean(torch.nn.Module):
    """An encoder whose every number is how bright the picture is."""

    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def forward(self, images, shared):
        return images.mean((1, 2, 3))[:, None, None].expand(-1, self.rows, 16)


def test_ranks_make_scales_alike():
    sample = Sample(
        np.zeros((5, 2), np.float32), {"a": np.array([10.0, 30, np.nan, 20, 20]), "none": np.full(5, np.nan)}
    )
    ranks = ranked(sample).scores
    np.testing.assert_allclose(ranks["a"], [-0.75, 0.75, np.nan, 0, 0])
    assert np.isnan(ranks["none"]).all()


class FixedFinder:
    """Finds what it was told by the frame's index."""

    batch_size, description = 2, "fixed"

    def __init__(self, points_by_index):
        self.known = points_by_index

    def prepare(self, source):
        pass

    def find(self, frames):
        return [[Face.from_points(points) for points in self.known.get(frame.index, [])] for frame in frames]


def test_a_label_too_large_for_a_float_is_no_number(tmp_path):
    (tmp_path / "l.jsonl").write_text('{"seed": 1, "age": 1' + "0" * 400 + "}\n")
    with pytest.raises(UserError, match="line 1: it holds a number of 401 digits"):
        read_labels(tmp_path / "l.jsonl")
    (tmp_path / "l.csv").write_text("seed,age\n1,1" + "0" * 400 + "\n2,3\n")
    column = read_labels(tmp_path / "l.csv").columns["age"]
    assert np.isnan(column[0]) and column[1] == 3
    (tmp_path / "s.csv").write_text("seed,age\n4294967296,1\n1,2\n")
    with pytest.raises(UserError, match="0 to 4294967295"):
        read_labels(tmp_path / "s.csv")
