"""Settings of optimizers and of the update of the weights."""

from dataclasses import dataclass
from typing import ClassVar, get_args

from faceswap.utils.choices import Schedule
from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class AdamConfig(DeclaredSettings):
    """Adam, fused."""

    _target_: ClassVar[str] = "faceswap.engine.optimizers.Adam"
    _section_: ClassVar[str] = "optimizer"
    learning_rate: float | None = option(
        None, "learning rate (default: the one that suits the model)", minimum=0, maximum=10
    )
    beta1: float = option(0.5, "decay of the gradients' running mean", minimum=0, maximum=0.99999)
    beta2: float = option(0.999, "decay of the gradients' running variance", minimum=0, maximum=0.99999999)
    epsilon: float = option(1e-8, "added to the denominator", minimum=0, maximum=1)


@dataclass(frozen=True)
class AdamWConfig(AdamConfig):
    """Adam with decoupled weight decay, fused."""

    _target_: ClassVar[str] = "faceswap.engine.optimizers.AdamW"
    weight_decay: float = option(
        0.01,
        "weight decay: share of each weight, times the learning rate, that is subtracted each step",
        minimum=0,
        maximum=1000,
    )


@dataclass(frozen=True)
class AdaBeliefConfig(AdamConfig):
    """AdaBelief: large steps where gradients are as predicted, small ones where they are not."""

    _target_: ClassVar[str] = "faceswap.engine.optimizers.AdaBelief"
    epsilon: float = option(1e-16, "added to the denominator and, each step, to the variance", minimum=0, maximum=1)


@dataclass(frozen=True)
class UpdateConfig(DeclaredSettings):
    """Learning-rate schedule, gradient clipping, exponential moving average, recovery."""

    _target_: ClassVar[str] = "faceswap.engine.update.Update"
    _section_: ClassVar[str] = "update"
    schedule: Schedule = option(
        "constant", "learning-rate schedule over iterations= or minutes=", choices=get_args(Schedule)
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
