"""A generator whose pictures are linear in w: what a fit or a metric must find is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from faceswap.stylegan.networks.generator import Generator


class LinearGenerator(Generator):
    """w = mix @ z + average; image = matrix @ mean over rows of w, (3, 32, 32); nothing else."""

    def __init__(self, w_size: int = 16, seed: int = 0, spread: float = 0.02) -> None:
        super().__init__(32, [2] * 4, w_size, w_size, 2)
        rng = torch.Generator().manual_seed(seed)
        mix = torch.eye(w_size) + 0.1 * torch.randn(w_size, w_size, generator=rng)
        self.matrix = spread * torch.randn(3 * 32 * 32, w_size, generator=rng)
        self.mapping.w_avg.copy_(torch.randn(w_size, generator=rng))
        average = self.mapping.w_avg

        class Mixing(torch.nn.Module):
            w_avg = average

            def forward(self, z: Tensor) -> Tensor:
                return z @ mix.to(z).T + average.to(z)

        self.mix, self.mapping = mix, Mixing()  # type: ignore[assignment]
        matrix = self.matrix

        class Drawing(torch.nn.Module):
            def forward(self, rows: Tensor, *_: object, **__: object) -> Tensor:
                return (rows.mean(1) @ matrix.to(rows).T).unflatten(1, (3, 32, 32))

        self.synthesis = Drawing()  # type: ignore[assignment]
        self.requires_grad_(False)

    def reader(self, **normals: np.ndarray):
        """A scorer that reads `normal @ w` off a picture, by name."""
        back = np.linalg.pinv(self.matrix.double().numpy())

        def score(images: np.ndarray) -> dict[str, np.ndarray]:
            values = images.astype(np.float64).transpose(0, 3, 1, 2).reshape(len(images), -1) / 127.5 - 1
            return {name: values @ back.T @ normal for name, normal in normals.items()}

        return score
