"""Layers that the swap models share, and the shape every swap model has.

Images are RGB float in [0, 1], NCHW; masks are N1HW in [0, 1].
"""

import inspect
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.engine.optimizers import Trainable
from faceswap.swap.models.bottleneck import Gaussian, draw
from faceswap.utils.choices import Side

SIDES: tuple[Side, Side] = ("a", "b")
LEAK = 0.1  # slope of every LeakyReLU below 0
OUTPUT_SCALES = (1, 2)  # px drawn for each px that an encoder looks at, a side


class Reconstruction(NamedTuple):
    """A side as it was drawn, and `divergence`: of a variational model's codes, weighted, to be added to the loss."""

    images: Tensor  # (N, 3, R, R) RGB in [0, 1]
    masks: Tensor | None  # (N, 1, R, R) in [0, 1]
    divergence: Tensor | None = None  # scalar


class SwapModel(Trainable):
    """One encoder that both faces share and two decoders, each of which only ever learns its own face.

    A model owns the parts it names, so that weights can be taken over part by part; in most, `encoder` and `inter`
    (image -> code), `decoder_a` and `decoder_b` (code -> image and mask). Other shapes override `encode`, `decode` and
    `forward`. Every argument of a model's constructor is also its attribute.
    """

    PARTS: tuple[str, ...] = ("encoder", "inter", "decoder_a", "decoder_b")
    TWINS: tuple[str, str] = ("decoder_a", "decoder_b")  # these parts start with the same weights

    resolution: int  # px, side of the square images it takes and gives
    coverage: float  # share of the stored crop's side that it sees
    has_mask: bool  # whether decode() gives masks
    beta: float = 0.0  # weight of the codes' divergence from the unit normal; 0: the code is plain

    encoder: nn.Module
    inter: nn.Sequential  # its first layer is the bottleneck
    decoder_a: nn.Module
    decoder_b: nn.Module

    def encode(self, images: Tensor) -> Tensor:
        """(N, 3, R, R) RGB in [0, 1] -> code; the same for the same image, also in a variational model."""
        return self.inter(self.encoder(images))

    def decode(self, code: Tensor, side: Side) -> tuple[Tensor, Tensor | None]:
        """Code -> (N, 3, R, R) RGB in [0, 1] and (N, 1, R, R) masks in [0, 1], or None from a model without them."""
        return self._split((self.decoder_a if side == "a" else self.decoder_b)(code))

    def decode_mask(self, code: Tensor, side: Side) -> Tensor | None:
        """Return the masks that `decode` gives, for those who need no picture."""
        return self.decode(code, side)[1]

    def forward(self, images_a: Tensor, images_b: Tensor) -> dict[Side, Reconstruction]:
        """Reconstruct both sides, for training: A and B pass the encoder as one batch, Gaussian codes are drawn."""
        counts = [len(images_a), len(images_b)]
        codes, nats = draw(self.inter, self.encoder(torch.cat([images_a, images_b])))
        code_a, code_b = codes.split(counts)
        nats_a, nats_b = (None, None) if nats is None else nats.split(counts)
        return {
            "a": Reconstruction(*self.decode(code_a, "a"), self._weighted(nats_a)),
            "b": Reconstruction(*self.decode(code_b, "b"), self._weighted(nats_b)),
        }

    def latents(self, images: Tensor, side: Side) -> Tensor:
        """(N, 3, R, R) RGB in [0, 1] -> (N, D), all that is known of them when `side` is drawn: the bottleneck."""
        return self.inter[0](self.encoder(images))

    def decode_latents(self, latents: Tensor, side: Side) -> tuple[Tensor, Tensor | None]:
        """(N, D) -> what decode() gives."""
        return self.decode(self.inter[1:](latents), side)

    def initialise(self) -> None:
        """Random weights that keep the signal's size from layer to layer (He et al. 2015), the same for both twins.

        The library's default shrinks it by 0.4 a layer: a deep code then hardly depends on the picture for a long time.
        Decoders that start alike read a code alike, so that it means the same for both faces from the first step.
        Weights on the device "meta" hold no numbers: those of a file take their place.
        """
        if next(self.parameters()).is_meta:  # torch would import its compiler, for seconds, to draw nothing
            return
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                followed_by: Literal["leaky_relu", "linear"] = (
                    "leaky_relu" if isinstance(module, nn.Conv2d) else "linear"
                )
                nn.init.kaiming_normal_(module.weight, LEAK, nonlinearity=followed_by)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Gaussian):
                module.start_narrow()
            elif isinstance(module, Residual):  # else each doubles the variance (Zhang et al. 2019)
                nn.init.zeros_(module.second.weight)
        one, other = (self.get_submodule(part) for part in self.TWINS)
        other.load_state_dict(one.state_dict())

    @property
    def settings(self) -> dict[str, float | int]:
        """The constructor's arguments: with the model's name, all that is needed to build it again."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def _split(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """A decoder's output -> images and masks in [0, 1]."""
        pictures = torch.sigmoid(pictures.float())
        return (pictures[:, :3], pictures[:, 3:]) if self.has_mask else (pictures, None)

    def _weighted(self, nats: Tensor | None) -> Tensor | None:
        """(N,) -> beta times their mean for each of a picture's values: the losses, too, are means over these."""
        return None if nats is None else self.beta * nats.mean() / (3 * self.resolution**2)

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


class Convolution(nn.Conv2d):
    """A convolution with zero padding of half a kernel, so that the side changes by `stride` alone.

    Where weights outnumber pixels by far (4x4 maps of the widest layers), a CPU computes it as one matrix product over
    patches: twice as fast there as the library's convolution, forwards and backwards.
    """

    SMALL_MAP = 16  # output pixels up to which the matrix product wins

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, padding=kernel // 2)

    def forward(self, features: Tensor) -> Tensor:
        stride, kernel = self.stride[0], self.kernel_size[0]
        height, width = features.shape[2] // stride, features.shape[3] // stride
        if features.device.type != "cpu" or height * width > self.SMALL_MAP:
            return super().forward(features)
        padded = functional.pad(features.permute(0, 2, 3, 1), (0, 0, *[kernel // 2] * 4))
        patches = padded.unfold(1, kernel, stride).unfold(2, kernel, stride)  # (N, h, w, C, k, k)
        rows = patches.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
        flat = functional.linear(rows, self.weight.permute(0, 2, 3, 1).flatten(1), self.bias)
        return flat.view(len(features), height, width, self.out_channels).permute(0, 3, 1, 2)


class Reduced(nn.Sequential):
    """Layers that look at pictures `factor` times smaller than they come: each pixel the mean of factor x factor."""

    def __init__(self, factor: int, *layers: nn.Module) -> None:
        super().__init__(*layers)
        self.factor = factor

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(functional.avg_pool2d(images, self.factor) if self.factor > 1 else images)


def downscale(channels_in: int, channels_out: int, kernel: int = 5, slope: float = LEAK) -> nn.Sequential:
    """Strided convolution + LeakyReLU: half the side."""
    return nn.Sequential(
        Convolution(channels_in, channels_out, kernel, stride=2),
        nn.LeakyReLU(slope, inplace=True),
    )


def upscale(channels_in: int, channels_out: int, kernel: int = 3, slope: float = LEAK) -> nn.Sequential:
    """Convolution + LeakyReLU + pixel shuffle (Shi et al. 2016): twice the side."""
    return nn.Sequential(
        Convolution(channels_in, 4 * channels_out, kernel),
        nn.LeakyReLU(slope, inplace=True),
        nn.PixelShuffle(2),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, channels: int, slope: float = LEAK) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, 3)
        self.second = Convolution(channels, channels, 3)
        self.activation = nn.LeakyReLU(slope, inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(features + self.second(self.activation(self.first(features))))
