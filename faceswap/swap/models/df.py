"""`df-ud`: one code for both faces, a large decoder with a mask branch for each. 54,470,998 parameters at 128 px."""

from __future__ import annotations

import torch
from torch import Tensor

from faceswap.swap.models.config import DfConfig
from faceswap.swap.models.df_layers import UdDecoder, check_sizes, encoder, inter
from faceswap.swap.models.layers import SwapModel
from faceswap.utils.choices import Side


class Df(SwapModel):
    """conv5/2 e 2e 4e 8e -> pixel norm -> dense ae -> R/32 x R/32 x ae -> up; decoders up + residual 8d 4d 2d -> RGB.

    `resolution`: px, a multiple of 32 in [64, 512]. `ae_dims`: size of the code; `e_dims`, `d_dims`, `d_mask_dims`:
    channels of encoder, decoder and mask branch, in multiples of which each layer is made. `beta` above 0: a Gaussian
    code (bottleneck.py). `coverage`: share of the stored crop's side that the model sees, (0, 1]. `output_scale`: 1,
    or 2 to look at half of `resolution` and draw all of it.
    """

    has_mask = True
    decoder_a: UdDecoder
    decoder_b: UdDecoder

    def __init__(
        self,
        resolution: int = DfConfig.resolution,
        ae_dims: int = DfConfig.ae_dims,
        e_dims: int = DfConfig.e_dims,
        d_dims: int = DfConfig.d_dims,
        d_mask_dims: int = DfConfig.d_mask_dims,
        coverage: float = DfConfig.coverage,
        beta: float = DfConfig.beta,
        output_scale: int = DfConfig.output_scale,
    ) -> None:
        super().__init__()
        check_sizes(resolution, output_scale, ae_dims=ae_dims, e_dims=e_dims, d_dims=d_dims, d_mask_dims=d_mask_dims)
        self.resolution, self.coverage, self.beta = resolution, coverage, beta
        self.ae_dims, self.e_dims, self.d_dims, self.d_mask_dims = ae_dims, e_dims, d_dims, d_mask_dims
        self.learning_rate = 5e-5 if d_dims >= 64 else 2e-4  # narrow layers bear larger steps (measured with 32)
        self.output_scale, seen_px = output_scale, resolution // output_scale
        self.encoder = encoder(e_dims, output_scale)
        self.inter = inter(seen_px, e_dims, ae_dims, ae_dims, beta)
        self.decoder_a = UdDecoder(ae_dims, d_dims, d_mask_dims, output_scale)
        self.decoder_b = UdDecoder(ae_dims, d_dims, d_mask_dims, output_scale)
        self.initialise()

    def decode_mask(self, code: Tensor, side: Side) -> Tensor:
        """By the mask's branch alone."""
        decoder = self.decoder_a if side == "a" else self.decoder_b
        return torch.sigmoid(decoder.drawn_mask(code).float())
