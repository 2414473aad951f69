"""A training from its first picture to files that can be used, stopped and gone on with."""

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from faceswap.stylegan.data.packed import packed_files
from faceswap.stylegan.training.config import (
    Adversarial,
    MonitorSettings,
    NetworkSettings,
    WarmUp,
)
from faceswap.stylegan.training.monitor import MonitorSchedule
from faceswap.stylegan.training.run_folder import (
    ENCODER_FILE,
    GENERATOR_FILE,
)
from faceswap.stylegan.training.state import CHECKPOINT, mean_of_w
from faceswap.stylegan.training.trainer import SettingsYaml
from faceswap.stylegan.weights.files import generator_hash, load_encoder, load_generator
from faceswap.utils.errors import Interrupted, UserError
from tests.stylegan.training.small import GAN, SETTINGS, train_generator, weights_of


def test_it_says_where_to_look_and_what_to_do_next(data, tmp_path, caplog):
    caplog.set_level("INFO")
    train_generator(data, tmp_path / "runs" / "style", kimg=0.004, **SETTINGS)
    began, ended = caplog.messages[0], caplog.messages[-1]
    assert "16 pictures of 32 px" in began and f"tensorboard --logdir {tmp_path / 'runs'};" in began
    assert f"generator={tmp_path / 'runs' / 'style' / GENERATOR_FILE}" in ended


def test_what_comes_out_can_be_used(whole):
    generator, encoder = load_generator(whole / GENERATOR_FILE), load_encoder(whole / ENCODER_FILE)
    images = generator.synthesis(encoder(torch.randn(2, 3, 32, 32)))
    assert images.shape == (2, 3, 32, 32)
    torch.testing.assert_close(generator.average, mean_of_w(generator))
    assert torch.equal(encoder.mapping.fc0.weight, generator.mapping.fc0.weight)
    assert sorted(path.name for path in (whole / "previews").iterdir())[-1] == "00000024.jpg"


def test_a_resumed_run_equals_an_uninterrupted_one(data, whole, tmp_path):
    train_generator(data, tmp_path, kimg=0.016, **SETTINGS)
    train_generator(data, tmp_path, kimg=0.024, **SETTINGS)
    ours, theirs = weights_of(tmp_path), weights_of(whole)
    for part, tensors in theirs.items():
        assert all(torch.equal(value, ours[part][name]) for name, value in tensors.items()), part


def test_noise_that_is_taken_out_stays_out(data, tmp_path):
    def strengths(part):
        return [float(value) for name, value in weights_of(tmp_path)[part].items() if name.endswith("noise_strength")]

    train_generator(data, tmp_path, kimg=0.016, **SETTINGS)
    assert any(strengths("generator")) and any(strengths("average"))
    train_generator(data, tmp_path, kimg=0.024, **SETTINGS | {"adversarial": replace(GAN, noise=False)})
    assert not any(strengths("generator")) and not any(strengths("average"))


def test_the_plain_way_leaves_the_encoder_alone(data, tmp_path):
    plain = SETTINGS | {"warm_up": WarmUp(), "adversarial": Adversarial()}
    train_generator(data, tmp_path, kimg=0.004, **plain)
    first = weights_of(tmp_path)
    train_generator(data, tmp_path, kimg=0.012, **plain)
    later = weights_of(tmp_path)
    assert torch.equal(first["encoder"]["code.weight"], later["encoder"]["code.weight"])
    for part, name in (("generator", "synthesis.b32.conv1.weight"), ("discriminator", "conv.weight")):
        assert not torch.equal(first[part][name], later[part][name])


def others(folder):
    """A folder of ten pictures that no other folder has."""
    folder.mkdir()
    for number in range(10):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 40, 3), number * 20 + len(folder.name), np.uint8))
    return folder


def test_pictures_are_those_of_the_data_that_is_named(tmp_path):
    first, second, run = others(tmp_path / "a"), others(tmp_path / "bb"), tmp_path / "run"
    train_generator(first, run, kimg=0.004, **SETTINGS)
    before = weights_of(run)["generator"]
    with pytest.raises(UserError, match="other pictures than those of data="):
        train_generator(second, run, kimg=0.008, **SETTINGS)
    assert torch.equal(weights_of(run)["generator"]["synthesis.b4.const"], before["synthesis.b4.const"])
    train_generator(second, run, kimg=0.004, restart=True, **SETTINGS)
    fresh = train_generator(second, tmp_path / "fresh", kimg=0.004, **SETTINGS)
    for name, value in weights_of(fresh)["generator"].items():
        assert torch.equal(value, weights_of(run)["generator"][name]), name
    assert not torch.equal(before["synthesis.b4.const"], weights_of(run)["generator"]["synthesis.b4.const"])
    assert len(packed_files(run)) == 1  # the other ones' are gone
    train_generator(first, run, kimg=0.008, allow_changes=True, **SETTINGS)


def test_another_seed_or_rate_is_no_silent_matter(data, tmp_path):
    run = train_generator(
        data, tmp_path / "run", kimg=0.004, settings=SettingsYaml("adversarial: {learning_rate: 0.002}"), **SETTINGS
    )
    with pytest.raises(UserError, match="seed=0, not 3"):
        train_generator(data, run, kimg=0.008, seed=3, **SETTINGS)
    other = "adversarial: {learning_rate: 0.02}\nkimg: 9"
    with pytest.raises(UserError, match=r"adversarial.learning_rate=0.002, not 0.02"):
        train_generator(data, run, kimg=0.008, settings=SettingsYaml(other), **SETTINGS)
    train_generator(data, run, kimg=0.008, settings=SettingsYaml(other), allow_changes=True, **SETTINGS)


def test_a_training_that_was_killed_at_its_end_is_finished_by_the_next_command(data, whole, tmp_path):
    for name in (CHECKPOINT, "report.json"):
        shutil.copy(whole / name, tmp_path)
    record = json.loads((tmp_path / "report.json").read_text())
    (tmp_path / "report.json").write_text(json.dumps(record | {"is_final": False}))
    train_generator(data, tmp_path, kimg=0.024, **SETTINGS)
    made, wanted = (generator_hash(load_generator(run / GENERATOR_FILE)) for run in (tmp_path, whole))
    assert made == wanted
    assert (tmp_path / "previews" / "00000024.jpg").is_file()
    (tmp_path / "previews" / "00000024.jpg").unlink()
    train_generator(data, tmp_path, kimg=0.012, **SETTINGS)  # nothing to do: nothing is written anew
    assert not (tmp_path / "previews" / "00000024.jpg").exists()


def test_a_checkpoint_is_never_without_its_generator(data, tmp_path, monkeypatch):
    monkeypatch.setattr("faceswap.stylegan.training.trainer.save_checkpoint", lambda *_: pytest.fail("killed"))
    with pytest.raises(pytest.fail.Exception):
        train_generator(data, tmp_path, kimg=0.024, **SETTINGS)
    assert load_generator(tmp_path / GENERATOR_FILE).resolution == 32 and not (tmp_path / CHECKPOINT).exists()


def test_a_training_that_is_stopped_early_leaves_its_generator_and_a_preview(data, tmp_path, monkeypatch):
    monkeypatch.setattr("faceswap.stylegan.training.trainer.StopRequest", lambda: nullcontext([True]))
    slow = SETTINGS | {"monitor": MonitorSettings(1, 10, 10, 50, 0)}
    with pytest.raises(Interrupted, match="stopped at 4 pictures"):
        train_generator(data, tmp_path, kimg=0.4, **slow)
    assert load_generator(tmp_path / GENERATOR_FILE).resolution == 32 and (tmp_path / CHECKPOINT).is_file()
    assert (tmp_path / "previews" / "00000004.jpg").is_file()


def test_the_first_look_comes_after_a_minute_and_the_next_ones_less_and_less_often():
    schedule = MonitorSchedule(MonitorSettings(1, 10, 10, 50), 8, 0.0)
    looked = [minute for minute in range(1, 20) if schedule(8 * minute, 60.0 * minute + 1).preview]
    assert looked == [1, 2, 4, 8, 16]
    assert schedule(10_000, 1300.0)[:3] == (True, True, True)  # and by pictures, as asked
    assert not any(
        MonitorSchedule(MonitorSettings(), 8, 3000.0)(808, 3001.0)
    )  # a session that goes on waits for its turn


def test_a_training_that_falls_apart_saves_nothing_of_it(data, tmp_path):
    train_generator(data, tmp_path, kimg=0.012, **SETTINGS)
    before = (tmp_path / CHECKPOINT).read_bytes(), (tmp_path / GENERATOR_FILE).read_bytes()
    with pytest.raises(UserError, match="has fallen apart after"):
        train_generator(data, tmp_path, kimg=0.4, **SETTINGS | {"adversarial": replace(GAN, learning_rate=1e30)})
    assert ((tmp_path / CHECKPOINT).read_bytes(), (tmp_path / GENERATOR_FILE).read_bytes()) == before


def test_plans_are_checked():
    with pytest.raises(ValueError, match=r"resolution=48"):
        NetworkSettings(48)
    with pytest.raises(ValueError, match="4 numbers"):
        NetworkSettings(32, [8] * 5)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """Packed pairs: the second factor darkens a face, the first does nothing that can be seen."""
    folder = tmp_path_factory.mktemp("moved")
    faces = np.random.default_rng(0).integers(60, 200, (8, 32, 32, 3), np.uint8)
    np.save(folder / "targets.npy", np.concatenate([faces, faces, faces - 50]))
    np.save(folder / "seen.npy", np.concatenate([faces, faces, faces - 50]))
    rows = [f"{n},{n + 8},1," for n in range(8)] + [f"{n},{n + 16},,-2" for n in range(8)]
    (folder / "pairs.csv").write_text("\n".join(["before,after,nothing,light", *rows]) + "\n")
    return folder


def test_known_moves_become_directions_and_a_stopped_run_goes_on(data, moved, tmp_path):
    told = SETTINGS | {
        "warm_up": WarmUp(),
        "counterfactual": str(moved),
        "adversarial": replace(GAN, head_start=0),
    }
    train_generator(data, tmp_path / "whole", kimg=0.024, **told)
    for kimg in (0.012, 0.024):
        train_generator(data, tmp_path / "parts", kimg=kimg, **told)
    directions = weights_of(tmp_path / "whole")["moves"]["directions"]
    assert directions.shape == (2, 8, 16)
    assert (directions.flatten(1).norm(dim=1) > 0).all()
    assert torch.equal(weights_of(tmp_path / "parts")["moves"]["directions"], directions)


def test_other_pairs_than_before_are_not_gone_on_with(data, moved, tmp_path):
    pairs = shutil.copytree(moved, tmp_path / "pairs")
    told = SETTINGS | {"warm_up": WarmUp(), "counterfactual": str(pairs), "adversarial": replace(GAN, head_start=0)}
    train_generator(data, tmp_path / "run", kimg=0.004, **told)
    table = (pairs / "pairs.csv").read_text()
    (pairs / "pairs.csv").write_text(table.replace("7,15,1,", "7,15,3,"))
    with pytest.raises(UserError, match="other pairs than those of counterfactual="):
        train_generator(data, tmp_path / "run", kimg=0.008, **told)
    (pairs / "pairs.csv").write_text(table)
    np.save(pairs / "seen.npy", np.load(pairs / "seen.npy")[::-1].copy())
    with pytest.raises(UserError, match="other pairs than those of counterfactual="):
        train_generator(data, tmp_path / "run", kimg=0.008, **told)
    train_generator(data, tmp_path / "run", kimg=0.008, allow_changes=True, **told)


def test_weights_of_a_distance_that_is_not_measured_are_asked_for_too(data, tmp_path):
    with pytest.raises(UserError, match="inception="):
        train_generator(data, tmp_path / "run", kimg=0.004, inception=str(tmp_path / "none.pth"), **SETTINGS)


def test_pairs_of_a_training_must_be_packed(data, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.jpg").touch()
    (tmp_path / "pairs.csv").write_text("before,after,smile\n" + "a.jpg,b.jpg,1\n" * 4)
    with pytest.raises(UserError, match=r"needs its pairs packed"):
        train_generator(data, tmp_path / "run", kimg=0.004, counterfactual=str(tmp_path), **SETTINGS)


def test_an_encoder_can_be_trained_on(data, whole, tmp_path):
    again = train_generator(data, tmp_path, kimg=0, encoder_from=str(whole / ENCODER_FILE), **SETTINGS)
    for name, value in load_encoder(whole / ENCODER_FILE).state_dict().items():
        if not name.startswith("mapping"):
            assert torch.equal(load_encoder(again / ENCODER_FILE).state_dict()[name], value)
    with pytest.raises(UserError, match="encoder_from="):
        other = SETTINGS | {"plan": NetworkSettings(32, [8] * 4, 8)}
        train_generator(data, tmp_path / "other", kimg=0, encoder_from=str(whole / ENCODER_FILE), **other)
