"""Settings of what a new run begins with."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class ScratchConfig:
    """Random weights."""

    _target_: ClassVar[str] = "faceswap.swap.initialisation.schemes.Scratch"


@dataclass(frozen=True)
class GenericConfig(DeclaredSettings):
    """The shipped weights, which know faces but nobody's; random ones for a model that has none."""

    _target_: ClassVar[str] = "faceswap.swap.initialisation.schemes.Generic"
    _section_: ClassVar[str] = "init"
    parts: list[str] | None = option(
        None,
        "parts of the network to load: encoder, inter, decoder_a, decoder_b; of liae encoder, inter_ab, inter_b, "
        "decoder (default: all); the others begin at random",
    )
    freeze: list[str] | None = option(None, "parts that are frozen at first (default: all but the decoders)")
    freeze_steps: int = option(0, "number of steps for which they are frozen; 0: none", minimum=0)


@dataclass(frozen=True)
class PhotoConfig(GenericConfig):
    """What convert photo= draws: the shipped weights, with A told by a photo and less like B."""

    _target_: ClassVar[str] = "faceswap.swap.initialisation.schemes.Photo"
    photo: "str | Path" = option("", "a photo of A, several as a glob or folder (default: A's face set)", kind="path")
    photo_face: int | None = option(None, "the face of a photo that shows several, from the left", minimum=0)


@dataclass(frozen=True)
class WeightsConfig(GenericConfig):
    """The weights of a run, wherever shapes agree."""

    _target_: ClassVar[str] = "faceswap.swap.initialisation.schemes.Weights"
    path: "str | Path" = option("", "a run (of the workspace), a checkpoint or a .safetensors file", kind="path")
