"""The settings of a training with its model, losses and optimizer, as Python makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from faceswap.engine.optimizers import Adam
from faceswap.engine.progress import STOPS
from faceswap.engine.update import Update
from faceswap.swap.data.augmentation import Augmentation
from faceswap.swap.initialisation.schemes import Generic, Scratch
from faceswap.swap.losses.adversarial import Discriminator
from faceswap.swap.losses.perceptual import Likeness
from faceswap.swap.losses.reconstruction import ReconstructionLoss, SwapLoss
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.registry import MODELS, check_rebuildable
from faceswap.swap.training.batch_size import check_batch_size
from faceswap.swap.training.config import TrainingConfig
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError

FIRST_VALIDATIONS = (10, 30, 60, 100, 200, 300, 400)  # a new run is looked at sooner
UNBOUNDED_STEPS = 100_000  # on a GPU, or where minutes end the run


@dataclass(frozen=True)
class TrainConfig(TrainingConfig):
    """How a pair is trained.

    Attributes:
        model: A shipped model's name, a model, or what makes an untrained one (a class or a function).
        loss: What is summed over pixels; any SwapLoss.
        likeness: Losses by the built-in embedder.
        discriminator: The adversarial loss.
        optimizer: Makes the optimizer of the model's weights.
        update: Learning-rate schedule, gradient clipping, weight average.
        augment: Warps and colour changes of the training faces.
        init: What a new run begins with, and what of it rests at first.
        batch_size: Faces of each side in a step of each process; "auto" takes what memory allows.
        iterations: Steps in all, those of earlier sessions counted in; None takes what suits the device.
        minutes: Minutes of training in all, likewise; None for no limit.
        stop_when: "plateau" stops also when validation has not improved for long.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32 or bf16.
        channels_last: Memory layout of the pictures: auto, on or off.
        compile: torch.compile: auto, on, off or graphs.
        workers: Processes that prepare batches; 0 for a thread; None takes what was measured to be fastest.
        threads: Of the CPU's arithmetic; None takes the cores that other programs leave free.
        seed: Of weights, order, warps and colours.
        validation_share: Share of each face set, its last in time, that is never trained on, [0, 1).
        log_every: Steps between points of the curves.
        preview_every: Steps between validations and previews.
        save_every: Steps between checkpoints.
        evaluate: Whether validation measures whose face the swap is, and how well it follows B.
        keep_checkpoints: Checkpoints that are kept.
        restart: Whether an earlier run in the same folder is removed.
        allow_changes: Whether a run may go on with other settings than before.

    Raises:
        UserError: A value is out of its range.
    """

    model: str | SwapModel | Callable[[], SwapModel] = "lite"
    loss: SwapLoss = field(default_factory=ReconstructionLoss)
    likeness: Likeness = field(default_factory=Likeness)
    discriminator: Discriminator = field(default_factory=Discriminator)
    optimizer: Adam = field(default_factory=Adam)
    update: Update = field(default_factory=Update)
    augment: Augmentation = field(default_factory=Augmentation)
    init: Scratch = field(default_factory=Generic)

    def __post_init__(self) -> None:
        check_batch_size(self.batch_size)
        if self.stop_when not in STOPS:
            raise UserError(f"stop_when={self.stop_when}: accepted are {', '.join(STOPS)}")
        for name in ("iterations", "minutes", "log_every", "preview_every", "save_every", "keep_checkpoints"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{name}={value}: must be above 0")
        if not 0 <= self.validation_share < 1:
            raise UserError(f"validation_share={self.validation_share}: must be in [0, 1)")

    @property
    def steps(self) -> int:
        """Return how many steps a run has: an hour of `lite` on two cores, several on a GPU, unless it is said."""
        return usual_iterations(self.device, self.minutes) if self.iterations is None else self.iterations

    def build_model(self) -> SwapModel:
        """Return the untrained model. Raises UserError for a name that is none, and a model that cannot be stored."""
        if isinstance(self.model, str) and self.model not in MODELS:
            raise UserError(f"model={self.model}: there are {', '.join(MODELS)}")
        maker = MODELS[self.model] if isinstance(self.model, str) else self.model
        model = maker if isinstance(maker, SwapModel) else maker()
        check_rebuildable(model)
        return model

    def validates_at(self, iteration: int) -> bool:
        """Return whether a validation follows this step."""
        early = iteration < self.preview_every and iteration in FIRST_VALIDATIONS
        return early or iteration % self.preview_every == 0


def usual_iterations(device: str, minutes: float | None) -> int:
    """Return how many steps a run has when nobody says so; with `minutes` they end it, not steps."""
    if minutes is not None:
        return UNBOUNDED_STEPS
    return 20_000 if choose_device(device).type == "cpu" else UNBOUNDED_STEPS
