"""How far the people who play one moment agree in its code, every direction of the code counted alike."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_SAMPLES = 8  # codes seen, per number of a code, before their spread is trusted
SLOWEST = 0.005  # share of the newest batch in the running spreads
FLOOR = 1e-3  # of the mean variance: a direction with less is not counted as one


class Agreement(nn.Module):
    """The share of a code's variance that lies within moments, mean over all directions of the *whitened* code.

    Counted by variance a code is nearly all pose, and the directions of a blink or a smile may tell as much of who is
    seen as they like; whitened, they weigh as much as the pose does, and two numbers that say the same count once. So
    the mean is the trace of T^-1 W, with T the covariance of all codes and W of those within a moment (the criterion of
    linear discriminant analysis, Fisher 1936), invariant under any linear change of the code. A batch is too small to
    invert its covariance: running means of both stand for it, and the gradient is that of the trace at these means.
    """

    total: Tensor
    within: Tensor
    batches: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(size, size))
        self.register_buffer("within", torch.zeros(size, size))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, codes: Tensor) -> Tensor:
        """Return the share, a scalar in about [0, 1], of float32 codes (2M, D), whose rows i and i + M show one moment.

        0 until enough was seen.
        """
        first, second = codes.chunk(2)
        apart = (first - second) / 2**0.5
        within = apart.t() @ apart / len(apart)
        centred = codes - codes.mean(0)
        # the mean is of M moments, not of 2M independent codes
        total = centred.t() @ centred / (len(codes) - 2)
        share = max(SLOWEST, 1 / (1 + float(self.batches)))
        with torch.no_grad():
            self.total.lerp_(total, share)
            self.within.lerp_(within, share)
            self.batches += 1
        if float(self.batches) * len(codes) < LEAST_SAMPLES * codes.shape[1]:
            return codes.new_zeros(())
        inverse, turned = self._metrics()
        constant = (turned * self.total).sum()
        return ((inverse * within).sum() - (turned * total).sum() + constant) / codes.shape[1]

    @torch.no_grad()
    def _metrics(self) -> tuple[Tensor, Tensor]:
        """Return T^-1, and T^-1 W T^-1: what the trace of T^-1 W falls by, where T grows."""
        size = len(self.total)
        floor = FLOOR * self.total.diagonal().mean() * torch.eye(size, device=self.total.device)
        inverse = torch.linalg.inv((self.total + floor).double()).float()
        return inverse, inverse @ self.within @ inverse
