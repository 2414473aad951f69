"""AdaBelief: steps as long as the gradient's surprises are small (Zhuang et al. 2020, algorithm 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class AdaBeliefOptimizer(torch.optim.Optimizer):
    """m = b1 m + (1 - b1) g; s = b2 s + (1 - b2) (g - m)^2 + e; w -= rate m' / (sqrt(s') + e).

    m' = m / (1 - b1^t) and s' = s / (1 - b2^t) are rid of their start at 0. All weights go through each operation
    together, so that a step is a dozen calls and not a dozen for each layer.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float, betas: tuple[float, float], eps: float) -> None:
        super().__init__(weights, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                self._update(weights, group["lr"], group["betas"], group["eps"])
        return loss

    def _update(self, weights: list[Tensor], rate: float, betas: tuple[float, float], epsilon: float) -> None:
        beta1, beta2 = betas
        for weight in weights:
            if not self.state[weight]:
                self.state[weight] = {
                    "step": torch.tensor(0.0),
                    "exp_avg": torch.zeros_like(weight),
                    "exp_avg_var": torch.zeros_like(weight),
                }
        states = [self.state[weight] for weight in weights]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        means, variances = [state["exp_avg"] for state in states], [state["exp_avg_var"] for state in states]
        for state in states:
            state["step"] += 1
        steps = float(states[0]["step"])

        torch._foreach_lerp_(means, gradients, 1 - beta1)
        surprises = torch._foreach_sub(gradients, means)
        torch._foreach_mul_(variances, beta2)
        torch._foreach_addcmul_(variances, surprises, surprises, 1 - beta2)
        torch._foreach_add_(variances, epsilon)
        spreads = torch._foreach_div(variances, 1 - beta2**steps)
        torch._foreach_sqrt_(spreads)
        torch._foreach_add_(spreads, epsilon)
        torch._foreach_addcdiv_(weights, means, spreads, -rate / (1 - beta1**steps))
