"""What a training takes over from an earlier one: a generator that grows, and its encoder."""

from __future__ import annotations

import logging

from torch import nn

from faceswap.stylegan.networks.encoder import grown_encoder
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.stylegan.weights.files import load_encoder, load_generator
from faceswap.utils.errors import UserError

log = logging.getLogger(__name__)


def take_generator(networks: TrainingNetworks, source: str, brings_mapping: bool) -> None:
    """Load the weights of an earlier generator that fit by name and shape; ToRGB of higher resolutions starts at 0.

    `brings_mapping`: an encoder follows, whose mapping will be the generator's.
    """
    taken = load_generator(source)
    given, own = taken.state_dict(), networks.generator.state_dict()
    fits = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if "synthesis.b4.const" not in fits or "mapping.fc0.weight" not in fits:
        raise UserError(f"grow_from={source}: it is of other plan.channels or another plan.w_size")
    layers = taken.settings["mapping_layers"]
    if not brings_mapping and layers != networks.generator.settings["mapping_layers"]:
        raise UserError(f"grow_from={source}: its mapping has {layers} layers; say plan.mapping_layers={layers}")
    networks.generator.load_state_dict(fits, strict=False)
    networks.grown = frozenset(fits)
    for side in networks.generator.synthesis.block_sizes:
        if side > taken.resolution:
            nn.init.zeros_(getattr(networks.generator.synthesis, f"b{side}").torgb.weight)
    networks.average.load_state_dict(networks.generator.state_dict())
    networks.encoder.take_mapping(networks.generator.mapping)
    networks.average_encoder.load_state_dict(networks.encoder.state_dict())
    log.info("took %d of %d weights from %s", len(fits), len(own), source)


def take_encoder(networks: TrainingNetworks, source: str) -> None:
    """Load an encoder's weights, grown where it is of a lower resolution; its mapping becomes the generator's."""
    taken = grown_encoder(load_encoder(source), networks.generator.resolution, networks.generator.rows)
    if {**taken.settings, "widths": None} != {**networks.encoder.settings, "widths": None}:
        raise UserError(f"encoder_from={source}: it is of another plan.resolution, plan.w_size or plan.mapping_layers")
    networks.take_encoder(taken)
