"""A second network that learns to tell drawn faces from true ones, patch by patch, and so shows where they differ."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from faceswap.engine.accelerator import Accelerator
from faceswap.engine.moments import fill_moments
from faceswap.swap.losses.config import DiscriminatorConfig
from faceswap.swap.losses.reconstruction import weighted_mean
from faceswap.utils.files.pretrained import listed, load_pretrained

SHIPPED = "discriminator"  # in pretrained/
_WEIGHTS, _MOMENTS = "discriminator/weights/", "discriminator/moments/"  # in the checkpoint

log = logging.getLogger(__name__)


class Discriminator(DiscriminatorConfig):
    """`gan_weight`: weight of its opinion in the model's loss.

    `feature_matching`: weight of how far what it sees in a drawn patch is from what it sees in the true one (feature
    matching, Wang et al. 2018, pix2pixHD). Both 0: there is none.

    `start_step`: step from which on it takes part. `channels`: of its first layer. `learning_rate`: its own step size.
    `init`: generic, the shipped weights, which know drawn faces from rendered ones, or scratch.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.learning_rate > 0:
            raise ValueError(f"discriminator.learning_rate must be above 0, not {self.learning_rate}")

    def build(self, accelerator: Accelerator) -> AdversarialLoss | None:
        """It at work; None where it has no say. Raises UserError for shipped weights that are damaged."""
        if not (self.gan_weight or self.feature_matching):
            return None
        network = PatchDiscriminator(self.channels)
        if self.init == "generic":
            log.info("%s", begin_with_shipped(network))
        return AdversarialLoss(self, accelerator, network)


def _of_faces(values: Tensor, masks: Tensor) -> Tensor:
    """The mean of (N, C, h, w) values, by how much of the face (N, 1, R, R) lies in each place."""
    height, width = values.shape[-2:]
    return weighted_mean(values, functional.adaptive_avg_pool2d(masks.to(values.dtype), (height, width)))


class PatchDiscriminator(nn.Sequential):
    """(N, 3, R, R) in [-1, 1] -> (N, 1, R/8, R/8): how true each patch looks, 1 or 0 (Isola et al. 2017, PatchGAN).

    Spectral norms (Miyato et al. 2018) keep its gradients to the model from growing while it wins.
    """

    def __init__(self, channels: int) -> None:
        widths = (3, channels, 2 * channels, 4 * channels)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2)]
        super().__init__(*layers, spectral_norm(nn.Conv2d(widths[-1], 1, 3, 1, 1)))

    def features_and_logits(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        """The features after each LeakyReLU, finest first, and the opinions; float32."""
        stages, seen = [], pictures
        for layer in self:
            seen = layer(seen)
            if isinstance(layer, nn.LeakyReLU):
                stages.append(seen.float())
        return stages, seen.float()


def begin_with_shipped(network: PatchDiscriminator) -> str:
    """Fills a fresh network with the shipped weights, if there are any of its size; says what it did."""
    if SHIPPED not in listed():
        return "the discriminator begins at random: no weights are shipped for it"
    arrays, _ = load_pretrained(SHIPPED)
    own = network.state_dict()
    if {name: value.shape for name, value in arrays.items()} != {n: tuple(v.shape) for n, v in own.items()}:
        return "the discriminator begins at random: the shipped weights have another number of channels"
    network.load_state_dict({name: torch.from_numpy(value).float() for name, value in arrays.items()})
    return f"the discriminator begins with {SHIPPED}"


class AdversarialLoss:
    """The discriminator at work: first its part of the model's loss, then, after the model's step, a step of its own.

    Both losses are least squares (Mao et al. 2017): never below 0, and a curve of 0.25 means that it guesses. A patch
    counts by how much of it is face: beyond, drawn and true are the same, and nobody could tell them apart.
    """

    def __init__(
        self, settings: Discriminator, accelerator: Accelerator, network: PatchDiscriminator | None = None
    ) -> None:
        self._settings = settings
        self._autocast = accelerator.autocast
        self._processes = accelerator.processes
        self._network = accelerator.place(network or PatchDiscriminator(settings.channels))
        self._steps = torch.optim.Adam(self._network.parameters(), settings.learning_rate, (0.5, 0.999))
        self._true: list[Tensor] = []
        self._drawn: list[Tensor] = []
        self._masks: list[Tensor] = []
        self._loss: Tensor | None = None

    def __call__(self, images: Tensor, targets: Tensor, target_masks: Tensor, iteration: int) -> dict[str, Tensor]:
        """The model's part of one side, {} before the start. What it is shown here it learns from afterwards.

        `images`, `targets` (N, 3, R, R), masks (N, 1, R, R), float32 in [0, 1]. Outside of the mask both show the
        target.
        """
        if iteration < self._settings.start_step:
            return {}
        drawn = torch.lerp(targets, images.float(), target_masks) * 2 - 1
        self._true.append(targets * 2 - 1)
        self._drawn.append(drawn.detach())
        self._masks.append(target_masks)
        self._network.requires_grad_(False).eval()  # while it only looks, its spectral norms stay as they are
        stages, opinions = self._look(drawn)
        parts = {}
        if self._settings.gan_weight:
            parts["adversary"] = self._settings.gan_weight * _of_faces((opinions - 1).square(), target_masks)
        if self._settings.feature_matching:
            with torch.no_grad():
                wanted, _ = self._look(self._true[-1])
            distances = [
                _of_faces((seen - target).abs(), target_masks) for seen, target in zip(stages, wanted, strict=True)
            ]
            parts["features"] = self._settings.feature_matching * torch.stack(distances).mean()
        return parts

    def learn(self, taken: bool) -> None:
        """Its own step on what it was shown; none, and all forgotten, when the model's could not be `taken`."""
        true, drawn, masks = self._true, self._drawn, self._masks
        self._true, self._drawn, self._masks = [], [], []
        if not true or not taken:
            return
        self._network.requires_grad_(True).train()
        said_true, said_drawn = self._look(torch.cat([*true, *drawn]))[1].chunk(2)
        loss = _of_faces(((said_true - 1).square() + said_drawn.square()) / 2, torch.cat(masks))
        self._steps.zero_grad()
        loss.backward()
        loss = loss.detach()
        self._processes.average(
            [loss, *(weight.grad for weight in self._network.parameters() if weight.grad is not None)]
        )
        if loss.device.type == "cpu" and not math.isfinite(float(loss)):
            return
        self._steps.step()
        self._loss = loss

    def _look(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        with self._autocast():
            return self._network.features_and_logits(pictures)

    def report(self) -> dict[str, float]:
        """Its last loss, for the curves."""
        return {} if self._loss is None else {"discriminator": float(self._loss)}

    def weights(self) -> dict[str, Tensor]:
        """Those of its network, by its own names."""
        return self._network.state_dict()

    def tensors(self) -> dict[str, Tensor]:
        """Weights and moments for the checkpoint."""
        weights = {_WEIGHTS + name: value for name, value in self._network.state_dict().items()}
        return weights | {
            f"{_MOMENTS}{name}/{kind}": value
            for name, weight in self._network.named_parameters()
            for kind, value in self._steps.state[weight].items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Back from a checkpoint's tensors; those of a run that had none, or other channels, leave it as it is."""
        weights = {name.removeprefix(_WEIGHTS): v for name, v in tensors.items() if name.startswith(_WEIGHTS)}
        if not weights:
            return
        shapes, own = ({name: value.shape for name, value in w.items()} for w in (weights, self._network.state_dict()))
        if shapes != own:
            log.info("the discriminator begins anew: the checkpoint's has other channels")
            return
        if not all(bool(value.isfinite().all()) for value in weights.values()):
            raise ValueError("the discriminator has weights that are no numbers")
        self._network.load_state_dict(weights)
        stored = []
        for name, weight in self._network.named_parameters():
            prefix = f"{_MOMENTS}{name}/"
            moments = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            stored.append((f"the discriminator's {name}", weight, moments))
        fill_moments(self._steps, stored)
