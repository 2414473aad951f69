from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.swap.initialisation.schemes import start_from
from faceswap.swap.models.registry import MODELS
from faceswap.swap.runs.checkpoints import CheckpointIO
from faceswap.utils.errors import UserError
from tests.swap.fakes import Tiny


@pytest.fixture
def other(tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Tiny)
    model = Tiny()
    optimizer = Adam().build(model)
    CheckpointIO(model, optimizer).save(tmp_path / "run", TrainingState(1, 1, 0), keep=1)
    return model, tmp_path / "run"


def same(one, two) -> bool:
    return all((a == b).all() for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_all_parts_from_a_run(other):
    given, run = other
    model = Tiny()
    report = start_from(model, run)
    assert same(model, given)
    assert not report.fresh and not report.kept_out and not report.skipped


def test_only_the_parts_asked_for(other):
    given, run = other
    model = Tiny()
    before = [p.clone() for p in model.decoder_b.parameters()]
    report = start_from(model, run, ["encoder", "inter", "decoder_a"])
    assert same(model.encoder, given.encoder) and same(model.decoder_a, given.decoder_a)
    assert all((a == b).all() for a, b in zip(before, model.decoder_b.parameters(), strict=True))
    assert set(report.kept_out) == {f"decoder_b.{name}" for name in model.decoder_b.state_dict()}


def test_what_does_not_fit_is_listed(other, tmp_path):
    given, _ = other
    weights = dict(given.state_dict())
    weights["inter.0.weight"] = torch.zeros(3, 3)
    del weights["encoder.0.0.bias"]
    weights["extra"] = torch.zeros(1)
    path = tmp_path / "part.safetensors"
    save_file(weights, path)
    report = start_from(Tiny(), path)
    assert report.fresh == ("encoder.0.0.bias", "inter.0.weight")
    assert report.skipped == ("extra",)
    assert "inter.0.weight" in str(report) and "extra" in str(report)


def test_nothing_that_fits_is_an_error(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"w": torch.zeros(2)}, path)
    with pytest.raises(UserError, match="no weight"):
        start_from(Tiny(), path)


@pytest.mark.parametrize("parts", [["nose"], []])
def test_unknown_parts_are_refused(other, parts):
    with pytest.raises(UserError, match="encoder, inter, decoder_a, decoder_b"):
        start_from(Tiny(), other[1], parts)


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        start_from(Tiny(), tmp_path / "nowhere")


def test_a_pickled_file_is_refused(tmp_path):
    path = tmp_path / "model.pth"
    torch.save(Tiny().state_dict(), path)
    with pytest.raises(UserError, match="safetensors"):
        start_from(Tiny(), path)
