"""Pretraining on painted people: what a batch holds, that it goes on, what it leaves."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from faceswap.engine.accelerator import choose_accelerator
from faceswap.swap.initialisation.generic import PERSON_SIZE, GenericWeights
from faceswap.swap.losses.adversarial import Discriminator
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained, entry_of
from tests.detect.builtin.tiny_networks import write_networks
from tests.swap.fakes import SMALL_UD
from tests.tools.train_eyes.made import write_set
from tools.train_generic import erasing, probe, sharpening, ship, training
from tools.train_generic.__main__ import main
from tools.train_generic.agreement import Agreement
from tools.train_generic.moments import Moments
from tools.train_generic.network import GenericNet
from tools.train_generic.task import SwapTask
from tools.train_generic.training import pretrain


@pytest.fixture
def moments(tmp_path, monkeypatch) -> Moments:
    """Ten painted people who all play the same four moments, two of them held out."""
    (tmp_path / "eyes").mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(write_networks(tmp_path / "eyes")))
    return Moments(write_set(tmp_path / "set"), crop_px=96)


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch):
    """Every look at the clock finds it 50 ms later, however busy the machine is."""
    ticks = itertools.count()
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 0.05))


def small(plain: bool = False) -> GenericNet:
    torch.manual_seed(0)
    return GenericNet("df", SMALL_UD, plain)


def test_a_code_of_few_numbers_folds_into_the_models_own_layer(tmp_path):
    torch.manual_seed(0)
    narrow, whole = GenericNet("df", SMALL_UD, rank=3), small()
    weights = load_file(training.export(narrow, tmp_path, {}))
    assert weights.keys() == whole.weights().keys()
    assert torch.linalg.matrix_rank(narrow.weights()["inter.0.weight"]) == 3
    assert not GenericNet("df", SMALL_UD).load_state_dict(narrow.weights(), strict=False).unexpected_keys
    whole.load_state_dict(narrow.weights(), strict=False)
    pictures, people = torch.rand(2, 3, 64, 64), torch.rand(2, PERSON_SIZE)
    assert narrow.encode(pictures).shape == (2, 3) and whole.encode(pictures).shape == (2, 8)
    for told, plain in zip(narrow(pictures, people)[1:], whole(pictures, people)[1:], strict=True):
        torch.testing.assert_close(told, plain, atol=1e-5, rtol=1e-4)


def test_the_set_knows_who_plays_what(moments):
    faces = moments.faces
    assert moments.training.shape == (4, 8) and moments.held_out.shape == (4, 2)
    for cast in (*moments.training, *moments.held_out):
        assert len(set(faces.moment[cast])) == 1 and len(set(faces.person[cast])) == len(cast)
    assert not set(faces.person[moments.training].ravel()) & set(faces.person[moments.held_out].ravel())
    assert moments.people.shape == (40, PERSON_SIZE)
    assert all(len(pictures) == 4 for pictures in moments.pictures_of.values())


def test_crops_are_cut_as_a_face_set_has_them(moments):
    from faceswap.core.geometry import align
    from faceswap.core.values import Face, Frame

    picture, points = moments._picture(5), moments.faces.points[5]
    aligned = align(Frame(picture, 0, 0.0), Face.from_points(points), 96)
    assert np.array_equal(moments.crops[5][..., :3], aligned.image)
    assert 0.1 < (moments.crops[5][..., 3] > 0).mean() < 0.9


def test_gains_take_a_moments_light_away(moments):
    colours = np.stack([moments._face_colour(i) for i in range(40)])
    light = np.array([(colours * moments.gains)[cast].mean() for cast in moments.training])
    assert light.std() < 0.02 * light.mean()
    assert moments.gains.min() >= 0.4 and moments.gains.max() <= 2.5


def test_a_batch_shows_every_moment_twice_and_asks_for_somebody_of_it(moments):
    network = small()
    task = SwapTask(moments, batch_size=6)
    batch = task.batch(network, np.random.default_rng(0))
    assert batch["inputs"].shape == batch["targets"].shape == (6, 3, 64, 64)
    assert batch["masks"].shape == (6, 1, 64, 64) and batch["people"].shape == (6, PERSON_SIZE)
    again = task.batch(network, np.random.default_rng(0))
    assert all(torch.equal(batch[name], again[name]) for name in batch)


def test_both_views_of_a_moment_are_moved_alike_and_jittered_apart(moments):
    inputs, targets = SwapTask(moments)._warps(np.random.default_rng(0), 6, 0.7).swapaxes(0, 1)
    np.testing.assert_array_equal(targets[:3], targets[3:])
    assert not np.allclose(targets[0], targets[1], atol=0.01)
    jitter = inputs - targets
    assert not np.allclose(jitter[:3], jitter[3:]) and 0.005 < jitter.std() / 0.7 < 0.04


def test_codes_are_pulled_hard_only_late(moments):
    network, task = small(), SwapTask(moments, batch_size=6, pull=0, late_pull=0.1)
    batch = task.batch(network, np.random.default_rng(0))
    assert "pull" not in task.losses(network, batch, share=0.5)
    assert "pull" in task.losses(network, batch, share=0.9)


def test_a_person_is_read_in_other_pictures(moments):
    index = int(moments.training[0, 0])
    others = [i for i in moments.pictures_of[int(moments.faces.person[index])] if i != index]
    np.testing.assert_allclose(SwapTask(moments).person(index), moments.people[others].mean(0), rtol=1e-6)


def agreement_of(codes: torch.Tensor, times: int = 40) -> float:
    watch = Agreement(codes.shape[1])
    return [float(watch(codes)) for _ in range(times)][-1]


def test_codes_of_one_moment_agree_when_they_are_equal():
    torch.manual_seed(0)
    moments = torch.randn(500, 6)
    assert agreement_of(torch.cat([moments, moments])) < 1e-6
    assert agreement_of(torch.randn(1000, 6)) == pytest.approx(1, abs=0.05)  # pairs that know nothing of each other
    person = torch.randn(1000, 6)
    half = torch.cat([moments, moments]) + person
    assert agreement_of(half) == pytest.approx(0.5, abs=0.05)
    assert agreement_of(half[:8], times=3) == 0  # too little was seen


def test_agreement_counts_weak_directions_as_much_as_strong_ones():
    torch.manual_seed(0)
    moments = torch.randn(500, 6)
    codes = torch.cat([moments, moments]) + 0.7 * torch.randn(1000, 6)
    mixed = codes @ torch.diag(torch.tensor([4.0, 2, 1, 1, 0.7, 0.5])) @ torch.linalg.qr(torch.randn(6, 6))[0]
    assert agreement_of(mixed) == pytest.approx(agreement_of(codes), abs=0.01)


def test_agreement_falls_along_its_gradient():
    torch.manual_seed(0)
    moments, noise = torch.randn(200, 4), torch.randn(400, 4)
    share = torch.full((4,), 0.8, requires_grad=True)
    optimizer, watch = torch.optim.SGD([share], lr=2.0), Agreement(4)
    seen = []
    for _ in range(60):
        value = watch(torch.cat([moments, moments]) + share * noise)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        seen.append(value.item())
    assert seen[-1] < 0.5 * seen[0] and share.abs().max() < 0.5


@pytest.mark.parametrize("plain", [False, True])
def test_pretraining_learns_goes_on_and_leaves_weights(moments, tmp_path, plain):
    task = SwapTask(moments, batch_size=4, plain=plain)
    path = pretrain(small(plain), task, tmp_path / "out", minutes=0.01)
    stem = "plain-df" if plain else "generic-df"
    assert path.name == f"{stem}.safetensors"
    first = json.loads(path.with_suffix(".json").read_text())
    assert first["steps"] > 2 and {"swap_db", "own_db", "b_db", "likeness_a", "likeness_b"} == set(first["scores"])
    again = pretrain(small(plain), task, tmp_path / "out", minutes=0.02)
    assert json.loads(again.with_suffix(".json").read_text())["steps"] > first["steps"]
    assert (tmp_path / "out" / f"{stem}.png").is_file()


def test_sharpening_rests_the_code_goes_on_and_leaves_a_discriminator(moments, tmp_path, monkeypatch):
    eyes = tmp_path / "eyes"
    training.export(GenericNet("lite", {}), eyes, {})
    enter_pretrained(eyes, "generic-lite", "generic-lite.safetensors")

    def sharpened(minutes):
        torch.manual_seed(0)
        network = sharpening.sharper(GenericWeights.of("lite"), "lite")
        beside = Discriminator(gan_weight=0.1, channels=2).build(choose_accelerator("cpu"))
        task = sharpening.SharpTask(moments, 2, loss=ReconstructionLoss(eyes=3), adversary=beside)
        return network, pretrain(network, task, tmp_path / "out", minutes, beside=beside)

    network, path = sharpened(0.004)
    begun, left = GenericWeights.of("lite").tensors, load_file(path)
    assert network.resolution == 192 and left["decoder.3.weight"].shape[0] == 64
    assert torch.equal(left["inter.0.weight"].float(), begun["inter.0.weight"])
    assert torch.equal(left["encoder.2.0.weight"].float(), begun["encoder.2.0.weight"])
    assert not torch.equal(left["decoder.0.0.weight"].float(), begun["decoder.0.0.weight"])
    steps = json.loads(path.with_suffix(".json").read_text())["steps"]
    first = load_file(path.with_name("discriminator.safetensors"))
    sharpened(0.008)
    assert json.loads(path.with_suffix(".json").read_text())["steps"] > steps
    moments_kept = load_file(tmp_path / "out" / "generic-lite.discriminator")
    last = load_file(path.with_name("discriminator.safetensors"))
    assert float(moments_kept["discriminator/moments/0.bias/step"]) > steps
    assert not torch.equal(first["0.bias"], last["0.bias"])


def test_weights_are_shipped_and_found(moments, tmp_path, monkeypatch):
    pretrain(small(), SwapTask(moments, batch_size=4), tmp_path / "out", minutes=0.01)
    monkeypatch.setattr(ship, "MODELS", {"df": ({}, 1)})
    ship.main([str(tmp_path / "out")], tmp_path / "eyes")
    entry = entry_of("generic-df")
    assert entry.about["licence"] == "Apache-2.0" and entry.about["scores"]["swap_db"] > 0
    weights = GenericWeights.of("df")
    assert weights is not None and not weights.unfit(MODELS["df"](**SMALL_UD))


def test_the_probe_finds_people_that_are_in_a_code_and_no_others():
    rng = np.random.default_rng(0)
    person, moment = np.tile(np.arange(6), 40), np.repeat(np.arange(40), 6)
    casts = np.arange(240).reshape(40, 6)
    of_moment = rng.standard_normal((40, 12)).astype(np.float32)[moment]
    blind = of_moment + 0.01 * rng.standard_normal((240, 12)).astype(np.float32)
    telling = of_moment + 0.7 * rng.standard_normal((6, 12)).astype(np.float32)[person]
    assert probe.probe(blind, person, casts)["ratio"] < 1.6
    assert probe.probe(telling, person, casts)["ratio"] > 4
    assert probe.linear_r2(blind, of_moment[:, 0] * 20, casts) > 0.9


def made_codes(moments: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of 8 people who play `moments` moments: four strong numbers of the moment, four weak ones of the person."""
    rng = np.random.default_rng(seed)
    person, moment = np.tile(np.arange(8), moments), np.repeat(np.arange(moments), 8)
    strong = 5 * rng.standard_normal((moments, 4))[moment]
    weak = 0.2 * rng.standard_normal((8, 4))[person]
    codes = np.hstack([strong, weak]) + 0.05 * rng.standard_normal((len(person), 8))
    mixed = codes @ np.linalg.qr(rng.standard_normal((8, 8)))[0] + 3
    return mixed.astype(np.float32), person, np.arange(len(person)).reshape(moments, 8)


def test_erasing_blinds_a_code_to_people_and_leaves_the_moment():
    codes, person, casts = made_codes(60)
    spread = erasing.Spread.of(codes, person, casts)
    keep = erasing.projection(spread, shared=5, telling=1)
    np.testing.assert_allclose(keep @ keep, keep, atol=1e-4)
    left = ((codes - spread.mean) @ keep.T + spread.mean).astype(np.float32)
    assert probe.probe(codes, person, casts)["right"] > 0.9
    assert probe.probe(left, person, casts)["ratio"] < 2
    assert np.var(left, axis=0).sum() > 0.97 * np.var(codes, axis=0).sum()


def test_a_file_is_erased_once_and_says_so(moments, tmp_path, monkeypatch):
    path = pretrain(small(), SwapTask(moments, batch_size=4), tmp_path / "out", minutes=0.01)
    monkeypatch.setattr(erasing, "crop_px_for", lambda *sizes: 96)
    monkeypatch.setattr(erasing, "SHARED", 4)
    before = load_file(path)["inter.0.weight"]
    erasing.main([str(moments.folder), str(tmp_path / "out"), "--model", "df"])
    assert not torch.equal(load_file(path)["inter.0.weight"], before)
    recipe = json.loads(path.with_suffix(".json").read_text())
    assert recipe["erased"]["shared"] == 4 and recipe["model"] == "df" and recipe["steps"] > 0
    with pytest.raises(UserError, match="already"):
        erasing.main([str(moments.folder), str(tmp_path / "out"), "--model", "df"])
    with pytest.raises(UserError, match="fewer than --shared"):
        erasing.main([str(moments.folder), str(tmp_path / "out"), "--model", "df", "--telling", "4"])
    with pytest.raises(UserError, match="pretrain first"):
        erasing.main([str(moments.folder), str(tmp_path / "nowhere"), "--model", "df"])


def test_the_probe_reads_files_of_weights(moments, tmp_path, capsys):
    path = pretrain(small(), SwapTask(moments, batch_size=4), tmp_path / "out", minutes=0.01)
    for row in moments.faces.rows:
        row["attributes"] = {"yaw": float(row["moment"])}
    folder = moments.folder
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in moments.faces.rows))
    result = probe.main([str(folder), str(path), "--model", "df"])
    assert set(result) == {"random weights", str(path)}
    assert all(values["chance"] == 0.125 for values in result.values())


def test_mistakes_are_one_line(tmp_path, capsys):
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "manifest.jsonl is missing" in capsys.readouterr().err
    with pytest.raises(UserError, match="played by one person"):
        write_set(tmp_path / "alone", people=5, moments=1)
        rows = [json.loads(line) for line in (tmp_path / "alone" / "manifest.jsonl").read_text().splitlines()]
        for number, row in enumerate(rows):
            row["moment"] = number
        (tmp_path / "alone" / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        Moments(tmp_path / "alone", 96)
    with pytest.raises(ValueError, match="no decoder a person"):
        GenericNet("liae", SMALL_UD)
