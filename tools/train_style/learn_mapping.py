"""python -m tools.train_style.learn_mapping OUT CROPS: a mapping that learns where the encoder finds faces.

As `tools.train_style.mapping`, which takes the codes' normal distribution; but codes lie on a thin and bent part of W,
and a third of what a normal distribution draws lies beside it: hair for a face, half a pair of glasses. Here the
mapping, of four layers, is trained against a discriminator of codes alone (GAN with R1 penalty, Mescheder et al. 2018):
no picture is drawn, six minutes of a core. Synthesis and encoder stay to the bit.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.stylegan.data.packed import open_pictures
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.layers import GAIN, SLOPE
from faceswap.stylegan.training.losses import d_logistic, g_nonsaturating
from faceswap.stylegan.training.state import mean_of_w
from faceswap.stylegan.weights.files import load_encoder, load_generator, save_generator
from faceswap.utils.progress import Progress
from tools.train_style.mapping import encoded, set_dense

LAYERS, WIDTH = 4, 256  # of the mapping; of the discriminator
BATCH = 128
RATE, BETAS = 5e-4, (0.5, 0.99)
KEPT = 0.998  # of the average, a step
R1_EVERY, R1_WEIGHT = 4, 0.15
MEASURED = 4096  # z by which the middle of what is drawn is found
LEAST_SPREAD = 1e-4  # of a number of w, which may be the same for all faces


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.learn_mapping", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--encoder", type=Path, help="default: the shipped one")
    parser.add_argument("--steps", type=int, default=24000)
    parser.add_argument("--spread", type=float, default=1.1, help="of what is drawn, about its mean; 1: as learned")
    options = parser.parse_args()
    generator, encoder = load_generator(options.generator), load_encoder(options.encoder)
    codes = encoded(encoder, open_pictures(options.crops, generator.resolution, options.out.parent, "CROPS").seen)
    learned = Learned(codes)
    learned.fit(codes, options.steps)
    made = {"from": "python -m tools.train_style.learn_mapping", "crops": len(codes), "spread": options.spread}
    print(save_generator(learned.given_to(generator, options.spread), options.out, made))


class Learned:
    """z (N, w_size) -> w (N, w_size), as `Mapping` does it but with plain weights, which learn sooner."""

    def __init__(self, codes: Tensor, seed: int = 0) -> None:
        """Begin about the mean of codes (N, w_size)."""
        self.size, self._rng = codes.shape[1], torch.Generator().manual_seed(seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = [nn.Linear(self.size, self.size) for _ in range(LAYERS)]
            self.opponent = nn.Sequential(
                nn.Linear(self.size, WIDTH), nn.LeakyReLU(SLOPE), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(SLOPE),
                nn.Linear(WIDTH, 1),
            )  # fmt: skip
            for layer in self.layers:
                nn.init.normal_(layer.weight, std=1 / math.sqrt(self.size))
                nn.init.zeros_(layer.bias)
        mean = codes.mean(0)
        with torch.no_grad():
            self.layers[-1].bias.copy_(torch.where(mean > 0, mean, mean / SLOPE) / GAIN)

    def __call__(self, z: Tensor) -> Tensor:
        """Return w."""
        return functional.leaky_relu(self._before_activation(z), SLOPE) * GAIN

    def _before_activation(self, z: Tensor) -> Tensor:
        values = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers[:-1]:
            values = functional.leaky_relu(layer(values), SLOPE) * GAIN
        last: Tensor = self.layers[-1](values)
        return last

    def fit(self, codes: Tensor, steps: int) -> None:
        """Learn to draw what cannot be told from codes (N, w_size); the average over the last steps stays."""
        mean, spread = codes.mean(0), codes.std(0).clamp(min=LEAST_SPREAD)
        real = (codes - mean) / spread
        drawing: list[Tensor] = [parameter for layer in self.layers for parameter in layer.parameters()]
        judging = list(self.opponent.parameters())
        optimizer, opponent = (torch.optim.Adam(part, RATE, BETAS) for part in (drawing, judging))
        average = [parameter.detach().clone() for parameter in drawing]
        with Progress(steps, "learn the mapping", "step") as progress:
            for number in range(steps):
                shown = real[torch.randint(len(real), (BATCH,), generator=self._rng)]
                with torch.no_grad():
                    drawn = (self(self._z(BATCH)) - mean) / spread
                loss = self._told_apart(shown, drawn, number % R1_EVERY == 0)
                opponent.zero_grad(set_to_none=True)
                loss.backward()
                opponent.step()
                loss = g_nonsaturating(self.opponent((self(self._z(BATCH)) - mean) / spread))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    torch._foreach_lerp_(average, drawing, 1 - min(KEPT, 1 - 1 / (number + 1)))
                progress.advance()
        with torch.no_grad():
            for parameter, kept in zip(drawing, average, strict=True):
                parameter.copy_(kept)

    def _z(self, count: int) -> Tensor:
        return torch.randn(count, self.size, generator=self._rng)

    def _told_apart(self, shown: Tensor, drawn: Tensor, is_penalized: bool) -> Tensor:
        shown = shown.detach().requires_grad_(is_penalized)
        of_real = self.opponent(shown)
        loss = d_logistic(of_real, self.opponent(drawn))
        if is_penalized:
            (slopes,) = torch.autograd.grad(of_real.sum(), shown, create_graph=True)
            loss = loss + R1_EVERY * R1_WEIGHT * slopes.square().sum(1).mean()
        return loss

    @torch.no_grad()
    def given_to(self, generator: Generator, spread: float = 1.0) -> Generator:
        """Return the generator with this as its mapping.

        Args:
            generator: Stays as it is; z and w are of one size.
            spread: How far w, before the last leaky ReLU, lie from their mean, 1: as learned.
        """
        made = Generator(**generator.settings | {"mapping_layers": LAYERS})
        made.synthesis.load_state_dict(generator.synthesis.state_dict())
        z = torch.randn(MEASURED, self.size, generator=torch.Generator().manual_seed(1))
        middle = self._before_activation(z).mean(0)
        for number, layer in enumerate(self.layers):
            scale, shift = (spread, (1 - spread) * middle) if number == LAYERS - 1 else (1.0, torch.zeros_like(middle))
            set_dense(getattr(made.mapping, f"fc{number}"), scale * layer.weight, scale * layer.bias + shift)
        made.mapping.w_avg.copy_(mean_of_w(made))
        return made.eval().requires_grad_(False)


if __name__ == "__main__":
    main()
