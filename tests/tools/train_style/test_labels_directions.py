"""The labels of cut crops, and what the manifest says of shipped directions."""

import json

import numpy as np
import pytest

from faceswap.facenets.attributes import OUTPUTS
from faceswap.stylegan.data.labels import read_labels
from faceswap.stylegan.directions.directions import Direction, DirectionSet
from faceswap.stylegan.directions.scoring import SCORED
from faceswap.utils.errors import UserError
from tools.train_style.labels import lines
from tools.train_style.ship_directions import TOLD, scores


def test_labels_are_named_as_scores_are(tmp_path):
    labels = np.arange(2 * OUTPUTS, dtype=np.float32).reshape(2, OUTPUTS)
    labels[:, -6:] = [[1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 1]]
    rows = [json.loads(line) for line in lines(labels)]
    assert tuple(rows[0]) == ("crop", *SCORED)
    assert rows[1]["age"] == OUTPUTS and (rows[0]["skin"], rows[0]["hair"]) == (1, 0)
    assert rows[1]["skin"] == pytest.approx(0.7152)
    (tmp_path / "labels.jsonl").write_text("\n".join(lines(labels)))
    table = read_labels(tmp_path / "labels.jsonl")
    assert table.by == "crop" and set(table.columns) == set(SCORED)
    with pytest.raises(UserError):
        read_labels(tmp_path / "none.jsonl")


def test_scores_compare_an_edit_with_what_it_moves_besides():
    one = np.ones(4)
    found = DirectionSet(
        {name: Direction(name, one, one, 1.0, accuracy={"confident": 0.95}) for name in ("age", "smile", "pca1")},
        leakage=np.array([[2.0, -0.4], [0.1, 1.5]]),
    )
    truth = {"age": {key: 0.5 for key in TOLD}, "mean": {}}
    table = scores(found, truth)
    assert table["age_own_over_others"] == 5 and table["smile_own_over_others"] == 15
    assert table["age_held_out_confident_%"] == 95 and "pca1_own_over_others" not in table
    assert table["age_own_reached"] == 0.5 and "smile_own_reached" not in table
