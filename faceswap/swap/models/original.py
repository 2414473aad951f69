"""The autoencoder of the first deepfakes: 64 px, 82,062,470 parameters."""

from torch import nn

from faceswap.swap.models.bottleneck import bottleneck
from faceswap.swap.models.config import OriginalConfig
from faceswap.swap.models.layers import Convolution, SwapModel, downscale, upscale


class Original(SwapModel):
    """conv5/2 128-256-512-1024 -> dense 1024 -> dense 4x4x1024 -> up 8x8x512; decoders up 256-128-64 -> conv5 -> RGB.

    No learned mask. `coverage`: share of the stored crop's side that the model sees, (0, 1]. `beta` above 0: a
    Gaussian code (bottleneck.py).
    """

    has_mask = False

    def __init__(self, coverage: float = OriginalConfig.coverage, beta: float = OriginalConfig.beta) -> None:
        super().__init__()
        self.resolution = 64
        self.coverage, self.beta = coverage, beta
        self.learning_rate = 5e-5
        self.encoder = nn.Sequential(
            downscale(3, 128), downscale(128, 256), downscale(256, 512), downscale(512, 1024), nn.Flatten()
        )
        self.inter = nn.Sequential(
            bottleneck(4 * 4 * 1024, 1024, beta),
            nn.Linear(1024, 4 * 4 * 1024),
            nn.Unflatten(1, (1024, 4, 4)),
            upscale(1024, 512),
        )
        self.decoder_a = _decoder()
        self.decoder_b = _decoder()
        self.initialise()


def _decoder() -> nn.Sequential:
    return nn.Sequential(upscale(512, 256), upscale(256, 128), upscale(128, 64), Convolution(64, 3, 5))
