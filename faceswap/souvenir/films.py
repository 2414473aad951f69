"""Films of a souvenir: the visitor turns into somebody of the gallery; a smile that comes and goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.values import Frame
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter
from faceswap.souvenir.config import SouvenirSettings
from faceswap.souvenir.label import labelled
from faceswap.stylegan.directions.directions import DirectionSet
from faceswap.stylegan.editing.edits import DirectionEdit
from faceswap.stylegan.editing.pasting import Paster, as_pictures
from faceswap.stylegan.editing.photos import Inverted, edited
from faceswap.stylegan.morphing.films import Ending, moments, morph_frames
from faceswap.stylegan.morphing.results import carried_morph, generated_source
from faceswap.stylegan.morphing.subjects import Subject, photo_of
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.numbers import half_cosine


@dataclass(frozen=True, eq=False)
class SouvenirFilm:
    """A film of a souvenir.

    Attributes:
        visitor: Whose it is.
        out: The file.
        settings: Sizes, times and quality.
        about: Its metadata.
    """

    visitor: Subject
    out: Path
    settings: SouvenirSettings
    about: Mapping[str, str]

    def write(self, frames: Iterator[NDArray[np.uint8]], count: int, frames_per_second: int) -> Path:
        """Write `count` pictures (H, W, 3) and return the path."""
        first = next(frames)
        size = (first.shape[1], first.shape[0])
        info = generated_source(self.visitor, size, frames_per_second, count)
        coding = Coding(crf=self.settings.crf, preset=self.settings.preset)
        with VideoWriter(self.out, info, coding=coding, metadata=self.about, size=size) as writer:
            for index, image in enumerate(chain([first], frames)):
                writer.write(Frame(labelled(image), index, index / frames_per_second))
        return self.out


def write_morph(generator: Generator, other: Subject, film: SouvenirFilm) -> Path:
    """Write the film in which the visitor's photo turns into the other one's picture; return its path."""
    visitor, settings = film.visitor, film.settings
    carried = carried_morph(generator, visitor, other, settings)
    course = list(moments(settings, settings.frames_per_second, *[carried is None] * 2))
    frames: Iterator[NDArray[np.uint8]]
    if carried is None:
        ends = [Ending(subject.rows, photo_of(subject, settings.size_px)) for subject in (visitor, other)]
        frames = morph_frames(lambda rows: _drawn(generator, rows), ends[0], ends[1], course, settings.size_px)
    else:
        frames = (carried(moment.way) for moment in course)
    return film.write(frames, len(course), settings.frames_per_second)


def write_smile(generator: Generator, photo: Inverted, known: DirectionSet, paster: Paster, film: SouvenirFilm) -> Path:
    """Write the loop in which the visitor begins to smile and stops again; return its path."""
    settings = film.settings
    edit = DirectionEdit(known["smile"], 0.0, settings.smile)
    steps = [1 - half_cosine(step / (settings.smile_steps - 1)) for step in range(settings.smile_steps)]
    pictures = [edited(generator, photo, [edit], paster, share).image for share in steps]
    loop = [*pictures, *reversed(pictures[1:-1])]
    return film.write(iter(loop), len(loop), settings.smile_frames_per_second)


@torch.inference_mode()
def _drawn(generator: Generator, rows: torch.Tensor) -> NDArray[np.float32]:
    return as_pictures(generator.synthesis(rows))
