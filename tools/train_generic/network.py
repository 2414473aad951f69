"""A swap model in pretraining: one decoder for everybody, told by a person's numbers whom to draw."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from faceswap.swap.initialisation.generic import Conditioner, convolutions
from faceswap.swap.models.registry import MODELS
from tools.train_generic.agreement import Agreement


class GenericNet(nn.Module):
    """`encoder`, `inter`, `decoder` of the model called `name`, and `person`, which conditions the decoder.

    `agreement`, which watches the code, serves training alone.

    `plain`: without people, an ordinary autoencoder, to compare with. `rank`: how many numbers the code really has
    (None: all of the model's): what tells people apart adds up over them. Only models with two decoders can be
    pretrained.
    """

    def __init__(self, name: str, settings: Mapping[str, Any], plain: bool = False, rank: int | None = None) -> None:
        super().__init__()
        model = MODELS[name](**settings)
        if model.PARTS != ("encoder", "inter", "decoder_a", "decoder_b"):
            raise ValueError(f"the model {name} has no decoder a person, but {', '.join(model.PARTS)}")
        self.name, self.settings, self.learning_rate = name, dict(model.settings), model.learning_rate
        self.resolution, self.coverage, self.has_mask = model.resolution, model.coverage, model.has_mask
        self.encoder, self.inter, self.decoder = model.encoder, model.inter, model.decoder_a
        self._split = model._split
        layers = convolutions(self.decoder)
        code = self.inter[0]
        assert isinstance(code, nn.Linear)
        self.rank = rank
        if rank is not None:
            self.inter[0] = nn.Sequential(
                nn.Linear(code.in_features, rank, bias=False), nn.Linear(rank, code.out_features)
            )
        self.agreement = Agreement(rank or code.out_features)
        self.person = None if plain else Conditioner([layer.out_channels for layer in layers])
        self._factors: list[tuple[Tensor, Tensor]] = []
        if self.person is not None:
            for place, layer in enumerate(layers):
                layer.register_forward_hook(partial(self._condition, place))

    def forward(self, images: Tensor, people: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return (N, 3, R, R) RGB in [0, 1], (N, 320) -> codes (N, D), the people in the pictures' moments.

        Their masks.
        """
        codes = self.encode(images)
        return codes, *self.decode(codes, people)

    def encode(self, images: Tensor) -> Tensor:
        """Return (N, 3, R, R) RGB in [0, 1] -> (N, D), the bottleneck, or (N, rank)."""
        code = self.inter.get_submodule("0" if self.rank is None else "0.0")
        return code(self.encoder(images))

    def decode(self, codes: Tensor, people: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return (N, D) or (N, rank), (N, 320) -> (N, 3, R, R) RGB and (N, 1, R, R) masks in [0, 1].

        None without them.
        """
        if self.person is not None:
            self._factors = self.person(people)
        if self.rank is not None:
            codes = self.inter.get_submodule("0.1")(codes)
        return self._split(self.decoder(self.inter[1:](codes)))

    def weights(self) -> dict[str, Tensor]:
        """Return what a model takes over, by its own names; a code of fewer numbers folds into one dense layer."""
        kept = {name: value for name, value in self.state_dict().items() if not name.startswith("agreement.")}
        if self.rank is not None:
            inward, outward = kept.pop("inter.0.0.weight"), kept.pop("inter.0.1.weight")
            kept["inter.0.weight"], kept["inter.0.bias"] = outward @ inward, kept.pop("inter.0.1.bias")
        return kept

    def _condition(self, place: int, layer: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        scale, shift = (part[:, :, None, None].to(output.dtype) for part in self._factors[place])
        return torch.addcmul(shift, output, scale)
