"""The detection network: a heatmap of face centres, with a box and a roll at each cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets.layers import ResidualBlock, conv_block

STRIDE = 8  # picture pixels a cell of the maps
OUTPUTS = 7  # heatmap logit, four distances, cosine and sine of the roll
LARGEST_LOG = 6.0  # no face reaches further than exp(6) cells
EXPECTED_SHARE = 0.01  # of the cells that hold a face, before anything is learned (Lin et al. 2017, focal loss)


class DetectorNet(nn.Module):
    """(N, 3, H, W) in [-1, 1], H and W multiples of 32 -> (N, 7, H / 8, W / 8); read it with `split`.

    Centres as points (Zhou et al. 2019, "Objects as points"), distances to the box's four edges (Tian et al. 2019,
    "FCOS"). One level serves all sizes: features of stride 64 are brought up to stride 8, so that every cell knows
    its surroundings. `widths` are the channels at strides 2, 4, 8, 16, 32.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 48, 64, 96), residuals: Sequence[int] = (0, 2, 2)) -> None:
        super().__init__()
        self.settings = {"widths": list(widths), "residuals": list(residuals)}
        two, four, eight, sixteen, coarse = widths
        self.to_8 = nn.Sequential(conv_block(3, two, 2), conv_block(two, four, 2), conv_block(four, eight, 2))
        self.at_8 = nn.Sequential(*(ResidualBlock(eight) for _ in range(residuals[0])))
        self.to_16 = nn.Sequential(
            conv_block(eight, sixteen, 2), *(ResidualBlock(sixteen) for _ in range(residuals[1]))
        )
        self.to_32 = nn.Sequential(
            conv_block(sixteen, coarse, 2), *(ResidualBlock(coarse) for _ in range(residuals[2]))
        )
        self.to_64 = nn.Sequential(conv_block(coarse, coarse, 2), ResidualBlock(coarse))
        self.up_32 = conv_block(coarse, sixteen, kernel=1)
        self.up_16 = conv_block(sixteen, eight, kernel=1)
        self.join_16 = conv_block(sixteen, sixteen)
        self.join_8 = conv_block(eight, eight)
        self.head = nn.Conv2d(eight, OUTPUTS, 1)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()  # type: ignore[union-attr]
            self.head.bias[0] = -float(torch.tensor(1 / EXPECTED_SHARE - 1).log())  # type: ignore[index]
            self.head.bias[1:5] = 1.0  # type: ignore[index]

    def forward(self, images: Tensor) -> Tensor:
        eight = self.at_8(self.to_8(images))
        sixteen = self.to_16(eight)
        coarse = self.to_32(sixteen)
        coarse = coarse + _enlarged(self.to_64(coarse), coarse)
        sixteen = self.join_16(sixteen + _enlarged(self.up_32(coarse), sixteen))
        return self.head(self.join_8(eight + _enlarged(self.up_16(sixteen), eight)))


def _enlarged(features: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(features, size=like.shape[-2:], mode="nearest")


def split(outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Split outputs (N, 7, h, w) into heatmap logits (N, h, w), boxes (N, 4, h, w) in pixels, (cos, sin) (N, 2, h, w).

    A cell's place is its middle; the picture's pixels follow OpenCV's convention (see `faces.values`).
    """
    height, width = outputs.shape[-2:]
    reach = outputs[:, 1:5].float().clamp(-LARGEST_LOG, LARGEST_LOG).exp() * STRIDE
    x = (torch.arange(width, device=outputs.device, dtype=torch.float32) + 0.5) * STRIDE - 0.5
    y = ((torch.arange(height, device=outputs.device, dtype=torch.float32) + 0.5) * STRIDE - 0.5)[:, None]
    left, top, right, bottom = reach.unbind(1)
    boxes = torch.stack([x - left, y - top, x + right, y + bottom], 1)
    return outputs[:, 0].float(), boxes, outputs[:, 5:7].float()
