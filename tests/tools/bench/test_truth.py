"""The benchmark against the true swap, on cartoon clips and with tiny networks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from faceswap.utils.files.pretrained import FOLDER_VARIABLE
from tests.clips import make_clip
from tests.detect.builtin.tiny_networks import write_networks
from tests.tools.truth.made import write_parser
from tools.bench import truth
from tools.truth.score import MEASURES


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """A folder of two pairs of cartoon clips, the second with a toned truth; the built-in eyes are tiny ones."""
    folder = tmp_path / "clips"
    folder.mkdir()
    write_networks(folder)
    write_parser(folder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    pairs = []
    for name in ("alike", "unlike"):
        pair = {"a": f"{name}_a", "b": f"{name}_b", "test": f"{name}_test", "truth": f"{name}_truth"}
        pair |= {"truth_toned": f"{name}_toned"} if name == "unlike" else {}
        for seed, clip in enumerate(pair.values()):
            make_clip(folder, clip, frames=3, seed=seed)
        pairs.append({"name": name} | pair)
    (folder / "pairs.json").write_text(json.dumps({"pairs": pairs}))
    return folder


@pytest.fixture
def swapped(monkeypatch):
    """Stands in for the three commands: the test clip as it is, and a report of the run. Lists the runs asked for."""
    runs = []

    def swap_test_clip(pair, options, workspace):
        runs.append(truth.run_name(pair, options))
        run = workspace / "runs" / runs[-1]
        run.mkdir(parents=True)
        (workspace / "out").mkdir(exist_ok=True)
        (run / "report.json").write_text('{"iterations": 7}')
        return options.clips / f"{pair['test']}.mp4"

    monkeypatch.setattr(truth, "swap_test_clip", swap_test_clip)
    return runs


def test_both_pairs_make_one_table_and_one_json(clips, swapped, tmp_path, capsys):
    workspace = tmp_path / "workspace"
    truth.main(["--pair", "both", "--clips", str(clips), "--workspace", str(workspace)])
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert swapped == ["alike_a_alike_b", "unlike_a_unlike_b"]
    assert set(result["eyes"]) == {"landmarks", "embedder", "parser"}
    assert set(result["pairs"]["alike"]["scores"]) == {"swap to truth", "B to truth"}
    scores = result["pairs"]["unlike"]["scores"]
    assert set(scores) == {f"{clip} to {role}" for clip in ("swap", "B") for role in ("truth", "truth_toned")}
    without = {"retrieval_share", "retrieval_of_truth"}  # nobody said which people
    assert all(set(row) == set(MEASURES) - without for row in scores.values())
    table = [line for line in err.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(MEASURES)
    assert "alike: swap to truth" in table[0] and "unlike: B to truth_toned" in table[0]
    assert {path.name for path in (workspace / "out").iterdir()} == {"alike.truth.mp4", "unlike.truth.mp4"}


def test_a_gallery_adds_the_retrieval(clips, swapped, tmp_path, monkeypatch):
    asked = []

    def gallery(folder, embedder):
        asked.append(str(folder))
        return np.eye(200, 128, dtype=np.float32)

    monkeypatch.setattr(truth, "gallery", gallery)
    monkeypatch.setattr(truth, "FACES_A_PERSON", 2)
    for side in ("alike_a", "alike_b"):
        np.savez(clips / f"{side}.landmarks.npz", points=np.load(clips / "alike_test.landmarks.npz")["points"])
    result = truth.main(["--clips", str(clips), "--people", "SET", "--workspace", str(tmp_path / "w")])
    row = result["pairs"]["alike"]["scores"]["swap to truth"]
    assert asked == ["SET"] and set(row) == set(MEASURES) and 0 <= row["retrieval_share"] <= 1


def test_a_run_may_have_a_name(clips, swapped, tmp_path):
    arguments = ["--clips", str(clips), "--workspace", str(tmp_path / "w"), "--minutes", "0", "--run", "mine"]
    result = truth.main(arguments)["pairs"]["alike"]
    assert swapped == ["mine"] and result["run"] == "mine"
    assert result["comparison"].endswith("mine.truth.mp4") and result["training"] == {"iterations": 7}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pair", "nobody"], "choose from alike, unlike, both"),
        (["--pair", "both", "--run", "mine"], "a run is one pair's"),
        (["--minutes", "0"], "say its --workspace"),
        (["--minutes", "0", "--workspace", "W", "--run", "none"], "there is no run 'none'"),
    ],
)
def test_mistakes_end_with_a_line(clips, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        truth.main(["--clips", str(clips), *arguments])
    assert message in capsys.readouterr().err


def test_missing_eyes_are_told_before_anything_is_trained(clips, swapped, tmp_path, monkeypatch, capsys):
    (tmp_path / "manifest.json").write_text('{"files": {}}')
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(SystemExit):
        truth.main(["--clips", str(clips)])
    assert "no network" in capsys.readouterr().err and not swapped
