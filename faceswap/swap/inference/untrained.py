"""A swap without training: the generic weights, told by photographs or a face set whom to draw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import faceswap
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.detect.protocol import Finder
from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.sources import SourceInfo
from faceswap.swap.data.pair_data import open_faces
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.initialisation.generic import NAME, PARTS, GenericWeights
from faceswap.swap.initialisation.person import PersonReader, away_from, person_on
from faceswap.swap.initialisation.portraits import Portrait, first_portrait
from faceswap.swap.models.registry import build_model
from faceswap.utils.choices import Precision
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import entry_of, listed


def draw_photos(portraits: Sequence[Portrait], name: str, film: SourceInfo, model: str, device: str) -> TrainedSwapper:
    """Return a swapper that draws the person on photographs; arguments and errors as of `untrained_swapper`."""
    finder, reader = BuiltinFinder(device=device), PersonReader(device)
    person = person_on(portraits, reader)
    return untrained_swapper(_against(person, film, finder, reader), name, model, device)


def draw_face_set(folder: Path, film: SourceInfo, model: str, device: str) -> TrainedSwapper:
    """Return a swapper that draws the person of a face set; arguments and errors as of `untrained_swapper`."""
    finder, reader = BuiltinFinder(device=device), PersonReader(device)
    person = reader.read_set(open_faces(folder))
    return untrained_swapper(_against(person, film, finder, reader), folder.name, model, device)


def _against(
    person: NDArray[np.float32], film: SourceInfo, finder: Finder, reader: PersonReader
) -> NDArray[np.float32]:
    """The person, made less like the one whom the film shows first."""
    performer = first_portrait(film, finder)
    return person if performer is None else away_from(person, person_on([performer], reader))


def untrained_swapper(
    person: NDArray[np.float32], name: str, model: str = "lite", device: str = "auto", precision: Precision = "auto"
) -> TrainedSwapper:
    """Return a swapper that draws a person it was never trained on, as side `a`.

    Args:
        person: (320,) of `person_on` or `PersonReader.read_set`.
        name: The person's name, for the result's metadata.
        model: The model whose generic weights draw: one of `drawing_models()`.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, fp32 or bf16.

    Raises:
        UserError: No generic weights are shipped for the model, or they are damaged.
    """
    weights = GenericWeights.of(model)
    if weights is None:
        known = ", ".join(drawing_models()) or "no model"
        raise UserError(f"photo_model={model}: there are no generic weights of it; {known} can draw without training")
    network = build_model(model, weights.settings)
    weights.load(network, (*PARTS, "decoder_a", "decoder_b"))
    weights.draw(network, "a", person)
    accelerator = choose_accelerator(device, precision)
    about = {"model": f"{model}, untrained", "settings": network.settings, "version": faceswap.__version__}
    about |= {"person": name, "sha256": entry_of(weights.name).sha256}
    return TrainedSwapper(accelerator.place(network).eval(), accelerator, about)


def drawing_models() -> list[str]:
    """Return the names of the models that can draw somebody without training."""
    prefix = NAME.format("")
    return sorted(name.removeprefix(prefix) for name in listed() if name.startswith(prefix))
