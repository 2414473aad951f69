"""Labelled faces as samples of styles: seeds are mapped, pictures are encoded."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.values import AlignedFace, Frame
from faceswap.detect.protocol import Finder, find_in_batches
from faceswap.media.pictures.images import read_image
from faceswap.media.sources import probe
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.labels import Labels
from faceswap.stylegan.data.packed import SEEN_FILE, open_pictures
from faceswap.stylegan.data.portraits import as_input, choose
from faceswap.stylegan.directions.discovery import Sample, styles_of
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.errors import UserError
from faceswap.utils.images import to_signed_range
from faceswap.utils.progress import Progress
from faceswap.utils.untrusted.arrays import Expected, map_npy

BATCH = 16

log = logging.getLogger(__name__)


def sample_of_seeds(labels: Labels, generator: Generator, psi: float) -> Sample:
    """Return Labels of seeds with the styles of those seeds."""
    w = styles_of(generator, [int(seed) for seed in labels.of], psi)
    return Sample(w.cpu().numpy(), labels.columns)


@torch.inference_mode()
def sample_of_pictures(labels: Labels, generator: Generator, encoder: Encoder, finder: Finder) -> Sample:
    """Return the labels of picture files, with the encoder's w of the largest face in each.

    Pictures without a face are left out with a warning.

    Raises:
        UserError: For a file that cannot be read, and when no picture shows a face.
    """
    kept: list[int] = []
    parts = []
    finder.prepare(probe(labels.of[0]))
    device = generator.average.device
    with Progress(len(labels.of), "encode labelled faces", "picture") as progress:
        aligned = _faces(labels.of, finder, generator.resolution, progress)
        while batch := list(islice(aligned, BATCH)):
            kept += [index for index, _ in batch]
            parts.append(encoder(as_input([face for _, face in batch], device), shared=True)[:, 0].cpu())
    if not parts:
        raise UserError(f"none of the {len(labels.of)} labelled pictures shows a face")
    return Sample(torch.cat(parts).numpy(), {name: column[kept] for name, column in labels.columns.items()})


def sample_of_crops(labels: Labels, generator: Generator, encoder: Encoder) -> Sample:
    """Return Labels of style crops packed in seen.npy (see `data.Pictures`), with the encoder's w. Raises UserError."""
    path = labels.folder / SEEN_FILE
    places = [int(place) for place in labels.of]
    try:
        crops = map_npy(path, Expected("u", (None, None, None, 3)))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} ({error}): the labels' column 'crop' counts its rows") from error
    side = generator.resolution
    if not isinstance(crops, np.ndarray):  # np.load opens a zip, too, whatever its name
        raise UserError(f"cannot read {path}: it is an archive, no array of numpy")
    if crops.dtype != np.uint8 or crops.shape[1:] != (side, side, 3) or max(places) >= len(crops):
        raise UserError(f"{path} must hold {max(places) + 1} crops of {side} px, not {crops.shape} {crops.dtype}")
    return Sample(styles_of_crops(crops, places, generator, encoder).cpu().numpy(), labels.columns)


@torch.inference_mode()
def styles_of_crops(crops: NDArray[np.uint8], places: Sequence[int], generator: Generator, encoder: Encoder) -> Tensor:
    """Return the encoder's w (len(places), w_size) of the style crops (N, R, R, 3) at `places`."""
    parts = []
    with Progress(len(places), "encode crops", "crop") as progress:
        for start in range(0, len(places), BATCH):
            images = to_signed_range(crops[list(places[start : start + BATCH])], generator.average.device)
            parts.append(encoder(images, shared=True)[:, 0])
            progress.advance(len(images))
    return torch.cat(parts)


def styles_of_pictures(source: Path, count: int, generator: Generator, encoder: Encoder, seed: int = 0) -> Tensor:
    """Return the styles of `count` pictures (of all, where there are fewer), drawn by chance; (N, w_size).

    Raises UserError.

    Args:
        source: A face set, a folder of aligned pictures or of packed crops, see `data.open_pictures`.
    """
    with tempfile.TemporaryDirectory() as folder:
        crops = open_pictures(source, generator.resolution, Path(folder), "pictures").seen
        places = np.random.default_rng(seed).permutation(len(crops))[:count]
        return styles_of_crops(crops, places.tolist(), generator, encoder)


def _faces(files: Sequence[str], finder: Finder, size_px: int, progress: Progress) -> Iterator[tuple[int, AlignedFace]]:
    """Yield the place in the list and the aligned face of each picture that shows one."""
    frames = (Frame(read_image(Path(file)), index, float(index)) for index, file in enumerate(files))
    for frame, faces in find_in_batches(finder, frames):
        progress.advance()
        try:
            face = choose(faces, "largest", files[frame.index])
        except UserError as error:
            log.warning("left out: %s", error)
            continue
        yield frame.index, align_style(frame, face, size_px)


def ranked(sample: Sample) -> Sample:
    """Return the same sample with each score's place in the order, in [-1, 1].

    Scores of different scales become one.
    """
    return Sample(sample.w, {name: _ranks(column) for name, column in sample.scores.items()})


def _ranks(column: np.ndarray) -> np.ndarray:
    """Place in the order, equal values in the middle of theirs; NaN where a value is not known."""
    known = np.isfinite(column)
    values, places, counts = np.unique(column[known], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = np.full(len(column), np.nan)
    if len(values):
        ranks[known] = ((2 * ends - counts)[places] / ends[-1]) - 1
    return ranks
