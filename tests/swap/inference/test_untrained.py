"""A swap without training: what it draws is what generic weights draw of that person."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.cli.runner import run_command
from faceswap.compositing.results import model_name
from faceswap.convert import convert
from faceswap.media.sources import probe
from faceswap.swap.inference.untrained import drawing_models, untrained_swapper
from faceswap.swap.initialisation.person import PERSON_SIZE
from faceswap.utils.errors import UserError
from tests.swap.initialisation.test_generic import shipped  # noqa: F401 (a fixture)


def test_it_draws_the_person_it_is_told(shipped):  # noqa: F811
    person = np.random.default_rng(0).random(PERSON_SIZE, np.float32)
    swapper = untrained_swapper(person, "anna", device="cpu", precision="fp32")
    views = np.random.default_rng(1).integers(0, 255, (2, 96, 96, 3)).astype(np.uint8)
    with torch.no_grad():
        images = torch.from_numpy(views).permute(0, 3, 1, 2) / 255
        told = shipped(images, torch.from_numpy(person).expand(2, -1))[1]
    np.testing.assert_allclose(swapper.swap(views).images, told.permute(0, 2, 3, 1), atol=0.02)
    assert model_name(swapper) == "lite, untrained (person anna)"  # there is no run


def test_a_model_without_generic_weights_is_one_line(shipped):  # noqa: F811
    assert drawing_models() == ["lite"]
    with pytest.raises(UserError, match=r"photo_model=df: .* lite can draw"):
        untrained_swapper(np.zeros(PERSON_SIZE, np.float32), "anna", "df")


def test_the_command_puts_a_face_set_into_a_film(shipped, sets, tiny_clip, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workspace" / "faces").mkdir(parents=True)
    (tmp_path / "workspace" / "faces" / "anna").symlink_to(sets[0])
    given = [f"video={tiny_clip.video}", f"faces={sets[1].name}", "photo=anna", "device=cpu", "stop=2"]
    (tmp_path / "workspace" / "faces" / sets[1].name).symlink_to(sets[1])
    assert run_command("convert", convert, given) == 0
    assert probe(capsys.readouterr().out.strip()).frame_count == 2
    for wrong, said in (
        (["photo=anna"], "video= is missing"),
        ([*given, "run=x"], "photo= stands for"),
        ([*given, "to=b"], "to=b"),
    ):
        assert run_command("convert", convert, wrong) == 2
        assert said in capsys.readouterr().err
