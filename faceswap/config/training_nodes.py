"""Settings of a training's loss, optimizer and augmentation, as nodes.py has them of the plugins."""

from dataclasses import dataclass
from typing import Any

from faceswap.config.options import option


@dataclass
class LossNode:
    """Reconstruction loss of the decoders: weighted sum of the parts below."""

    _target_: str = "faceswap.swap.losses.reconstruction.ReconstructionLoss"
    l1: float = option(1.0, "weight of the absolute error", minimum=0)
    mse: float = option(0.0, "weight of the squared error", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    dssim_window_px: int = option(
        11, "side of the Gaussian window of dssim in px, odd", minimum=3, maximum=255, step=2, step_help="an odd number"
    )
    mask: float = option(0.25, "weight of the learned mask's error", minimum=0)
    background_weight: float = option(
        0.1, "weight of a pixel outside the face, relative to one inside", minimum=0, maximum=1
    )
    dssim_second_px: int | None = option(
        None,
        "side of a second dssim window in px, odd; both are averaged (default: one window)",
        minimum=3,
        maximum=255,
        step=2,
        step_help="an odd number",
    )
    eyes: float = option(1.0, "weight of a pixel of the eyes, relative to another pixel of the face", minimum=0)
    mouth: float = option(1.0, "weight of a pixel of the mouth, relative to another pixel of the face", minimum=0)


@dataclass
class LikenessNode:
    """Losses by the face embedder, which tells people apart."""

    _target_: str = "faceswap.swap.losses.perceptual.Likeness"
    identity: float = option(0.0, "weight of 1 - cosine similarity of the two faces' identity vectors", minimum=0)
    perceptual: float = option(0.0, "weight of the distance of the embedder's features, as in LPIPS", minimum=0)
    gram: float = option(0.0, "weight of the distance of the features' Gram matrices: texture", minimum=0)


@dataclass
class DiscriminatorNode:
    """A PatchGAN discriminator that learns to tell generated faces from real ones."""

    _target_: str = "faceswap.swap.losses.adversarial.Discriminator"
    gan_weight: float = option(
        0.0, "weight of the adversarial loss; 0, with feature_matching=0: no discriminator", minimum=0
    )
    start_step: int = option(0, "first training step with the adversarial loss", minimum=0)
    channels: int = option(32, "channels of its first layer", minimum=1, maximum=1024)
    learning_rate: float = option(2e-4, "learning rate of the discriminator", minimum=0, maximum=10)
    feature_matching: float = option(
        0.0, "weight of the distance of its features of generated and real patches (pix2pixHD)", minimum=0
    )
    init: str = option("generic", "initial weights: the shipped ones or random ones", choices=("generic", "scratch"))


@dataclass
class AdamNode:
    """Adam, fused."""

    _target_: str = "faceswap.engine.optimizers.Adam"
    learning_rate: float | None = option(
        None, "learning rate (default: the one that suits the model)", minimum=0, maximum=10
    )
    beta1: float = option(0.5, "decay of the gradients' running mean", minimum=0, maximum=0.99999)
    beta2: float = option(0.999, "decay of the gradients' running variance", minimum=0, maximum=0.99999999)
    epsilon: float = option(1e-8, "added to the denominator", minimum=0, maximum=1)


@dataclass
class AdamWNode(AdamNode):
    """Adam with decoupled weight decay, fused."""

    _target_: str = "faceswap.engine.optimizers.AdamW"
    weight_decay: float = option(
        0.01,
        "weight decay: share of each weight, times the learning rate, that is subtracted each step",
        minimum=0,
        maximum=1000,
    )


@dataclass
class AdaBeliefNode(AdamNode):
    """AdaBelief: large steps where gradients are as predicted, small ones where they are not."""

    _target_: str = "faceswap.engine.optimizers.AdaBelief"
    epsilon: float = option(1e-16, "added to the denominator and, each step, to the variance", minimum=0, maximum=1)


@dataclass
class UpdateNode:
    """Learning-rate schedule, gradient clipping, exponential moving average, recovery."""

    _target_: str = "faceswap.engine.update.Update"
    schedule: str = option(
        "constant", "learning-rate schedule over iterations= or minutes=", choices=("constant", "cosine", "one_cycle")
    )
    grad_clip_norm: float = option(0.0, "maximum gradient norm; 0 disables clipping", minimum=0)
    lr_dropout: float = option(
        0.0,
        "share of the weights that are not updated in a step, drawn anew each step; 0 disables it",
        minimum=0,
        maximum=0.99,
    )
    ema_decay: float = option(
        0.999,
        "decay per step of the weights' exponential moving average, which previews and convert use; 0 disables it",
        minimum=0,
        maximum=0.999999,
    )
    retries: int = option(
        3, "how often training may return to the last checkpoint when the loss is not finite", minimum=0, maximum=1000
    )


@dataclass
class WarpNode:
    """Random geometric changes of the training faces."""

    _target_: str = "faceswap.swap.data.warp.Warp"
    rotation_degrees: float = option(10.0, "largest rotation, in degrees", minimum=0, maximum=180)
    zoom: float = option(0.05, "largest change of scale, as a share", minimum=0, maximum=0.9)
    shift: float = option(0.05, "largest shift, as a share of the view", minimum=0, maximum=1)
    flip: float = option(0.5, "probability of mirroring", minimum=0, maximum=1)
    jitter: float = option(
        5 / 256,
        "largest shift of the input's 5x5 control points, as a share of the view; 0 disables the warp",
        minimum=0,
        maximum=1,
    )
    jitter_steps: int | None = option(None, "number of steps with jitter (default: all)", minimum=0)


@dataclass
class AugmentNode:
    """Colour changes of the training faces."""

    colour: list[Any] = option([], "albumentations transforms {name, kwargs}; best written in a YAML of your own")
    transfer: str = option(
        "none", "colour transfer from a random face of B to each face of A", choices=("none", "reinhard", "mkl")
    )


@dataclass
class ScratchNode:
    """Random weights."""

    _target_: str = "faceswap.swap.initialisation.schemes.Scratch"


@dataclass
class GenericNode:
    """The shipped weights, which know faces but nobody's; random ones for a model that has none."""

    _target_: str = "faceswap.swap.initialisation.schemes.Generic"
    parts: list[str] | None = option(
        None,
        "parts of the network to load: encoder, inter, decoder_a, decoder_b; of liae encoder, inter_ab, inter_b, "
        "decoder (default: all); the others begin at random",
    )
    freeze: list[str] | None = option(None, "parts that are frozen at first (default: all but the decoders)")
    freeze_steps: int = option(0, "number of steps for which they are frozen; 0: none", minimum=0)


@dataclass
class WeightsNode(GenericNode):
    """The weights of a run, wherever shapes agree."""

    _target_: str = "faceswap.swap.initialisation.schemes.Weights"
    path: str = option("", "a run (of the workspace), a checkpoint or a .safetensors file", kind="path")
