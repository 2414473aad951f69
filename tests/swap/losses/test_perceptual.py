"""Losses by the built-in embedder. It is stood in for by an untrained one: what is tested is how it is asked."""

from __future__ import annotations

import json

import pytest
import torch

from faceswap.facenets import embedder
from faceswap.swap.losses import perceptual as likeness
from faceswap.swap.losses.perceptual import Likeness, LikenessLoss
from faceswap.utils.errors import UserError
from tests.swap.trained_runs import assert_same_run, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")
ALL = Likeness(identity=1, perceptual=1, gram=1)


@pytest.fixture
def network() -> embedder.EmbedderNet:
    torch.manual_seed(0)
    return embedder.EmbedderNet(widths=(8, 8, 8, 8), last=8)


def pictures(size: int = 64, seed: int = 0) -> torch.Tensor:
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear")


def test_the_same_picture_costs_nothing_and_another_does(network):
    loss, mask = LikenessLoss(ALL, network, 0.8), torch.ones(2, 1, 64, 64)
    same = loss(pictures(), pictures(), mask)
    assert set(same) == {"identity", "perceptual", "gram"}
    assert all(float(value) == pytest.approx(0, abs=1e-5) for value in same.values())
    assert all(float(value) > 1e-4 for value in loss(pictures(), pictures(seed=1), mask).values())


def test_detail_finer_than_the_embedders_view_counts_where_it_is_drawn(network):
    """A pattern of single pixels, which vanishes in a view of 96 px."""
    loss, mask = LikenessLoss(Likeness(perceptual=1), network, embedder.COVERAGE), torch.ones(2, 1, 192, 192)
    coarse = pictures(192)
    rows, columns = torch.meshgrid(torch.arange(192), torch.arange(192), indexing="ij")
    fine = coarse + 0.2 * ((rows + columns) % 2 - 0.5)
    assert float(loss(coarse, coarse, mask)["perceptual"]) == pytest.approx(0, abs=1e-6)
    seen = loss._see(coarse)[0], loss._see(fine)[0]
    blind = max(float((a - b).abs().max()) for a, b in zip(*seen, strict=True))
    close = max(
        float((a - b).abs().max()) for a, b in zip(loss._see_closely(coarse), loss._see_closely(fine), strict=True)
    )
    assert close > 5 * blind
    shown = fine.clone().requires_grad_()
    loss(shown, coarse, mask)["perceptual"].backward()
    assert (shown.grad != 0).any()


def test_parts_are_weighted_and_can_be_left_out(network):
    mask = torch.ones(2, 1, 64, 64)
    once = LikenessLoss(ALL, network, 0.8)(pictures(), pictures(seed=1), mask)
    for name, value in once.items():
        alone = LikenessLoss(Likeness(**{name: 3.0}), network, 0.8)(pictures(), pictures(seed=1), mask)
        assert list(alone) == [name]
        torch.testing.assert_close(alone[name], 3 * value)


@pytest.mark.parametrize("coverage", [0.5, 0.68, 1.0])
def test_gradients_reach_the_face_and_nothing_else(network, coverage):
    images, mask = pictures().requires_grad_(), torch.zeros(2, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    sum(LikenessLoss(ALL, network, coverage)(images, pictures(seed=1), mask).values()).backward()
    assert images.grad.isfinite().all() and (images.grad[..., 20:44, 20:44] != 0).any()
    assert (images.grad[..., :16, :] == 0).all()
    assert all(weight.grad is None for weight in network.parameters())


def test_the_embedder_sees_its_own_share_of_the_view():
    images = torch.zeros(1, 3, 100, 100)
    images[..., 16:84, 16:84] = 1  # the central 0.68
    seen = likeness.inner_view(images, embedder.COVERAGE, 96)
    assert seen.shape == (1, 3, 96, 96) and (seen == 1).all()
    assert (likeness.inner_view(torch.ones(1, 3, 64, 64), embedder.COVERAGE / 0.5, 96) == 1).all()


def test_a_run_with_it_resumes_exactly(sets, tmp_path, network, monkeypatch):
    monkeypatch.setattr(likeness, "load_network", lambda name, build, device: (network, torch.device(device)))
    whole = train(sets, tmp_path / "whole", iterations=4, likeness=ALL)
    losses = json.loads((whole / "report.json").read_text())
    assert {"loss/a/identity", "loss/b/gram"} <= set(losses["losses"])
    assert "validation/a/perceptual" in losses["validation"]
    train(sets, tmp_path / "cut", iterations=2, likeness=ALL)
    assert_same_run(whole, train(sets, tmp_path / "cut", iterations=4, likeness=ALL))


def test_a_missing_embedder_is_said_before_an_earlier_run_is_forgotten(sets, tmp_path, monkeypatch):
    run = train(sets, tmp_path / "run", iterations=2)
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("FACESWAP_PRETRAINED", str(tmp_path / "none"))
    with pytest.raises(UserError, match="networks are missing"):
        train(sets, run, restart=True, likeness=Likeness(identity=1))
    assert list((run / "checkpoints").iterdir())
    train(sets, run, iterations=3)


@pytest.mark.parametrize("name", ["identity", "perceptual", "gram"])
def test_impossible_weights_are_refused(name):
    with pytest.raises(ValueError, match=f"likeness.{name}"):
        Likeness(**{name: -1})
