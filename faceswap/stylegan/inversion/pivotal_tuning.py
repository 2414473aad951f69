"""Pivotal tuning by low-rank changes of the generator's convolutions, some megabytes per face.

As LoRA (Hu et al. 2022) does to language models; the training is that of pivotal tuning (Roich et al. 2021): the code
of the face stays, the weights move, and what the generator draws elsewhere is held in place.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from faceswap.engine.adam import Adam
from faceswap.stylegan.inversion.perceptual import InversionLoss, Target
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.errors import UserError

PREFIX = "tuning."
RATE = 0.02
LOCALITY_EVERY = 4  # steps between looks at how other faces fare
LOCALITY_WEIGHT = 1.0
LOCALITY_REACH = 0.3  # how far from the tuned code towards a sample's it is looked, a share of the way


class Tuning(nn.Module):
    """weight + up @ down for each convolution of a synthesis: `up` (O, rank) begins at 0, `down` (rank, I k k)."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], rank: int) -> None:
        super().__init__()
        self.rank, self.shapes = rank, dict(shapes)
        self.up, self.down = nn.ParameterDict(), nn.ParameterDict()
        rng = torch.Generator().manual_seed(0)
        for name, (channels, *others) in self.shapes.items():
            inputs = int(torch.Size(others).numel())
            self.up[_key(name)] = nn.Parameter(torch.zeros(channels, rank))
            self.down[_key(name)] = nn.Parameter(torch.randn(rank, inputs, generator=rng) / rank**0.5)

    @classmethod
    def of(cls, generator: Generator, rank: int) -> Tuning:
        """Return one that changes nothing yet."""
        names = dict(generator.synthesis.named_parameters())
        tuning = cls({name: tuple(value.shape) for name, value in names.items() if value.ndim == 4}, rank)
        return tuning.to(generator.average.device)

    def synthesis_weights(self, generator: Generator) -> dict[str, Tensor]:
        """Return the convolutions of `generator.synthesis` as changed, by name."""
        own = dict(generator.synthesis.named_parameters())
        return {
            name: own[name] + (self.up[_key(name)] @ self.down[_key(name)]).view(shape)
            for name, shape in self.shapes.items()
        }

    def draw(self, generator: Generator, rows: Tensor) -> Tensor:
        """Return images of rows by the tuned generator; gradients reach the tuning."""
        return functional_call(generator.synthesis, self.synthesis_weights(generator), (rows,))

    @torch.no_grad()
    def applied(self, generator: Generator) -> Generator:
        """Return a generator of its own with the changes in it."""
        tuned = Generator(**generator.settings).to(generator.average.device)
        tuned.load_state_dict(generator.state_dict())
        tuned.synthesis.load_state_dict(self.synthesis_weights(generator), strict=False)
        return tuned.eval().requires_grad_(False)

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors for a file, by names that begin with PREFIX."""
        return {f"{PREFIX}{name}": value.detach().cpu().contiguous() for name, value in self.state_dict().items()}

    @classmethod
    def from_tensors(cls, generator: Generator, tensors: Mapping[str, Tensor]) -> Tuning | None:
        """Return the tuning among the tensors of a file; None without one.

        Raises:
            UserError: It does not fit.
        """
        own = {name.removeprefix(PREFIX): value for name, value in tensors.items() if name.startswith(PREFIX)}
        if not own:
            return None
        ranks = {value.shape[1] for name, value in own.items() if name.startswith("up.") and value.ndim == 2}
        rank = ranks.pop() if len(ranks) == 1 else 0
        tuning = cls.of(generator, rank) if 1 <= rank <= 512 else None
        if tuning is None or {n: v.shape for n, v in tuning.state_dict().items()} != {
            n: v.shape for n, v in own.items()
        }:
            raise UserError("the tuning in this file does not fit the generator; invert the photo again")
        tuning.load_state_dict(own)
        return tuning


def tune(generator: Generator, rows: Tensor, target: Target, loss: InversionLoss, steps: int, rank: int) -> Tuning:
    """Return the tuning under which `rows` (N, rows, w_size) draw the photos of `target`; all N share it."""
    tuning = Tuning.of(generator, rank)
    optimizer = Adam(tuning.parameters(), RATE, (0.9, 0.95))
    samples = generator.mapping(draw_z(range(64), generator.z_size).to(rows.device))
    with torch.enable_grad():
        for step in range(steps):
            optimizer.rate = RATE * min(1.0, 2 * (1 - step / steps))  # falls over the second half
            images = tuning.draw(generator, rows)
            value = loss.total(loss.parts(images, target)).mean()
            if step % LOCALITY_EVERY == 0:
                value = value + LOCALITY_WEIGHT * LOCALITY_EVERY * _drift(generator, tuning, rows, samples, step)
            optimizer.step(value)
    return tuning.requires_grad_(False)


def _drift(generator: Generator, tuning: Tuning, rows: Tensor, samples: Tensor, step: int) -> Tensor:
    """Return how far the tuned generator draws a face beside the tuned code otherwise than before."""
    one = rows[step % len(rows)][None]
    near = torch.lerp(one, generator.spread(samples[step % len(samples)][None]), LOCALITY_REACH)
    with torch.no_grad():
        before = generator.synthesis(near)
    return (tuning.draw(generator, near) - before).square().mean()


def _key(name: str) -> str:
    return name.replace(".", "/")  # a ParameterDict takes no dots
