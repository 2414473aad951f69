"""Generic weights: an encoder that does not tell who it sees, and a decoder that draws whoever it is told to.

The decoder is told by a scale and a shift for each channel of each of its convolutions (FiLM, Perez et al. 2018). Both
are linear in what a convolution gives, so that for one person they fold exactly into its weights: a person's decoder is
a plain one. `tools/train_generic` trains them on rendered people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faceswap.swap.initialisation.output_scale import fitted_rows, output_layers
from faceswap.swap.initialisation.person import PERSON_SIZE
from faceswap.swap.models.layers import LEAK, SwapModel
from faceswap.utils.choices import Side
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import listed, load_pretrained

NAME = "generic-{}"  # of a model's weights in pretrained/
PARTS = ("encoder", "inter")  # taken as they are; both decoders come from one, called `decoder` in the file
_FARTHEST = 2.5  # standard deviations that a person may differ from the training's people in any number

_LAST_OF_PERSON = "person.layers.4."

Factors = list[tuple[Tensor, Tensor]]  # of each convolution the scale and the shift, (N, C) each


class Conditioner(nn.Module):
    """(N, 320) people -> Factors for a decoder whose convolutions have `channels`; says 1 and 0 before it has learned.

    `mean`, `spread` (320,): of the training's people, set before training.
    """

    def __init__(self, channels: Sequence[int], hidden: int = 256) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(PERSON_SIZE))
        self.register_buffer("spread", torch.ones(PERSON_SIZE))
        sizes = [PERSON_SIZE, hidden, hidden]
        layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(LEAK))]
        last = nn.Linear(hidden, 2 * sum(self.channels))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, people: Tensor) -> Factors:
        known = ((people - self.mean) / self.spread).clamp(-_FARTHEST, _FARTHEST)
        scales, shifts = self.layers(known).chunk(2, dim=1)
        sizes = list(self.channels)
        return list(zip((1 + scales).split(sizes, 1), shifts.split(sizes, 1), strict=True))


def convolutions(decoder: nn.Module) -> list[nn.Conv2d]:
    """A decoder's convolutions, in the order of Factors."""
    return [module for module in decoder.modules() if isinstance(module, nn.Conv2d)]


@torch.no_grad()
def fold(decoder: nn.Module, factors: Factors) -> None:
    """Makes a decoder draw one person only: `factors` (N = 1) times and plus what its convolutions give."""
    for convolution, (scale, shift) in zip(convolutions(decoder), factors, strict=True):
        convolution.weight *= scale[0, :, None, None, None]
        if convolution.bias is None:
            raise ValueError("a convolution without bias cannot take a shift")
        convolution.bias.copy_(scale[0] * convolution.bias + shift[0])


@dataclass(frozen=True, eq=False)
class GenericWeights:
    """The shipped weights of one model: by their names in the file, and the model's settings they were trained with."""

    name: str
    tensors: Mapping[str, Tensor]
    settings: Mapping[str, float | int]

    @classmethod
    def of(cls, model_name: str) -> GenericWeights | None:
        """Those of a model; None where none are shipped. Raises UserError for a damaged file."""
        name = NAME.format(model_name)
        if name not in listed():
            return None
        arrays, metadata = load_pretrained(name)
        try:
            settings = json.loads(metadata["settings"])
        except (ValueError, LookupError) as error:
            raise UserError(f"the weights {name} do not say what model they are of; install again") from error
        return cls(name, {key: torch.from_numpy(value) for key, value in arrays.items()}, settings)

    def drawing_as(self, model: SwapModel) -> GenericWeights:
        """The same weights, drawing as many pixels as `model` does; as they are where no others can be made of them."""
        if "decoder_a" not in model.PARTS:
            return self
        decoder = model.get_submodule("decoder_a")
        wanted = {name: part.out_channels for name, part in decoder.named_modules() if isinstance(part, nn.Conv2d)}
        given = {name: len(self.tensors.get(f"decoder.{name}.bias", ())) for name in wanted}
        if given == wanted or 0 in given.values():
            return self
        colours, tensors = output_layers(decoder), dict(self.tensors)
        for name in colours:
            for kind in (f"decoder.{name}.weight", f"decoder.{name}.bias"):
                tensors[kind] = fitted_rows(tensors[kind], wanted[name], colours[name])
        for name in (name for name in tensors if name.startswith(_LAST_OF_PERSON)):
            rows = []  # of every convolution its scales, then of every one its shifts
            for half in tensors[name].chunk(2):
                for layer, part in zip(wanted, half.split(list(given.values())), strict=True):
                    rows.append(fitted_rows(part, wanted[layer], colours[layer]) if layer in colours else part)
            tensors[name] = torch.cat(rows)
        return replace(self, tensors=tensors)

    def unfit(self, model: SwapModel) -> list[str]:
        """Names of the model's weights that these have in another shape, or not at all; empty: it can begin with them.

        A Gaussian code's spread is no such weight: it begins narrow.
        """
        own = {name: value for name, value in model.state_dict().items() if name.split(".")[0] in (*PARTS, "decoder_a")}
        return [
            name
            for name, value in own.items()
            if ".spread." not in name
            and (name_in_file(name) not in self.tensors or self.tensors[name_in_file(name)].shape != value.shape)
        ]

    def conditioner(self, decoder: nn.Module) -> Conditioner:
        """The part that knows how people change this decoder."""
        part = Conditioner([layer.out_channels for layer in convolutions(decoder)])
        part.load_state_dict(
            {name.removeprefix("person."): value for name, value in self.tensors.items() if name.startswith("person.")}
        )
        return part.eval()

    def load(self, model: SwapModel, parts: Sequence[str]) -> list[str]:
        """Copy the weights of these parts into `model` and return their names; its decoders then draw nobody yet."""
        own = model.state_dict()
        given = {name: self.tensors[name_in_file(name)] for name in own if name_in_file(name) in self.tensors}
        return copy_fitting(own, given, parts)

    def draw(self, model: SwapModel, side: Side, person: NDArray[np.float32]) -> None:
        """Make a loaded decoder draw one person.

        Args:
            model: What `load` has filled.
            side: Whose decoder.
            person: (320,) of `PersonReader`.
        """
        decoder = model.get_submodule(f"decoder_{side}")
        device = next(decoder.parameters()).device
        with torch.no_grad():
            factors = self.conditioner(decoder)(torch.from_numpy(person)[None])
        fold(decoder, [(scale.to(device), shift.to(device)) for scale, shift in factors])


def copy_fitting(own: Mapping[str, Tensor], given: Mapping[str, Tensor], parts: Sequence[str]) -> list[str]:
    """Copy what has the same name and shape into `own`, a model's weights, and return the names."""
    fitting = [n for n in own if n.split(".")[0] in parts and n in given and given[n].shape == own[n].shape]
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(given[name])
    return fitting


def name_in_file(name: str) -> str:
    """A weight's name in a file of generic weights: there is one decoder."""
    return name.replace("decoder_a.", "decoder.", 1).replace("decoder_b.", "decoder.", 1)
