"""A small autoencoder for a laptop's CPU: 96 px, learned mask."""

from torch import nn

from faceswap.swap.models.bottleneck import bottleneck
from faceswap.swap.models.layers import Convolution, SwapModel, downscale, upscale


class Lite(SwapModel):
    """Input folded by 2 -> conv3/2 64-128-256-256 -> dense 256 -> 6x6x192 -> up 128-96-64 -> RGB + mask, unfolded.

    Made for bf16 on few cores: nearly all work lies in products with 64 channels or more; the full resolution exists
    only as rearranged pixels (Shi et al. 2016), never as a feature map. Each picture's own mean and spread of colour
    are taken off at the door (instance norm, Ulyanov et al. 2016): skin and light, which tell A from B at a glance,
    never reach the code. `coverage`: share of the stored crop's side that the model sees, (0, 1]; tighter than
    `original`, so that the few pixels go to the face. `beta` above 0: a Gaussian code (bottleneck.py).
    """

    has_mask = True

    def __init__(self, coverage: float = 0.7, beta: float = 0.0) -> None:
        super().__init__()
        self.resolution = 96
        self.coverage, self.beta = coverage, beta
        self.learning_rate = 5e-4
        self.encoder = nn.Sequential(
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
        self.decoder_a = _decoder()
        self.decoder_b = _decoder()
        self.initialise()


def _decoder() -> nn.Sequential:
    return nn.Sequential(
        upscale(192, 128), upscale(128, 96), upscale(96, 64), Convolution(64, 4 * 4, 3), nn.PixelShuffle(2)
    )
