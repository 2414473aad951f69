"""`liae-ud`: two codes of a face and one decoder for both people. 82,376,555 parameters at 128 px."""

from __future__ import annotations

import torch
from torch import Tensor

from faceswap.swap.models.bottleneck import draw
from faceswap.swap.models.config import LiaeConfig
from faceswap.swap.models.df_layers import UdDecoder, check_sizes, encoder, inter
from faceswap.swap.models.layers import Reconstruction, SwapModel
from faceswap.utils.choices import Side


class Liae(SwapModel):
    """Encoder and decoder of `df`; `inter_ab` learns from both faces, `inter_b` from B alone; both meet in one decoder.

    The decoder reads two maps: A as [AB(a), AB(a)], B as [B(b), AB(b)], and the swap as [AB(b), AB(b)]: what tells B
    from A finds its place in `inter_b`, and stays behind when that is not asked. Face shape and light bend more towards
    the target than with `df`, which keeps more of A. Arguments are those of `df`; a code has 2 `ae_dims` channels.
    """

    PARTS = ("encoder", "inter_ab", "inter_b", "decoder")
    TWINS = ("inter_ab", "inter_b")
    has_mask = True

    def __init__(
        self,
        resolution: int = LiaeConfig.resolution,
        ae_dims: int = LiaeConfig.ae_dims,
        e_dims: int = LiaeConfig.e_dims,
        d_dims: int = LiaeConfig.d_dims,
        d_mask_dims: int = LiaeConfig.d_mask_dims,
        coverage: float = LiaeConfig.coverage,
        beta: float = LiaeConfig.beta,
        output_scale: int = LiaeConfig.output_scale,
    ) -> None:
        super().__init__()
        check_sizes(resolution, output_scale, ae_dims=ae_dims, e_dims=e_dims, d_dims=d_dims, d_mask_dims=d_mask_dims)
        self.resolution, self.coverage, self.beta = resolution, coverage, beta
        self.ae_dims, self.e_dims, self.d_dims, self.d_mask_dims = ae_dims, e_dims, d_dims, d_mask_dims
        self.learning_rate = 5e-5
        self.output_scale, seen_px = output_scale, resolution // output_scale
        self.encoder = encoder(e_dims, output_scale)
        self.inter_ab = inter(seen_px, e_dims, ae_dims, 2 * ae_dims, beta)
        self.inter_b = inter(seen_px, e_dims, ae_dims, 2 * ae_dims, beta)
        self.decoder = UdDecoder(4 * ae_dims, d_dims, d_mask_dims, output_scale)
        self.initialise()

    def encode(self, images: Tensor) -> Tensor:
        """(N, 3, R, R) RGB in [0, 1] -> what both inter layers read; which of them do is the shown side's to say."""
        return self.encoder(images)

    def decode(self, code: Tensor, side: Side) -> tuple[Tensor, Tensor | None]:
        """As A: [AB, AB]. As B: [B, AB]."""
        return self._split(self.decoder(self._maps(code, side)))

    def decode_mask(self, code: Tensor, side: Side) -> Tensor:
        """By the mask's branch alone."""
        return torch.sigmoid(self.decoder.drawn_mask(self._maps(code, side)).float())

    def _maps(self, code: Tensor, side: Side) -> Tensor:
        shared = self.inter_ab(code)
        own = shared if side == "a" else self.inter_b(code)
        return torch.cat([own, shared], dim=1)

    def latents(self, images: Tensor, side: Side) -> Tensor:
        """As A: (N, ae_dims), the bottleneck of `inter_ab`. As B: (N, 2 ae_dims), those of `inter_b` and `inter_ab`."""
        code = self.encoder(images)
        shared = self.inter_ab[0](code)
        return shared if side == "a" else torch.cat([self.inter_b[0](code), shared], dim=1)

    def decode_latents(self, latents: Tensor, side: Side) -> tuple[Tensor, Tensor | None]:
        """Their way back."""
        *own, shared = latents.split(self.ae_dims, dim=1)
        maps = [self.inter_b[1:](latent) for latent in own] + [self.inter_ab[1:](shared)]
        return self._split(self.decoder(torch.cat([maps[0], maps[-1]], dim=1)))

    def forward(self, images_a: Tensor, images_b: Tensor) -> dict[Side, Reconstruction]:
        """Reconstruct both sides: one batch through the encoder, one through `inter_ab`, one through the decoder."""
        counts = [len(images_a), len(images_b)]
        code = self.encoder(torch.cat([images_a, images_b]))
        shared, shared_nats = draw(self.inter_ab, code)
        own, own_nats = draw(self.inter_b, code[len(images_a) :])
        pictures = self.decoder(torch.cat([torch.cat([shared[: len(images_a)], own]), shared], dim=1)).split(counts)
        nats_a, nats_b = (None, None) if shared_nats is None else shared_nats.split(counts)
        if nats_b is not None and own_nats is not None:
            nats_b = nats_b + own_nats
        return {
            "a": Reconstruction(*self._split(pictures[0]), self._weighted(nats_a)),
            "b": Reconstruction(*self._split(pictures[1]), self._weighted(nats_b)),
        }
