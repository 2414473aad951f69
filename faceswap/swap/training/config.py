"""Settings of a training that need nothing else: length, batches, device, intervals."""

from dataclasses import dataclass
from typing import Literal, get_args

from faceswap.utils.choices import Compile, Precision, StopWhen, Switch
from faceswap.utils.limits import SEED
from faceswap.utils.settings.options import DEVICES, option


@dataclass(frozen=True)
class TrainingConfig:
    """How long a training is, on what, and how often it is looked at."""

    iterations: int | None = option(
        None,
        "steps in all, those of earlier sessions counted in (default: 20,000 on a CPU, 100,000 on a GPU)",
        minimum=1,
    )
    minutes: float | None = option(
        None, "training time in all, likewise (default: no limit)", minimum=0, maximum=1000000
    )
    stop_when: StopWhen = option(
        "length", "plateau: also when validation has long not improved", choices=get_args(StopWhen)
    )
    batch_size: int | Literal["auto"] = option(
        8,
        "faces of each side a step, of each process; auto: what memory allows",
        minimum=1,
        words=("auto",),
        maximum=65536,
    )
    device: str = option("auto", DEVICES)
    precision: Precision = option("auto", "arithmetic; auto takes what measured fastest", choices=get_args(Precision))
    channels_last: Switch = option("auto", "memory layout of pictures", choices=get_args(Switch))
    compile: Compile = option("auto", "torch.compile; graphs: with CUDA graphs", choices=get_args(Compile))
    workers: int | None = option(
        None, "processes that prepare batches; 0: a thread (default: measured)", minimum=0, maximum=256
    )
    threads: int | None = option(
        None,
        "CPU threads of the arithmetic (default: the cores that other programs leave free, OMP_NUM_THREADS at most)",
        minimum=1,
        maximum=1024,
    )
    seed: int = option(0, "seed of weights, order, warps and colours", minimum=0, maximum=SEED)
    validation_share: float = option(
        0.05, "share of each face set, its end, that is held out for validation", minimum=0, maximum=0.5
    )
    log_every: int = option(50, "steps between points of the curves", minimum=1)
    preview_every: int = option(500, "steps between previews and validations", minimum=1)
    evaluate: bool = option(
        True, "also measure at each validation whose face the swap is and how well it follows B (built-in networks)"
    )
    save_every: int = option(1000, "steps between checkpoints", minimum=1)
    keep_checkpoints: int = option(2, "number of checkpoints to keep", minimum=1, maximum=100000)
    restart: bool = option(False, "delete the earlier training of this pair and start anew")
    allow_changes: bool = option(False, "go on with the training of this pair with other settings than before")
