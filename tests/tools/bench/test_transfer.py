"""Trials of beginnings: on cartoon clips, with tiny networks and few steps."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from faceswap.core.values import Decoded
from faceswap.media.pictures.images import read_image
from faceswap.swap.initialisation.schemes import Generic, Scratch, Weights
from faceswap.utils.files.pretrained import FOLDER_VARIABLE
from tests.clips import make_clip
from tests.detect.builtin.tiny_networks import write_networks
from tools.bench import transfer
from tools.train_generic.network import GenericNet
from tools.train_generic.training import export
from tools.transfer import scenes
from tools.transfer.drawing import draw_plot, draw_strips
from tools.transfer.trials import Trial, beginnings, means
from tools.truth.eyes import Eyes


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """A cartoon pair with its truth; the built-in eyes are tiny ones."""
    write_networks(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(scenes, "DEMO", tmp_path)
    names = {"a": "one", "b": "two", "test": "two_test", "truth": "two_as_one"}
    for seed, clip in enumerate(names.values()):
        make_clip(tmp_path, clip, frames=24 if seed < 2 else 4, seed=seed)
    return {"name": "alike", **names}


def test_a_trial_trains_looks_and_goes_on(pair, tmp_path):
    eyes = Eyes("cpu")
    scene = scenes.rendered_scene(pair, tmp_path / "workspace", eyes)
    assert len(scene.frames) == 4 and scene.truth is not None
    folder = tmp_path / "trials"
    folder.mkdir()
    trial = Trial(scene, "scratch", Scratch(), 0, {"batch_size": 2}, folder)
    first = trial.run([0, 1], eyes)
    assert [row["iteration"] for row in first] == [0, 1] and "validation" not in first[0]
    assert {"psnr_db", "ssim", "gmsd", "identity", "landmark_error_percent", "validation"} <= set(first[1])
    rows = trial.run([0, 1, 2], eyes)
    assert rows[:2] == first and rows[2]["iteration"] == 2
    assert json.loads((folder / "alike-scratch-0.json").read_text()) == rows
    draw_strips(folder, ["alike"], ["scratch", "generic"], [0, 1, 2], tmp_path / "pictures")
    assert read_image(tmp_path / "pictures" / "transfer-alike.png").shape == (2 * 128, 5 * 128, 3)


def test_a_model_without_a_mask_is_judged_by_the_hull(pair, tmp_path):
    scene = scenes.rendered_scene(pair, tmp_path / "workspace", Eyes("cpu"))

    def painted_green(views):
        return Decoded(np.tile(np.float32([0, 1, 0]), (len(views), 16, 16, 1)), None)

    swapped = scene.swapped(SimpleNamespace(coverage=0.8, resolution=16, swap=painted_green))
    assert len(swapped) == 4
    assert not np.array_equal(swapped[0], scene.frames[0].image) and swapped[0].shape == scene.frames[0].image.shape


def test_a_plain_autoencoder_begins_with_its_decoder_twice(tmp_path):
    torch.manual_seed(0)
    path = export(GenericNet("lite", {}, plain=True), tmp_path, {})
    assert path.name == "plain-lite.safetensors"
    start = beginnings(path, tmp_path, Generic())["plain"]
    assert isinstance(start, Weights)
    from faceswap.swap.models.lite import Lite

    model = Lite()
    assert "newly" not in start.begin(model, {})
    assert torch.equal(model.decoder_a[0][0].weight, model.decoder_b[0][0].weight)


def rows_of(values: dict[str, list[float]], measure: str, scene: str) -> list[dict]:
    return [
        {"arm": arm, "scene": scene, "seed": 0, "iteration": i, measure: value}
        for arm, of in values.items()
        for i, value in zip((0, 100, 2000), of, strict=True)
    ]


def test_what_scratch_has_at_the_end_is_looked_for():
    rows = rows_of({"scratch": [10, 15, 20], "generic": [19, 21, 23], "plain": [12, 14, 16]}, "psnr_db", "alike")
    rows += rows_of({"scratch": [9, 5, 2], "generic": [4, 2, 1]}, "landmark_error_percent", "real")
    result = transfer.compare(rows, 2000, ["alike", "real"])
    assert result["reached"]["psnr_db"] == {"generic": 100, "plain": None, "scratch": 2000}
    assert result["reached"]["landmark_error_percent"] == {"generic": 100, "scratch": 2000}
    assert result["means"]["psnr_db"]["generic"] == {0: 19, 100: 21, 2000: 23}
    assert means(rows * 2, "psnr_db", "generic", ["alike"])[0] == (19, 19, 19)


def test_the_plot_shows_every_arm(tmp_path):
    rows = rows_of({"scratch": [10, 15, 20], "generic": [19, 21, 23]}, "psnr_db", "alike")
    draw_plot(rows, transfer.MEASURES, tmp_path / "plot.png")
    colours = set(map(tuple, read_image(tmp_path / "plot.png").reshape(-1, 3).tolist()))
    assert {(0, 110, 190), (110, 110, 110)} <= colours and (220, 130, 0) not in colours


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--pairs", "nobody"], "choose from alike, unlike"), (["--pairs", "alike", "--real", "nowhere"], "nowhere")],
)
def test_mistakes_end_with_a_line(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        transfer.main(["--workspace", str(tmp_path / "w"), "--arms", "scratch", *arguments])
    assert message in capsys.readouterr().err
