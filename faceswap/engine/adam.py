"""Adam (Kingma and Ba 2015) for the short descents of an edit.

torch's own optimizers import its compiler at their first use: two seconds, a third of an edit of one photo. The steps
are the same to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

EPSILON = 1e-8


class Adam:
    """m = b1 m + (1 - b1) g; s = b2 s + (1 - b2) g^2; w -= rate m' / (sqrt(s') + e), without their start at 0.

    `rate` may be set before each step.
    """

    def __init__(self, weights: Iterable[Tensor], rate: float, betas: tuple[float, float]) -> None:
        self.rate = rate
        self._weights, self._betas, self._steps = list(weights), betas, 0
        self._means = [torch.zeros_like(weight) for weight in self._weights]
        self._squares = [torch.zeros_like(weight) for weight in self._weights]

    @torch.no_grad()
    def step(self, loss: Tensor) -> None:
        """Move the weights against the gradient of `loss`, a scalar; those it does not depend on stay."""
        gradients = torch.autograd.grad(loss, self._weights, allow_unused=True)
        self._steps += 1
        near, far = self._betas
        length, root = self.rate / (1 - near**self._steps), (1 - far**self._steps) ** 0.5
        for weight, mean, square, gradient in zip(self._weights, self._means, self._squares, gradients, strict=True):
            if gradient is not None:
                mean.lerp_(gradient, 1 - near)
                square.mul_(far).addcmul_(gradient, gradient, value=1 - far)
                weight.addcdiv_(mean, square.sqrt().div_(root).add_(EPSILON), value=-length)
