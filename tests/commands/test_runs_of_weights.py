"""Which run a weights file is of."""

from pathlib import Path

import pytest

from faceswap.commands.export import run_of


@pytest.mark.parametrize(
    ("weights", "run"),
    [
        ("workspace/runs/a_b/checkpoints/00000008/model.safetensors", "workspace/runs/a_b"),
        ("workspace/runs/a_b/checkpoints/best.safetensors", "workspace/runs/a_b"),
        ("models/a.safetensors", "models"),
    ],
)
def test_a_runs_path_stays_as_relative_as_it_was_named(weights, run):
    assert run_of(Path(weights)) == Path(run)


def test_a_run_is_known_from_within_it(tmp_path, monkeypatch):
    folder = tmp_path / "a_b" / "checkpoints" / "00000008"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert run_of(Path("model.safetensors")) == tmp_path.resolve() / "a_b"
