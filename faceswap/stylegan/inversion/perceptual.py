"""The inversion loss: pixels, perceptual features, identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.inversion.config import InversionWeights
from faceswap.swap.losses.perceptual import inner_view
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.limits import FOREIGN_NETWORK_BYTES
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.pickle_interpreter import PickleError
from faceswap.utils.untrusted.torch_files import read_torch_tensors

Stages = Callable[[Tensor], list[Tensor]]

# VGG16 (Simonyan and Zisserman 2015) up to block3_conv3, as torchvision numbers its layers: "M" halves the side.
_VGG_PLAN: tuple[int | str, ...] = (64, 64, "M", 128, 128, "M", 256, 256, 256)
_VGG_MEAN, _VGG_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_VGG_PX = (128, 256)  # pictures are brought into this range of sides


@dataclass(frozen=True, eq=False)
class Target:
    """A photo (N, 3, R, R) in [-1, 1], its mask (N, 1, R, R), and what is seen of it."""

    images: Tensor
    masks: Tensor
    stages: list[Tensor]
    vectors: Tensor | None

    def part(self, chosen: Tensor | slice) -> Target:
        """Return the target of some of the photos."""
        vectors = None if self.vectors is None else self.vectors[chosen]
        return Target(self.images[chosen], self.masks[chosen], [stage[chosen] for stage in self.stages], vectors)


class InversionLoss:
    """Compares drawn faces with photos of the same size.

    `network`: the face embedder (None: no identity, and no features without `vgg`); `vgg`: whose features are compared
    in its stead, see `VggFeatures`; `coverage`: how much of a stored crop the pictures show.
    """

    def __init__(
        self,
        weights: InversionWeights,
        network: embedder.EmbedderNet | None,
        vgg: Stages | None = None,
        coverage: float = STYLE_COVERAGE,
    ) -> None:
        self.weights, self._network, self._vgg = weights, network, vgg
        self._share = embedder.COVERAGE / coverage

    def target(self, images: Tensor, masks: Tensor | None = None) -> Target:
        """Return what the photos (N, 3, R, R) in [-1, 1] look like; `masks` (N, 1, R, R) in [0, 1].

        1 where the face is.
        """
        masks = torch.ones_like(images[:, :1]) if masks is None else masks
        with torch.no_grad():
            stages, vectors = self._see(images)
        return Target(images, masks, stages, vectors)

    def parts(self, images: Tensor, target: Target) -> dict[str, Tensor]:
        """Return the unweighted parts by name, (N,) each: pixels, perceptual, identity."""
        weight = self.weights.background_weight + (1 - self.weights.background_weight) * target.masks
        error = (images - target.images).square().mean(1, keepdim=True)
        parts = {"pixels": (error * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1e-6)}
        # Outside of the mask both show the photo: what is not the face says nothing about it.
        stages, vectors = self._see(torch.lerp(target.images, images, target.masks))
        if stages:
            pairs = zip(stages, target.stages, strict=True)
            distances = [(_unit(seen) - _unit(wanted)).square().sum(1).mean((1, 2)) for seen, wanted in pairs]
            parts["perceptual"] = torch.stack(distances).mean(0)
        if vectors is not None and target.vectors is not None:
            parts["identity"] = 1 - functional.cosine_similarity(vectors, target.vectors)
        return parts

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum (N,)."""
        return torch.stack([getattr(self.weights, name) * values for name, values in parts.items()]).sum(0)

    def _see(self, images: Tensor) -> tuple[list[Tensor], Tensor | None]:
        stages: list[Tensor] = []
        vectors = None
        if self._network is not None:
            stages, vectors = self._network.stages(inner_view(images, self._share, embedder.RESOLUTION_PX))
        return (self._vgg(images) if self._vgg else stages), vectors


class VggFeatures(nn.Module):
    """Features of VGG16's block3_conv3 after its ReLU ("layer 9" of Keras), of pictures (N, 3, R, R) in [-1, 1]."""

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for step in _VGG_PLAN:
            if isinstance(step, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, step, 3, padding=1), nn.ReLU(inplace=True)]
            channels = step
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(_VGG_MEAN)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(_VGG_SPREAD)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        side = min(max(images.shape[-1], _VGG_PX[0]), _VGG_PX[1])
        if side != images.shape[-1]:
            images = functional.interpolate(images, (side, side), mode="bilinear", antialias=True)
        return [self.features(((images + 1) / 2 - self.mean) / self.spread)]

    @classmethod
    def load(cls, path: str | Path) -> VggFeatures:
        """Load torchvision's vgg16 weights: a state dict (.pth) or .safetensors.

        Raises:
            UserError: For others.
        """
        tensors = read_weights(path)
        network = cls()
        wanted = {name: tensors.get(name) for name in network.state_dict()}
        for name, own in network.state_dict().items():
            given = wanted[name]
            if not isinstance(given, Tensor) or given.shape != own.shape or not given.isfinite().all():
                raise UserError(
                    f"vgg={path} holds no weights of torchvision's vgg16: {name} is missing or does not fit"
                )
        network.load_state_dict({name: given.float() for name, given in wanted.items() if given is not None})
        return network.eval().requires_grad_(False)


def inversion_loss(weights: InversionWeights, vgg: str | Path | None = None, device: str = "auto") -> InversionLoss:
    """Return the loss by the shipped face embedder; with the file `vgg`, VGG16 gives the perceptual features."""
    network, place = load_network("embedder", embedder.EmbedderNet, device)
    return InversionLoss(weights, network, VggFeatures.load(vgg).to(place) if vgg else None)


def read_weights(path: str | Path, setting: str = "vgg") -> dict[str, Tensor]:
    """Return the tensors of a state dict (.pth) or .safetensors, whatever they are; runs no code of the file's.

    Raises:
        UserError: It names the `setting` when there is no such file or it holds no tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{setting}={path}: there is no such file")
    if path.stat().st_size > FOREIGN_NETWORK_BYTES:
        raise UserError(f"{setting}={path} is too large to be weights of it")
    try:
        if told := look_mistaken(path):
            raise PickleError(told)
        return load_file(path) if path.suffix == ".safetensors" else read_torch_tensors(path)
    except PickleError as error:
        raise UserError(f"{setting}={path} cannot be read as weights: {error}") from error
    except (SafetensorError, OSError) as error:
        pass_on_out_of_memory(error)
        raise UserError(f"{setting}={path} cannot be read as weights ({type(error).__name__})") from error


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features, dim=1, eps=1e-6)
