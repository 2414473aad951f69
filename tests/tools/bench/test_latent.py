from __future__ import annotations

import pytest
import torch

from faceswap.engine.optimizers import Adam
from faceswap.engine.state import TrainingState
from faceswap.media.pictures.images import read_image
from faceswap.swap.models.df import Df
from faceswap.swap.runs.checkpoints import CheckpointIO
from tests.swap.fakes import SMALL_UD, make_face_set
from tools.bench.latent import main


def test_a_plain_and_a_gaussian_code_beside_each_other(tmp_path, capsys):
    faces = make_face_set(tmp_path / "faces", 9)
    runs = []
    for name, beta in (("plain", 0.0), ("vae", 0.1)):
        torch.manual_seed(0)
        model = Df(**SMALL_UD, beta=beta)
        CheckpointIO(model, Adam().build(model)).save(tmp_path / name, TrainingState(1, 1.0, 0), keep=1)
        runs.append(str(tmp_path / name))
    result = main([*runs, "--faces", str(faces), "--samples", "8", "--out", str(tmp_path / "latent.png")])
    assert [result[run]["beta"] for run in runs] == [0.0, 0.1]
    assert all(result[run]["faces"] == 9 and result[run]["lost_samples"] > 0 for run in runs)
    assert read_image(tmp_path / "latent.png").shape == (2 * 4 * 64, 8 * 64, 3)


def test_too_few_faces_are_said_in_one_line(tmp_path, capsys):
    faces = make_face_set(tmp_path / "faces", 1)
    model = Df(**SMALL_UD)
    CheckpointIO(model, Adam().build(model)).save(tmp_path / "run", TrainingState(1, 1.0, 0), keep=1)
    with pytest.raises(SystemExit):
        main([str(tmp_path / "run"), "--faces", str(faces)])
    assert "two or more" in capsys.readouterr().err
