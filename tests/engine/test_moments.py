from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from faceswap.engine.moments import KINDS, fill_moments
from faceswap.engine.optimizers import AdaBelief, Adam, AdamW
from tests.swap.fakes import Tiny

KNOWN = (Adam, AdamW, AdaBelief)


def stepped(settings, steps=2):
    model = Tiny()
    optimizer = settings().build(model)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(weight.square().sum() for weight in model.parameters()).backward()
        optimizer.step()
    return model, optimizer


def stored(model, optimizer):
    return [(name, weight, dict(optimizer.state[weight])) for name, weight in model.named_parameters()]


@pytest.mark.parametrize("settings", KNOWN)
def test_what_an_optimizer_remembers_comes_back(settings):
    model, optimizer = stepped(settings)
    before = [moments for *_, moments in stored(model, optimizer)]
    fill_moments(optimizer, stored(model, optimizer))
    for was, weight in zip(before, model.parameters(), strict=True):
        now = optimizer.state[weight]
        assert was.keys() == now.keys() and all(torch.equal(was[kind], now[kind]) for kind in was)
        assert all(was[kind] is not now[kind] for kind in was)
    optimizer.step()


def test_every_optimizer_that_can_be_chosen_is_known():
    assert {type(settings().build(Tiny())).__name__ for settings in KNOWN} == set(KINDS)


BAD = {
    "a scalar": lambda v: torch.tensor(1.0),
    "one number": lambda v: v.reshape(-1)[:1],
    "another shape": lambda v: v.reshape(-1) if v.dim() > 1 else v.repeat(2),
    "half precision": lambda v: v.half(),
    "double precision": lambda v: v.double(),
    "whole numbers": lambda v: v.long(),
    "sparse": lambda v: v.to_sparse(),
    "no tensor": lambda v: 3.0,
    "nothing": lambda v: None,
    "no number": lambda v: torch.full_like(v, float("nan")),
    "infinite": lambda v: torch.full_like(v, float("inf")),
}


@pytest.mark.parametrize("settings", KNOWN)
@pytest.mark.parametrize("what", BAD)
def test_a_moment_that_does_not_fit_is_refused_and_nothing_is_changed(settings, what):
    model, optimizer = stepped(settings)
    for kind in KINDS[type(optimizer).__name__]:
        found = stored(model, optimizer)
        found[2][2][kind] = BAD[what](found[2][2][kind])
        before = [dict(optimizer.state[weight]) for weight in model.parameters()]
        with pytest.raises(ValueError, match="optimizer"):
            fill_moments(optimizer, found)
        after = [optimizer.state[weight] for weight in model.parameters()]
        assert all(one[k] is other[k] for one, other in zip(before, after, strict=True) for k in one)


@pytest.mark.parametrize("step", [torch.tensor(-1.0), torch.tensor(0.0), torch.tensor(float("nan")), torch.ones(3),
                                  torch.tensor(1e30), torch.tensor(2), torch.tensor(1.0).double(), 2])  # fmt: skip
def test_a_step_that_cannot_be(step):
    model, optimizer = stepped(Adam)
    found = stored(model, optimizer)
    found[0][2]["step"] = step
    with pytest.raises(ValueError, match="step"):
        fill_moments(optimizer, found)


def test_a_variance_below_nothing():
    model, optimizer = stepped(Adam)
    found = stored(model, optimizer)
    found[0][2]["exp_avg_sq"] = -found[0][2]["exp_avg_sq"]
    with pytest.raises(ValueError, match="impossible"):
        fill_moments(optimizer, found)


@given(st.sets(st.sampled_from(["step", "exp_avg", "exp_avg_sq", "exp_avg_var", "max_exp_avg_sq", "x"])))
def test_all_moments_of_a_weight_or_none(kinds):
    model, optimizer = stepped(Adam)
    found = stored(model, optimizer)
    like = found[0][2]
    found[0] = (*found[0][:2], {kind: like.get(kind, like["exp_avg_sq"]) for kind in kinds})
    if kinds in (set(), {"step", "exp_avg", "exp_avg_sq"}):
        fill_moments(optimizer, found)
        assert len(optimizer.state.get(found[0][1], {})) == len(kinds)
    else:
        with pytest.raises(ValueError, match="remembers"):
            fill_moments(optimizer, found)
