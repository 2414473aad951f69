"""The encoder: an aligned face -> the rows of styles that reconstruct it, in one pass.

It learns together with the generator as a variational autoencoder (Kingma and Welling 2014) in z: what it says of a
face is a z, which the generator's own mapping turns into w. Rows of W+ are that w plus offsets (as in e4e, Tov et al.
2021), so that they start where the generator is at home and leave it only as far as a face asks for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets.layers import conv_block, trunk
from faceswap.stylegan.networks.generator import Mapping

LAST_PX, LAST_CHANNELS = 4, 64  # side of the trunk's last map, and what it is narrowed to
OFFSET_RANK = 128
WIDTHS = (32, 64, 128, 160)  # of the stages of a 64 px encoder: log2(resolution / LAST_PX) of them


class Encoder(nn.Module):
    """(N, 3, R, R) in [-1, 1] -> rows (N, rows, w_size). `settings`: its plain arguments.

    `widths`: channels of the stages, one for each halving down to 4 px. With fewer of them than `resolution` has
    halvings it looks at the picture as much smaller: what is too fine to see there says little of a face's styles.
    """

    def __init__(
        self,
        resolution: int,
        rows: int,
        w_size: int,
        widths: Sequence[int] = WIDTHS,
        z_size: int | None = None,
        mapping_layers: int = 2,
    ) -> None:
        super().__init__()
        z_size = z_size or w_size
        self.settings: dict[str, Any] = {
            "resolution": resolution,
            "rows": rows,
            "w_size": w_size,
            "widths": list(widths),
            "z_size": z_size,
            "mapping_layers": mapping_layers,
        }
        halvings = round(math.log2(resolution / LAST_PX))
        if not 1 <= len(widths) <= halvings:
            raise ValueError(f"an encoder of {resolution} px needs 1 to {halvings} widths")
        self.shrinks = 2 ** (halvings - len(widths))
        self.resolution, self.rows, self.w_size = resolution, rows, w_size
        self.trunk = trunk(widths, [0, *[1] * (len(widths) - 1)])
        self.narrow = conv_block(widths[-1], LAST_CHANNELS, kernel=1)
        flat = LAST_CHANNELS * LAST_PX * LAST_PX
        self.code = nn.Linear(flat, 2 * z_size)  # the mean and the logarithm of the variance of z
        last = nn.Linear(OFFSET_RANK, rows * w_size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.offset = nn.Sequential(nn.Linear(flat, OFFSET_RANK), last)
        self.mapping = Mapping(z_size, w_size, mapping_layers)  # the generator's in training, see `take_mapping`

    @property
    def sight_px(self) -> int:
        """Side of the pictures as it sees them."""
        return self.resolution // self.shrinks

    def features(self, images: Tensor) -> Tensor:
        """Return (N, flat): what the heads read."""
        if self.shrinks > 1:
            images = functional.avg_pool2d(images, self.shrinks)
        return self.narrow(self.trunk(images)).flatten(1)

    def codes(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance (N, z_size) of z."""
        mean, log_variance = self.code(features).float().chunk(2, 1)
        return mean, log_variance.clamp(-8, 2)

    def offsets(self, features: Tensor) -> Tensor:
        """Return (N, rows, w_size), to be added to w."""
        return self.offset(features).float().unflatten(1, (self.rows, self.w_size))

    def take_mapping(self, mapping: Mapping) -> None:
        """Make a copy of a generator's mapping its own: in training the two are one.

        Afterwards the generator may get another one (`python -m tools.train_style.mapping`); its codes keep theirs.
        """
        self.mapping.load_state_dict(mapping.state_dict())

    def forward(self, images: Tensor, shared: bool = False) -> Tensor:
        """Return rows (N, rows, w_size).

        Args:
            shared: One w for all of them, from W itself.
        """
        features = self.features(images)
        w = self.mapping(self.codes(features)[0])
        rows = w[:, None].expand(-1, self.rows, -1)
        return rows if shared else rows + self.offsets(features)


def grown_encoder(encoder: Encoder, resolution: int, rows: int) -> Encoder:
    """Return an encoder for a generator of a higher resolution, which sees as before; new rows begin as the last one.

    Args:
        rows: Of that generator's styles.
    """
    if resolution <= encoder.resolution or rows <= encoder.rows:
        return encoder
    grown = Encoder(**encoder.settings | {"resolution": resolution, "rows": rows})
    state = encoder.state_dict()
    for name in ("offset.1.weight", "offset.1.bias"):
        each = state[name].unflatten(0, (encoder.rows, encoder.w_size))
        state[name] = torch.cat([each, each[-1:].expand(rows - encoder.rows, *each.shape[1:])]).flatten(0, 1)
    grown.load_state_dict(state)
    return grown


def normal_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return Kullback-Leibler divergence of N(mean, variance) from N(0, 1), the mean over the batch, in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return a z of each code ("reparametrisation")."""
    return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
