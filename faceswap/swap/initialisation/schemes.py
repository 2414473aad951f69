"""What a run begins with: nothing, the shipped generic weights, or other weights, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from faceswap.core.face_set import FaceSet
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.media.takes import probe_takes
from faceswap.swap.data.pair_data import open_faces
from faceswap.swap.initialisation.config import GenericConfig, PhotoConfig, ScratchConfig, WeightsConfig
from faceswap.swap.initialisation.generic import GenericWeights, copy_fitting
from faceswap.swap.initialisation.output_scale import fitted
from faceswap.swap.initialisation.person import PersonReader, away_from, person_on, warn_of_another
from faceswap.swap.initialisation.portraits import read_portraits
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.swap.models.registry import model_name
from faceswap.swap.models.weights import read_weights
from faceswap.swap.runs.checkpoints import find_weights
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import DamagedCheckpoint


class Scratch(ScratchConfig):
    """Begins at random."""

    def begin(self, model: SwapModel, faces: Mapping[str, Path]) -> str:
        """Fills `model`, which was built at random, for the face sets in the folders `faces`; says what it did."""
        return "begun at random"

    def resting(self, model: SwapModel) -> list[nn.Parameter]:
        """The weights that do not learn during the first `freeze_steps` steps."""
        return []

    @property
    def rests(self) -> int:
        """How many steps they rest."""
        return 0


class _Filled(GenericConfig, Scratch):
    """`parts`: the parts to take over (None: all); the others begin at random.

    `freeze`: parts (None: all but the decoders) that rest during the first `freeze_steps` steps.
    """

    def resting(self, model: SwapModel) -> list[nn.Parameter]:
        if not self.freeze_steps:
            return []
        parts = checked_parts("init.freeze", self.freeze, model)
        if self.freeze is None:
            parts = [part for part in parts if not part.startswith("decoder")]
        return [weight for part in parts for weight in model.get_submodule(part).parameters()]

    @property
    def rests(self) -> int:
        return self.freeze_steps


class Generic(_Filled):
    """Begins with the shipped weights of this model, both decoders made to draw the people in the face sets.

    At random where none are shipped for the model as it is set.
    """

    def begin(self, model: SwapModel, faces: Mapping[str, Path]) -> str:
        parts = checked_parts("init.parts", self.parts, model)
        weights = GenericWeights.of(model_name(model))
        if weights is None:
            return f"begun at random: no generic weights are shipped for the model {model_name(model)}"
        weights = weights.drawing_as(model)
        if unfit := weights.unfit(model):
            settings = ", ".join(f"{name}={value}" for name, value in weights.settings.items())
            return f"begun at random: the generic weights are of {settings} ({len(unfit)} of them have another shape)"
        loaded = weights.load(model, parts)
        people = self.people({side: open_faces(folder) for side, folder in faces.items()})
        for side in SIDES:
            if f"decoder_{side}" in parts:
                weights.draw(model, side, people[side])
        return f"started from {weights.name} ({', '.join(parts)}): {len(loaded)} weights loaded"

    def people(self, faces: Mapping[str, FaceSet]) -> Mapping[str, NDArray[np.float32]]:
        """Return (320,) numbers of whom each side's decoder is to draw."""
        reader = PersonReader()
        return {side: reader.read_set(faces[side]) for side in SIDES}


class Photo(PhotoConfig, Generic):
    """Begins with what a swap from one photo draws (`convert photo=`): A as on the photo, and less like B.

    Raises UserError where the photo shows no face, or several and `photo_face` does not say which.
    """

    def people(self, faces: Mapping[str, FaceSet]) -> Mapping[str, NDArray[np.float32]]:
        reader = PersonReader()
        people: dict[str, NDArray[np.float32]] = {side: reader.read_set(faces[side]) for side in SIDES}
        shown = people["a"]
        if str(self.photo):
            photos = probe_takes(self.photo)
            shown = person_on(read_portraits(photos, BuiltinFinder(), self.photo_face), reader)
            warn_of_another(shown, people["a"], f"init.photo={self.photo}", faces["a"].folder.name)
        return people | {"a": away_from(shown, people["b"])}


class Weights(WeightsConfig, _Filled):
    """Begins with those of a run, a checkpoint or a .safetensors file at `path`, wherever shapes agree."""

    def begin(self, model: SwapModel, faces: Mapping[str, Path]) -> str:
        if not str(self.path):
            raise UserError("init.path= is missing: the run, checkpoint or .safetensors file to begin with")
        return str(start_from(model, Path(self.path), self.parts))


@dataclass(frozen=True)
class Transfer:
    """What was taken over from `path`. Names are weights of the model, or of the file for `skipped`.

    `loaded`: the file's values; `fresh`: of another shape or not in the file, so newly initialised; `kept_out`: in
    parts that were not asked for; `skipped`: in the file, unknown to the model.
    """

    path: Path
    loaded: tuple[str, ...]
    fresh: tuple[str, ...]
    kept_out: tuple[str, ...]
    skipped: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"started from {self.path}: {len(self.loaded)} weights loaded"]
        for what, names in (("newly initialised", self.fresh), ("left out", self.kept_out), ("unknown", self.skipped)):
            if names:
                lines.append(f"{len(names)} {what}: {', '.join(names)}")
        return "; ".join(lines)


def start_from(model: SwapModel, source: Path, keep: Sequence[str] | None = None) -> Transfer:
    """Copies the named parts' weights from a run, a checkpoint or a safetensors file, wherever shapes agree.

    `parts`: of those that the model names in PARTS (most: encoder, inter, decoder_a, decoder_b; liae: encoder,
    inter_ab, inter_b, decoder); None takes all. Raises UserError when nothing fits or the file cannot be read.
    """
    parts = checked_parts("init.parts", keep, model)
    path = find_weights(Path(source))
    try:
        given = fitted(read_weights(path), model)
    except DamagedCheckpoint as error:
        raise UserError(f"cannot start from {path}: {error}; a run or a .safetensors file is accepted") from error

    own = model.state_dict()
    wanted = {name for name in own if name.split(".")[0] in parts}
    loaded = copy_fitting(own, given, parts)
    if not loaded:
        raise UserError(f"no weight in {path} fits this model's {', '.join(parts)}; was it another model?")
    return Transfer(
        path=path,
        loaded=tuple(loaded),
        fresh=tuple(n for n in own if n in wanted and n not in loaded),
        kept_out=tuple(n for n in own if n not in wanted),
        skipped=tuple(n for n in given if n not in own),
    )


def checked_parts(setting: str, parts: Sequence[str] | None, model: SwapModel) -> Sequence[str]:
    """The parts asked for, or all. Raises UserError for one that the model does not have, and for none."""
    if parts is None:
        return model.PARTS
    unknown = [part for part in parts if part not in model.PARTS]
    if unknown or not parts:
        raise UserError(f"{setting}: '{', '.join(map(str, unknown))}' is none of {', '.join(model.PARTS)}")
    return parts
