"""What may happen around the steps of a training: the hooks, and who calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import ClassVar, Generic, TypeVar

TrainerT = TypeVar("TrainerT", contravariant=True)


class Callback(Generic[TrainerT]):
    """Do something around the steps of a training. Every hook may be left out.

    Attributes:
        on_every_process: Whether it runs in all processes that train together, not in the first alone.
    """

    on_every_process: ClassVar[bool] = False

    def on_fit_start(self, trainer: TrainerT) -> None:
        """Run once before the first step of a session."""

    def on_update(self, trainer: TrainerT) -> bool:
        """Run after each step; return False when its weights must neither be measured nor kept."""
        return True

    def on_step_end(self, trainer: TrainerT) -> None:
        """Run after each step that was taken; it does not count as time of training."""

    def on_validation_end(self, trainer: TrainerT, metrics: Mapping[str, float]) -> None:
        """Run after each validation, with what it has measured."""

    def on_fit_end(self, trainer: TrainerT) -> None:
        """Run once after the last step of a session, an interrupted one included."""


class Callbacks(Generic[TrainerT]):
    """Several callbacks, called in their order."""

    def __init__(self, callbacks: Sequence[Callback[TrainerT]], is_leader: bool = True) -> None:
        self._callbacks = [one for one in callbacks if is_leader or one.on_every_process]

    def fit_start(self, trainer: TrainerT) -> None:
        """Call every `on_fit_start`."""
        for callback in self._callbacks:
            callback.on_fit_start(trainer)

    def update(self, trainer: TrainerT) -> bool:
        """Call every `on_update`; return whether all of them let the step pass."""
        return all([callback.on_update(trainer) for callback in self._callbacks])

    def step_end(self, trainer: TrainerT) -> None:
        """Call every `on_step_end`, the later ones also when one fails: a preview must not cost a checkpoint."""
        with ExitStack() as stack:
            for callback in reversed(self._callbacks):
                stack.callback(callback.on_step_end, trainer)

    def validation_end(self, trainer: TrainerT, metrics: Mapping[str, float]) -> None:
        """Call every `on_validation_end`."""
        for callback in self._callbacks:
            callback.on_validation_end(trainer, metrics)

    def fit_end(self, trainer: TrainerT) -> None:
        """Call every `on_fit_end`."""
        for callback in self._callbacks:
            callback.on_fit_end(trainer)
