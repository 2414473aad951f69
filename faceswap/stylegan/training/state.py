"""Networks of a training, their averages and optimizers, and checkpoints of all of them."""

from __future__ import annotations

import copy
import math
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faceswap.engine.accelerator import Accelerator
from faceswap.engine.moments import fill_moments
from faceswap.stylegan.networks.discriminator import ResidualDiscriminator
from faceswap.stylegan.networks.encoder import WIDTHS, Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.torch_writing import write_torch_file
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.limits import COUNT, WEIGHT_MAGNITUDE
from faceswap.utils.untrusted.torch_files import StoredTensor, read_torch_file

CHECKPOINT = "checkpoint.pt"
_NUMBERS = ("images", "seconds", "p", "path_mean", "steps", "contested")  # beside the weights in a checkpoint
AVERAGED_IMAGES, AVERAGED_SHARE = 10_000, 0.05  # half-life of the average: so many images, at most that share of all


class TrainingNetworks:
    """`generator`, `encoder`, `discriminator` in training; `average` and `average_encoder` are what should be used."""

    def __init__(
        self,
        accelerator: Accelerator,
        resolution: int,
        channels: Sequence[int] | None,
        w_size: int,
        mapping_layers: int,
        clamp: float | None = None,
        discriminator_channels: Sequence[int] | None = None,
    ) -> None:
        generator = Generator(resolution, channels, w_size, w_size, mapping_layers, clamp)
        widths = [*WIDTHS[: len(generator.synthesis.block_sizes) - 1]]
        widths += [WIDTHS[-1]] * (len(generator.synthesis.block_sizes) - 1 - len(widths))
        encoder = Encoder(resolution, generator.rows, w_size, widths, w_size, mapping_layers)
        self.accelerator = accelerator
        self.generator, self.encoder = accelerator.place(generator), accelerator.place(encoder)
        discriminator = ResidualDiscriminator(resolution, discriminator_channels or generator.settings["channels"])
        self.discriminator = accelerator.place(discriminator)
        self.encoder.mapping.requires_grad_(False)  # a copy of the generator's
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.average_encoder = copy.deepcopy(self.encoder).eval().requires_grad_(False)
        self.moves: nn.Module | None = None  # the directions of a training with counterfactual pairs
        self.grown: frozenset[str] = frozenset()  # names of the generator's weights that an earlier one brought

    def take_encoder(self, encoder: Encoder) -> None:
        """Put an encoder in the place of the new one, before any step, and its mapping in the generator's.

        Its codes mean nothing to another one, and a shipped generator's may have been fitted to what came of it.
        """
        self.encoder = self.accelerator.place(encoder.train().requires_grad_(True))
        for generator in (self.generator, self.average):
            generator.mapping.load_state_dict(self.encoder.mapping.state_dict())
        self.encoder.mapping.requires_grad_(False)
        self.average_encoder = copy.deepcopy(self.encoder).eval().requires_grad_(False)

    def follow(self, images: int, batch_size: int) -> None:
        """Take the averages one step towards the networks in training, `images` having been seen."""
        half_life = min(AVERAGED_IMAGES, images * AVERAGED_SHARE)
        share = 1 - 0.5 ** (batch_size / max(half_life, 1e-8))
        for mean, now in ((self.average, self.generator), (self.average_encoder, self.encoder)):
            with torch.no_grad():
                torch._foreach_lerp_(list(mean.parameters()), list(now.parameters()), share)
                for kept, latest in zip(mean.buffers(), now.buffers(), strict=True):
                    kept.copy_(latest)

    def parts(self) -> dict[str, nn.Module]:
        """Return the networks by name, as they are kept in a checkpoint."""
        parts: dict[str, nn.Module] = {
            "generator": self.generator,
            "encoder": self.encoder,
            "discriminator": self.discriminator,
            "average": self.average,
            "average_encoder": self.average_encoder,
        }
        return parts if self.moves is None else parts | {"moves": self.moves}

    def shipped(self) -> tuple[Generator, Encoder]:
        """Return the averages on the CPU, with the true mean of w and one mapping."""
        generator, encoder = copy.deepcopy(self.average).cpu(), copy.deepcopy(self.average_encoder).cpu()
        generator.mapping.w_avg.copy_(mean_of_w(generator))
        encoder.take_mapping(generator.mapping)
        return generator, encoder


@torch.no_grad()
def mean_of_w(generator: Generator, count: int = 20_000) -> torch.Tensor:
    """Return (w_size,): of the same `count` z on every machine."""
    z = torch.randn(count, generator.z_size, generator=torch.Generator().manual_seed(0))
    return generator.mapping(z).mean(0)


def save_checkpoint(
    run: Path, networks: TrainingNetworks, optimizers: Iterable[torch.optim.Optimizer], numbers: dict[str, Any]
) -> None:
    """Write run/checkpoint.pt, whole or not at all.

    Args:
        numbers: Plain values and tensors beside the weights.
    """
    state = {
        "networks": {name: part.state_dict() for name, part in networks.parts().items()},
        "optimisers": [optimizer.state_dict() for optimizer in optimizers],
        "random": torch.get_rng_state(),
        **numbers,
    }
    write_torch_file(state, run / CHECKPOINT)


def restore_checkpoint(
    run: Path, networks: TrainingNetworks, optimizers: Iterable[torch.optim.Optimizer]
) -> dict[str, Any] | None:
    """Fill all from run/checkpoint.pt and return its numbers; None where there is none. Raises UserError."""
    path = run / CHECKPOINT
    if not path.is_file():
        return None
    try:
        state = _table(read_torch_file(path), "content")  # refuses packed records, before anything is unpacked
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                raise ValueError("its content is not what was written")
        _fill_networks(networks, _table(state.get("networks"), "table of networks"))
        _fill_optimizers(optimizers, state.get("optimisers"))
        numbers = {name: _read(state.get(name), name, 1) for name in _NUMBERS}
        _check_numbers(numbers)
        numbers["path_mean"] = numbers["path_mean"].to(networks.accelerator.device)
        torch.set_rng_state(_generator_state(state.get("random")))
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        pass_on_out_of_memory(error)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"cannot go on from {path} ({reason}); restart=true begins anew") from error
    return numbers


def _fill_networks(networks: TrainingNetworks, stored: dict[str, Any]) -> None:
    """Give each network its weights. Raises ValueError."""
    for name, part in networks.parts().items():
        found, wanted = _table(stored.get(name), f"{name} of the networks"), part.state_dict()
        odd = sorted(str(key) for key in found.keys() ^ wanted.keys())
        if odd:
            raise ValueError(f"its {name} is of other settings of plan: {', '.join(odd)[:100]}")
        weights = {key: _read(found[key], f"{name} {key}", value.numel()) for key, value in wanted.items()}
        for key, value in weights.items():
            now = wanted[key]
            if not isinstance(value, torch.Tensor) or (value.shape, value.dtype) != (now.shape, now.dtype):
                raise ValueError(f"its {name} {key} has another shape or type than plan asks for")
            if not bool((value.abs() <= WEIGHT_MAGNITUDE).all()):  # nor is NaN
                raise ValueError(f"the {name} has weights that are no numbers, or far too large")
        part.load_state_dict(weights)


def _fill_optimizers(optimizers: Iterable[torch.optim.Optimizer], stored: Any) -> None:
    """Give each optimizer what it remembers; its options are today's. Raises ValueError.

    A run may go on with another learning rate.
    """
    optimizers = list(optimizers)
    if not isinstance(stored, list) or len(stored) != len(optimizers):
        raise ValueError(f"it does not hold the {len(optimizers)} optimizers of a training")
    for optimizer, kept in zip(optimizers, stored, strict=True):
        remembered = _table(_table(kept, "optimizer").get("state"), "optimizer's memory")
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        if set(remembered) - set(range(len(weights))):
            raise ValueError("an optimizer remembers more weights than there are")
        each = ((f"weight {n}", weight, _moments(n, weight, remembered.get(n, {}))) for n, weight in enumerate(weights))
        fill_moments(optimizer, each)


def _moments(number: int, weight: torch.Tensor, stored: Any) -> dict[Any, Any]:
    what = f"memory of weight {number}"
    return {key: _read(value, what, weight.numel()) for key, value in _table(stored, what).items()}


def _generator_state(stored: Any) -> torch.Tensor:
    """Return the state of torch's random numbers. Raises ValueError."""
    now = torch.get_rng_state()
    state = _read(stored, "random", now.numel())
    if not isinstance(state, torch.Tensor) or (state.shape, state.dtype) != (now.shape, now.dtype):
        raise ValueError("its state of the random numbers is none")
    return state


def _table(value: Any, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"its {what} is missing, or no table")
    return value


def _read(value: Any, what: str, most: int) -> Any:
    """Return a stored tensor, read; other values as they are. Raises ValueError when it has more than `most` numbers.

    One storage can be named by thousands of tensors: each is checked before memory is taken for it.
    """
    if not isinstance(value, StoredTensor):
        return value
    if math.prod(value.shape) > most:
        raise ValueError(f"its {what} has another shape: {value.shape}")
    return value.read()


def _check_numbers(numbers: dict[str, Any]) -> None:
    """Raise ValueError unless the numbers of a checkpoint are such as trainings write.

    Args:
        numbers: `images`, `seconds` and those of AdversarialStep.state.
    """
    for name in ("images", "steps", "contested"):
        if type(numbers.get(name)) is not int or not 0 <= numbers[name] <= COUNT:
            raise ValueError(f"its {name} is missing, or no count")
    for name, most in (("seconds", COUNT), ("p", 1)):
        if type(numbers.get(name)) not in (int, float) or not 0 <= numbers[name] <= most:
            raise ValueError(f"its {name} is missing, or no number from 0 to {most}")
    mean = numbers.get("path_mean")
    if not isinstance(mean, torch.Tensor) or mean.shape or not mean.is_floating_point() or not mean.isfinite():
        raise ValueError("its path_mean is missing, or no number")
