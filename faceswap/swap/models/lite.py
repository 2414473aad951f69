"""A small autoencoder for a laptop's CPU: looks at 96 px, draws them or twice as many, learned mask."""

from torch import nn

from faceswap.swap.models.bottleneck import bottleneck
from faceswap.swap.models.config import LiteConfig
from faceswap.swap.models.layers import OUTPUT_SCALES, Convolution, Reduced, SwapModel, downscale, upscale

SEEN_PX = 96


class Lite(SwapModel):
    """Input folded by 2 -> conv3/2 64-128-256-256 -> dense 256 -> 6x6x192 -> up 128-96-64 -> RGB + mask, unfolded.

    Made for bf16 on few cores: nearly all work lies in products with 64 channels or more; the full resolution exists
    only as rearranged pixels (Shi et al. 2016), never as a feature map. Each picture's own mean and spread of colour
    are taken off at the door (instance norm, Ulyanov et al. 2016): skin and light, which tell A from B at a glance,
    never reach the code. `coverage`: share of the stored crop's side that the model sees, (0, 1]; tighter than
    `original`, so that the few pixels go to the face. `beta` above 0: a Gaussian code (bottleneck.py). `output_scale`:
    1, or 2 to draw 192 px of the same 96; only the last convolution grows, 16 values a colour for each of its places.
    """

    has_mask = True

    def __init__(
        self,
        coverage: float = LiteConfig.coverage,
        beta: float = LiteConfig.beta,
        output_scale: int = LiteConfig.output_scale,
    ) -> None:
        super().__init__()
        if output_scale not in OUTPUT_SCALES:
            raise ValueError(f"model.output_scale must be 1 or 2, not {output_scale}")
        self.resolution, self.output_scale = SEEN_PX * output_scale, output_scale
        self.coverage, self.beta = coverage, beta
        self.learning_rate = 5e-4
        self.encoder = Reduced(
            output_scale,
            nn.InstanceNorm2d(3),
            nn.PixelUnshuffle(2),
            downscale(12, 64, 3),
            downscale(64, 128, 3),
            downscale(128, 256, 3),
            downscale(256, 256, 3),
            nn.Flatten(),
        )
        self.inter = nn.Sequential(
            bottleneck(3 * 3 * 256, 256, beta),
            nn.Linear(256, 6 * 6 * 192),
            nn.Unflatten(1, (192, 6, 6)),
        )
        self.decoder_a = _decoder(2 * output_scale)
        self.decoder_b = _decoder(2 * output_scale)
        self.initialise()


def _decoder(block_px: int) -> nn.Sequential:
    """Each place of the last map draws a block of so many pixels a side."""
    return nn.Sequential(
        upscale(192, 128),
        upscale(128, 96),
        upscale(96, 64),
        Convolution(64, 4 * block_px**2, 3),
        nn.PixelShuffle(block_px),
    )
