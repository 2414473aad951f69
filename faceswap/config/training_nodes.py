"""Settings of a training's loss, optimiser and augmentation, as nodes.py has them of the plugins."""

from dataclasses import dataclass
from typing import Any

from faceswap.config.options import option, section


@dataclass
class LossNode:
    """What the decoders are trained to make small."""

    _target_: str = "faceswap.swap.losses.reconstruction.ReconstructionLoss"
    l1: float = option(1.0, "weight of the absolute error", minimum=0)
    mse: float = option(0.0, "weight of the squared error", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    dssim_window_px: int = option(11, "its window, odd", minimum=3, maximum=255, step=2, step_help="an odd number")
    mask: float = option(0.25, "weight of the learned mask's error", minimum=0)
    outside: float = option(
        0.1, "what a pixel outside of the face counts against one inside, in [0, 1]", minimum=0, maximum=1
    )
    dssim_second_px: int | None = option(
        None,
        "a second window, odd: the mean of both (default: one only)",
        minimum=3,
        maximum=255,
        step=2,
        step_help="an odd number",
    )
    eyes: float = option(1.0, "what a pixel of the eyes counts against any other of the face", minimum=0)
    mouth: float = option(1.0, "what a pixel of the mouth counts, likewise", minimum=0)


@dataclass
class LikenessNode:
    """Losses by the network that tells people apart."""

    _target_: str = "faceswap.swap.losses.perceptual.Likeness"
    identity: float = option(0.0, "weight of how little the result is the same person", minimum=0)
    perceptual: float = option(0.0, "weight of the distance of the embedder's features", minimum=0)
    style: float = option(0.0, "weight of the difference in texture", minimum=0)


@dataclass
class DiscriminatorNode:
    """A second network that learns to tell drawn faces from true ones."""

    _target_: str = "faceswap.swap.losses.adversarial.Discriminator"
    power: float = option(0.0, "weight of its opinion; 0, and features=0: there is none", minimum=0)
    start: int = option(0, "step from which on it takes part", minimum=0)
    channels: int = option(32, "of its first layer", minimum=1, maximum=1024)
    learning_rate: float = option(2e-4, "its own step size", minimum=0, maximum=10)
    features: float = option(0.0, "weight of the distance of what it sees in drawn and true patches", minimum=0)
    init: str = option(
        "generic", "what it begins with: the shipped weights or random ones", choices=("generic", "scratch")
    )


@dataclass
class AdamNode:
    """Adam, fused."""

    _target_: str = "faceswap.engine.optimizers.Adam"
    learning_rate: float | None = option(
        None, "step size (default: the one that suits the model)", minimum=0, maximum=10
    )
    beta1: float = option(0.5, "decay of the mean", minimum=0, maximum=0.99999)
    beta2: float = option(0.999, "decay of the variance", minimum=0, maximum=0.99999999)
    epsilon: float = option(1e-8, "added to the divisor", minimum=0, maximum=1)


@dataclass
class AdamWNode(AdamNode):
    """Adam that also shrinks the weights, fused."""

    _target_: str = "faceswap.engine.optimizers.AdamW"
    weight_decay: float = option(
        0.01, "share of each weight, times the step size, that goes each step", minimum=0, maximum=1000
    )


@dataclass
class AdaBeliefNode(AdamNode):
    """Bold where gradients are as expected, careful where they are not."""

    _target_: str = "faceswap.engine.optimizers.AdaBelief"
    epsilon: float = option(1e-16, "added to the divisor and, each step, to the variance", minimum=0, maximum=1)


@dataclass
class UpdateNode:
    """How each step changes the weights."""

    _target_: str = "faceswap.engine.update.Update"
    schedule: str = option(
        "constant", "the step size over iterations= or minutes=", choices=("constant", "cosine", "one_cycle")
    )
    clip: float = option(0.0, "longest gradient; 0: as long as it is", minimum=0)
    dropout: float = option(
        0.0, "share of the weights that each step leaves as they are (0.7 is usual)", minimum=0, maximum=0.99
    )
    average: float = option(
        0.999,
        "share that the weights' average (for previews, conversion) keeps each step; 0: none",
        minimum=0,
        maximum=0.999999,
    )
    retries: int = option(
        3, "times to go back to a checkpoint when the loss is no number any more", minimum=0, maximum=1000
    )


@dataclass
class WarpNode:
    """How far training moves a face."""

    _target_: str = "faceswap.swap.data.warp.Warp"
    rotation_degrees: float = option(10.0, "turns by up to so much", minimum=0, maximum=180)
    zoom: float = option(0.05, "scales by up to this share", minimum=0, maximum=0.9)
    shift: float = option(0.05, "moves by up to this share of the view", minimum=0, maximum=1)
    flip: float = option(0.5, "probability of a mirror image", minimum=0, maximum=1)
    jitter: float = option(5 / 256, "of the input's 5x5 control points, in shares of the view", minimum=0, maximum=1)
    jitter_steps: int | None = option(None, "steps after which there is no more jitter (default: never)", minimum=0)


@dataclass
class AugmentNode:
    """Random warps and colour changes."""

    warp: WarpNode = section(WarpNode, "how far training moves a face")
    colour: list[Any] = option([], "albumentations transforms {name, kwargs}; best written in a YAML of your own")
    transfer: str = option(
        "none", "each face of A takes the colours of a random one of B", choices=("none", "reinhard", "mkl")
    )


@dataclass
class ScratchNode:
    """Random weights."""

    _target_: str = "faceswap.swap.training.initialisation.Scratch"


@dataclass
class GenericNode:
    """The shipped weights, which know faces but nobody's; random ones for a model that has none."""

    _target_: str = "faceswap.swap.training.initialisation.Generic"
    keep: list[str] | None = option(
        None,
        "parts to take over: encoder, inter, decoder_a, decoder_b; of liae encoder, inter_ab, inter_b, decoder "
        "(default: all); the others begin at random",
    )
    freeze: list[str] | None = option(None, "parts that rest at first (default: all but the decoders)")
    freeze_steps: int = option(0, "so many steps", minimum=0)


@dataclass
class WeightsNode(GenericNode):
    """The weights of a run, wherever shapes agree."""

    _target_: str = "faceswap.swap.training.initialisation.Weights"
    path: str = option("", "a run (of the workspace), a checkpoint or a .safetensors file", verbatim=True)
