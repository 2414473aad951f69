"""Subjects of morphs: photos, inverted photos and seeds, as latents of one generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.geometry import compose, resizing, warp_crop
from faceswap.detect.protocol import Finder
from faceswap.facenets.parser import FaceParser
from faceswap.media.sources import SourceInfo, probe
from faceswap.stylegan.data.portraits import AlignedPortrait, portraits
from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.inversion.latents import SUFFIX, Latent
from faceswap.stylegan.inversion.pipeline import Inverter
from faceswap.stylegan.seeds import seeds_of
from faceswap.utils.errors import UserError
from faceswap.utils.limits import GRID_TILES

ACCEPTED = "a photo, several as a folder or glob, an inverted photo (.latent.safetensors), or seeds as 7, 3,5 or 0-9"


@dataclass(frozen=True, eq=False)
class Subject:
    """A face as a code: `rows` (rows, w_size); with its `portrait` when it comes from a photo."""

    name: str
    rows: Tensor
    portrait: AlignedPortrait | None = None


@dataclass
class SubjectReader:
    """Turn photos, inverted photos and seeds into codes; `which` of several faces, `psi` of seeds."""

    inverter: Inverter
    finder: Finder
    parser: FaceParser
    which: str = "largest"
    psi: float = 0.7

    def subjects(self, text: str) -> list[Subject]:
        """Return the faces that `text` names: see ACCEPTED.

        Raises:
            UserError: There are none.
        """
        generator = self.inverter.generator
        if (seeds := seeds_of(text)) is not None:
            rows = generator.spread(styles_of(generator, seeds, self.psi))
            return [Subject(f"seed {seed}", own) for seed, own in zip(seeds, rows, strict=True)]
        if text.endswith(SUFFIX):
            rows = Latent.load(text, generator).rows.to(generator.average)
            return [Subject(Path(text).name.removesuffix(SUFFIX), rows)]
        return list(self._photographed(probe(text)))

    def one(self, text: str, setting: str) -> Subject:
        """Return the one face that `text` names. Raises UserError, naming the setting, for several."""
        found = self.subjects(text)
        if len(found) != 1:
            raise UserError(f"{setting}={text} names {len(found)} faces, one is wanted; accepted: {ACCEPTED}")
        return found[0]

    def _photographed(self, info: SourceInfo) -> Iterator[Subject]:
        found = portraits(info, self.finder, self.parser, self.which, self.inverter.generator.resolution)
        while batch := list(islice(found, self.inverter.how.batch_size)):
            inversion = self.inverter.invert(batch)
            self.inverter.warn_outside_domain(batch, inversion)
            for portrait, rows in zip(batch, inversion.rows, strict=True):
                yield Subject(portrait.name, rows, portrait)


def count_of(text: str) -> int:
    """Return how many faces `text` names, before any is looked for.

    More than a sheet takes where a film does not tell it.
    """
    if (seeds := seeds_of(text)) is not None:
        return len(seeds)
    if text.endswith(SUFFIX):
        return 1
    count = probe(text).frame_count
    return GRID_TILES + 1 if count is None else count


def photo_of(subject: Subject, size_px: int) -> NDArray[np.uint8] | None:
    """Return the photo's style crop (size_px, size_px, 3), taken from the photo itself; None of a face without one."""
    if subject.portrait is None:
        return None
    aligned = subject.portrait.aligned
    matrix = compose(resizing(aligned.size_px, size_px), aligned.frame_to_crop)
    return warp_crop(subject.portrait.frame.image, matrix, size_px, repeat_border=True)


def codes_of(subjects: list[Subject]) -> Tensor:
    """Return all codes (N, rows, w_size)."""
    return torch.stack([subject.rows for subject in subjects])
