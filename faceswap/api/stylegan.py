"""Drawing faces that nobody has, and editing those of photos, with a StyleGAN2 generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.api.faces import detect
from faceswap.api.images import Image, as_frame
from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.masks.parsed import HeadMask
from faceswap.facenets.parser import FaceParser
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.portraits import AlignedPortrait, choose, head_masks
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.editing.edits import read_edits
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import Inverted, edited
from faceswap.stylegan.gallery.samples import Sampling, sample
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, load_both
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash, load_generator
from faceswap.utils.devices import choose_device


@dataclass(frozen=True, eq=False)
class InvertedFace:
    """A face of a photo as the generator draws it: what invert() returns and edit() takes.

    Attributes:
        photo: The photo, the face's place in it and its code.
        generator: What draws it.
        device: Where it does so.
    """

    photo: Inverted
    generator: Generator
    device: str

    @property
    def image(self) -> NDArray[np.uint8]:
        """Return the drawn face, (R, R, 3) uint8 RGB."""
        return (self.photo.drawn(self.generator)[0] * 255).round().astype(np.uint8)

    @property
    def loss(self) -> float:
        """Return how far the drawn face is from the photo."""
        return self.photo.loss


def generate(
    seed: int, psi: float = 0.7, *, generator: str | Path | None = None, device: str = "auto"
) -> NDArray[np.uint8]:
    """Draw the face of a seed.

    Args:
        seed: 0 or more; each draws another face, the same every time.
        psi: How far from the average face; 0 is the average itself, 1 the generator's full variety.
        generator: A file of weights; the shipped generator by default.
        device: auto, cpu, cuda or cuda:N.

    Returns:
        (R, R, 3) uint8 RGB.
    """
    return sample(_generator(_text(generator), device), seed, Sampling(psi))


def invert(
    image: Image,
    *,
    face: str = "largest",
    steps: int = 100,
    generator: str | Path | None = None,
    encoder: str | Path | None = None,
    device: str = "auto",
) -> InvertedFace:
    """Find the code with which a generator draws the face of a photo.

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.
        face: Which of several faces: largest, left, right, or a number from 1, counted from the left.
        steps: Steps of the optimizer; 0 takes the encoder's guess as it is.
        generator: A file of weights; the shipped generator by default.
        encoder: The weights of its encoder; the shipped generator's by default.
        device: auto, cpu, cuda or cuda:N.

    Raises:
        UserError: There is no such face, or it is too small.
    """
    inverter = _inverter(_text(generator), _text(encoder), steps, device)
    frame = as_frame(image)
    found = choose(detect(frame.image, device=device), face, "this picture")
    aligned = align_style(frame, found, inverter.generator.resolution)
    mask = head_masks(_parser(device), [frame], [found.points], [aligned])[0]
    portrait = AlignedPortrait("this picture", frame, aligned, mask)
    inversion = inverter.invert([portrait])
    inverter.warn_outside_domain([portrait], inversion)
    photo = Inverted(frame, aligned, inversion.rows, float(inversion.loss[0]), inversion.tuning)
    return InvertedFace(photo, inverter.generator, device)


def edit(
    face: InvertedFace | Image, strengths: Mapping[str, float], *, directions: str | Path | None = None
) -> NDArray[np.uint8]:
    """Change the face of a photo along directions of the generator: smile, age, pose ...

    Args:
        face: What invert() has returned, or a photo to be inverted first.
        strengths: How far along which direction, in standard deviations of the generator's faces: {"smile": 1.5}.
        directions: A file of directions; the shipped generator's by default.

    Returns:
        The photo (H, W, 3) uint8 RGB with the face changed.

    Raises:
        UserError: There is no such direction, or a strength is no number.
    """
    if not isinstance(face, InvertedFace):
        face = invert(face, steps=60)
    known = load_directions(directions).only_for(generator_hash(face.generator))
    edits = read_edits({name: str(value) for name, value in strengths.items()}, known, clamp=False)
    paster = Paster(HeadMask(device=face.device), NoColour(), AlphaBlender())
    return edited(face.generator, face.photo, edits, paster).image


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


@cache
def _generator(source: str | None, device: str) -> Generator:
    return load_generator(source).to(choose_device(device))


@cache
def _inverter(generator: str | None, encoder: str | None, steps: int, device: str) -> Inverter:
    both = load_both(generator, encoder, "encoder", device)
    return Inverter(*both, inversion_loss(InversionWeights(), None, device), InversionSettings(steps=steps))


@cache
def _parser(device: str) -> FaceParser:
    return FaceParser(device)
