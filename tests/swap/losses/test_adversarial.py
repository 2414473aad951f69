from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from faceswap.engine.accelerator import choose_accelerator
from faceswap.swap.losses.adversarial import AdversarialLoss, Discriminator, PatchDiscriminator
from faceswap.swap.runs.checkpoints import list_checkpoints
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained
from tests.swap.trained_runs import assert_same_run, files_of, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")
ON = Discriminator(gan_weight=0.5, channels=4)
CPU = choose_accelerator("cpu", "fp32")


def test_it_learns_to_tell_two_kinds_of_pictures_apart():
    torch.manual_seed(0)
    adversary, mask = (
        AdversarialLoss(Discriminator(gan_weight=1, channels=8, learning_rate=1e-2), CPU),
        torch.ones(4, 1, 16, 16),
    )
    losses = []
    for _ in range(40):
        true = torch.rand(4, 3, 16, 16)
        adversary(torch.full_like(true, 0.5), true, mask, 0)
        adversary.learn(taken=True)
        losses.append(adversary.report()["discriminator"])
    assert losses[-1] < 0.5 * losses[0]


def test_its_opinion_moves_the_face_alone_and_not_itself():
    adversary = AdversarialLoss(ON, CPU)
    images, mask = torch.rand(2, 3, 16, 16, requires_grad=True), torch.zeros(2, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    part = adversary(images, torch.rand(2, 3, 16, 16), mask, 0)["adversary"]
    part.backward()
    assert (images.grad[..., 5:11, 5:11] != 0).any() and (images.grad[..., :4, :] == 0).all()
    assert all(weight.grad is None for weight in adversary._network.parameters())


def test_what_lies_beyond_the_face_does_not_dilute_what_it_says():
    torch.manual_seed(0)
    true, drawn = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :16, :16] = 1

    def learned(pictures, seen, masks):
        torch.manual_seed(0)
        adversary = AdversarialLoss(replace(ON, init="scratch"), CPU)
        parts = adversary(pictures, seen, masks, 0)
        adversary.learn(taken=True)
        return float(parts["adversary"]), adversary.report()["discriminator"]

    once = learned(drawn, true, mask)
    other = true.clone()
    other[..., :, 40:] = 0  # an opinion is of 38 px: none of the face's sees these
    assert learned(drawn, other, mask) == pytest.approx(once, rel=1e-5)
    assert learned(drawn, true, torch.ones_like(mask)) != pytest.approx(once, rel=1e-3)


def test_it_waits_for_its_start_and_learns_nothing_from_a_step_that_was_not_taken():
    adversary = AdversarialLoss(Discriminator(gan_weight=1, start_step=3), CPU)
    pictures, mask = torch.rand(2, 3, 16, 16), torch.ones(2, 1, 16, 16)
    assert adversary(pictures, pictures, mask, 2) == {}
    before = {name: value.clone() for name, value in adversary._network.named_parameters()}
    assert set(adversary(pictures, pictures, mask, 3)) == {"adversary"}
    adversary.learn(taken=False)
    assert all((before[name] == value).all() for name, value in adversary._network.named_parameters())
    assert adversary.report() == {}


def test_features_pull_a_drawn_patch_to_what_the_true_one_shows():
    torch.manual_seed(0)
    adversary = AdversarialLoss(Discriminator(feature_matching=2, channels=4), CPU)
    true, mask = torch.rand(2, 3, 16, 16), torch.ones(2, 1, 16, 16)
    assert {name: float(value) for name, value in adversary(true, true, mask, 0).items()} == {"features": 0}
    blurred = torch.nn.functional.avg_pool2d(true, 3, 1, 1).requires_grad_()
    adversary(blurred, true, mask, 0)["features"].backward()
    assert (blurred.grad != 0).any() and all(w.grad is None for w in adversary._network.parameters())
    with torch.no_grad():
        nearer = blurred - 0.1 * blurred.grad.sign() * (blurred - true).abs()
        before, after = (adversary(seen, true, mask, 0)["features"] for seen in (blurred, nearer))
    assert after < before


def test_it_begins_with_the_shipped_weights_where_they_fit(tmp_path, monkeypatch, caplog):
    torch.manual_seed(0)
    shipped = PatchDiscriminator(4)
    save_file({name: value.half() for name, value in shipped.state_dict().items()}, tmp_path / "d.safetensors")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    enter_pretrained(tmp_path, "discriminator", "d.safetensors")
    caplog.set_level("INFO")
    begun = {c: replace(ON, channels=c).build(CPU)._network.state_dict()["0.bias"] for c in (4, 8)}
    torch.testing.assert_close(begun[4], shipped.state_dict()["0.bias"], atol=1e-3, rtol=1e-3)
    assert "begins with discriminator" in caplog.text and "another number of channels" in caplog.text
    fresh = replace(ON, init="scratch").build(CPU)._network.state_dict()["0.bias"]
    assert not torch.allclose(fresh, shipped.state_dict()["0.bias"], atol=1e-3)
    with pytest.raises(ValueError, match=r"discriminator\.init must be one of generic, scratch"):
        Discriminator(init="x")


def test_shapes():
    assert PatchDiscriminator(4)(torch.zeros(2, 3, 96, 96)).shape == (2, 1, 12, 12)
    assert Discriminator().build(CPU) is None


def test_a_run_with_it_resumes_exactly(sets, tmp_path):
    whole = train(sets, tmp_path / "whole", discriminator=ON)
    losses = json.loads((whole / "report.json").read_text())
    assert "loss/a/adversary" in losses["losses"] and "validation/a/adversary" not in losses["validation"]
    train(sets, tmp_path / "cut", discriminator=ON, save_every=4)
    shutil.rmtree(list_checkpoints(tmp_path / "cut")[0])
    assert_same_run(whole, train(sets, tmp_path / "cut", discriminator=ON))
    assert any(name.startswith("discriminator/moments/") for name in files_of(whole)[1])


def test_it_can_join_late_and_leave(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2)
    train(sets, run, iterations=4, discriminator=ON)
    train(sets, run, iterations=6)
    assert not any(name.startswith("discriminator/") for name in files_of(run)[1])


def test_one_of_other_channels_begins_anew_beside_the_same_model(sets, tmp_path, caplog):
    run = train(sets, tmp_path / "run", iterations=2, discriminator=ON)
    with caplog.at_level("INFO"):
        train(sets, run, iterations=4, discriminator=replace(ON, channels=2 * ON.channels))
    assert "going on from iteration 2" in caplog.text and "discriminator begins anew" in caplog.text


@pytest.mark.parametrize("change", [{"gan_weight": -1}, {"start_step": -1}, {"channels": 0}, {"learning_rate": 0}])
def test_impossible_settings_are_refused(change):
    with pytest.raises(ValueError, match=f"discriminator.*{next(iter(change))}"):
        Discriminator(**change)
