"""What the models draw of the films' people: the softness that the detail network has to mend.

    FOLDER/drawn/NUMBER-MODEL[-STEPS].npz     swaps (SWAPS, R, R, 3) uint8: A as drawn from `Pair.seen`;
                                              own (REFERENCES, R, R, 3): A as drawn from her own references

Generic weights know how a person folds into a decoder, so that a soft A costs no training; of one pair in
TRAINED_EVERY the decoder also learns her pictures for some steps, as it does in a run.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.geometry import transform_points, view_of_crop
from faceswap.swap.initialisation.generic import GenericWeights, fold
from faceswap.swap.initialisation.person import PersonReader
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.registry import MODELS
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.progress import Progress
from tools.bench.models import MODELS as VARIANTS
from tools.train_detail.films import STORED_SHARE, Pair, pair_file

DRAWERS = ("lite", "df_96")
TRAINED_EVERY, STEPS = 8, (120,)  # steps after which a decoder that learns is looked at
BATCH = 6


def drawn_files(folder: Path, number: int) -> list[Path]:
    """Return what was drawn of a pair."""
    return sorted((folder / "drawn").glob(f"{number:05d}-*.npz"))


def draw_pair(folder: Path, number: int, reader: PersonReader) -> None:
    """Draw a pair by all models, if that has not been done."""
    (folder / "drawn").mkdir(exist_ok=True)
    pair = Pair.read(pair_file(folder, number))
    person = torch.from_numpy(reader.read(list(pair.references), list(pair.reference_points)).mean(0))
    for drawer in DRAWERS:
        stages = (0, *STEPS) if drawer == "lite" and number % TRAINED_EVERY == 1 else (0,)
        paths = [folder / "drawn" / f"{number:05d}-{drawer}-{steps}.npz" for steps in stages]
        if all(path.exists() for path in paths):
            continue
        model = folded_model(drawer, person)
        seen = views(pair.seen, model)
        own = views(pair.references, model)
        done = 0
        for steps, path in zip(stages, paths, strict=True):
            train_decoder(model, own, pair, steps - done, np.random.default_rng((number, done)))
            done = steps
            with atomic_path(path) as temp, temp.open("wb") as file:
                np.savez(file, swaps=drawn(model, seen), own=drawn(model, own))


def folded_model(drawer: str, person: Tensor) -> SwapModel:
    """Return a model of that name with generic weights, whose decoder A draws `person` (320,)."""
    name, settings = VARIANTS[drawer]
    model = MODELS[name](**settings)
    weights = GenericWeights.of(name)
    if weights is None:
        raise UserError(f"no generic weights are shipped for {name}")
    state = {key: value for key, value in weights.tensors.items() if key.split(".")[0] in ("encoder", "inter")}
    decoder = {key.split(".", 1)[1]: v for key, v in weights.tensors.items() if key.startswith("decoder.")}
    model.load_state_dict(state, strict=False)
    model.decoder_a.load_state_dict(decoder)
    with torch.no_grad():
        fold(model.decoder_a, weights.conditioner(model.decoder_a)(person[None]))
    return model.eval()


def views(pictures: NDArray[np.uint8], model: SwapModel) -> Tensor:
    """Return what a model sees of stored pictures (n, P, P, 3): (n, 3, R, R) in [0, 1]."""
    size, kept = model.resolution, pictures.shape[1]
    matrix = view_of_crop(kept, model.coverage / STORED_SHARE, size)
    small = np.stack([shrunk(picture, matrix, size) for picture in pictures])
    return torch.from_numpy(small).permute(0, 3, 1, 2).float() / 255


def shrunk(picture: NDArray[np.uint8], matrix: NDArray, size_px: int) -> NDArray[np.uint8]:
    """Return a view of a picture that is larger than it, smoothed first."""
    scale = matrix[0, 0]
    if scale < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def train_decoder(model: SwapModel, own: Tensor, pair: Pair, steps: int, rng: np.random.Generator) -> None:
    """Let decoder A learn her pictures, codes at rest; a mirrored half keeps it from learning them by heart."""
    if not steps:
        return
    loss = ReconstructionLoss()
    optimiser = torch.optim.Adam(model.decoder_a.parameters(), model.learning_rate)
    both = torch.cat([own, own.flip(3)])
    masks = torch.ones_like(both[:, :1])
    with torch.no_grad():
        codes = model.encode(both)
    for _ in range(steps):
        chosen = torch.from_numpy(rng.choice(len(both), BATCH, replace=False))
        images, _ = model._split(model.decoder_a(codes[chosen]))
        parts = loss(images, None, both[chosen], masks[chosen])
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        optimiser.step()


@torch.no_grad()
def drawn(model: SwapModel, images: Tensor) -> NDArray[np.uint8]:
    """Return (n, R, R, 3) uint8: A in the moments of (n, 3, R, R)."""
    pictures, _ = model.decode(model.encode(images), "a")
    return (pictures.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def draw_missing(folder: Path, numbers: list[int]) -> None:
    """Draw all pairs that are there."""
    torch.set_num_threads(1)
    reader = PersonReader("cpu")
    with Progress(len(numbers), "drawn", "pair") as progress:
        for number in numbers:
            draw_pair(folder, number, reader)
            progress.advance()


def view_points(points: NDArray, stored_px: int, coverage: float, size_px: int) -> NDArray[np.float32]:
    """Return points of a stored picture where a view of it shows them."""
    return transform_points(view_of_crop(stored_px, coverage / STORED_SHARE, size_px), points)
