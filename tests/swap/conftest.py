"""What the tests of trainings share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from faceswap.swap.models.registry import MODELS
from tests.processes import forks
from tests.swap.exports import write_weights
from tests.swap.fakes import Tiny, make_face_set


@pytest.fixture
def tiny_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints of the model `tiny` can be read."""
    monkeypatch.setitem(MODELS, "tiny", Tiny)


@pytest.fixture
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that prepare batches have imported all they need already, which takes others 1.4 s of CPU time each.

    data/test_batches.py starts them as a training does.
    """
    monkeypatch.setattr("faceswap.swap.data.batch_stream.get_context", lambda _: forks())


@pytest.fixture(scope="session")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two face sets of different size; not to be changed."""
    root = tmp_path_factory.mktemp("sets")
    return make_face_set(root / "a", 40, seed=1), make_face_set(root / "b", 24, size_px=48, seed=2)


@pytest.fixture
def weights(tmp_path: Path, tiny_is_known: None) -> Path:
    """A weights file of the model `tiny`."""
    torch.manual_seed(0)
    return write_weights(tmp_path, Tiny())


@pytest.fixture
def exported(weights: Path, tmp_path: Path) -> Path:
    """The same, exported."""
    from faceswap.swap.inference.export import export_onnx

    return export_onnx(weights, tmp_path / "out" / "x.onnx", run="x_y", faces=("x", "y"), consent={"who": "both"})
