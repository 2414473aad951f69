from __future__ import annotations

import json
import logging

import pytest

from faceswap.swap.evaluation.validator import Validator
from faceswap.utils.errors import UserError
from tests.swap.trained_runs import files_of, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


@pytest.mark.parametrize("cut_at", [None, 7, 12])
def test_a_plateau_is_told_and_ends_a_run_where_it_also_ends_resumed(sets, tmp_path, monkeypatch, caplog, cut_at):
    monkeypatch.setattr("faceswap.engine.progress.PATIENCE_STEPS", 8)
    monkeypatch.setattr(Validator, "validate", lambda self: {"validation": 1.0})
    if cut_at:
        train(sets, tmp_path / "run", iterations=cut_at, stop_when="plateau", preview_every=5)
    with caplog.at_level(logging.INFO):
        run = train(sets, tmp_path / "run", iterations=100, stop_when="plateau", preview_every=5)
    assert (run / "checkpoints" / "00000013").is_dir() and len(files_of(run)) == 2
    assert "stop_when=plateau" in caplog.text or cut_at == 12
    with pytest.raises(UserError, match="accepted are length, plateau"):
        train(sets, run, stop_when="never")


@pytest.mark.parametrize("change", [{"lowest": "x"}, {"lowest": []}, {"lowest_at": 99}, {"lowest_at": -1}])
def test_an_impossible_memory_is_a_damaged_checkpoint(sets, tmp_path, change):
    run = train(sets, tmp_path / "run", iterations=2)
    path = run / "checkpoints" / "00000002" / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match="no checkpoint in"):
        train(sets, run, iterations=3)
