"""The faces of a souvenir: the visitor's and those of the gallery, as codes of the generator, all in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder
from faceswap.facenets.parser import FaceParser
from faceswap.media.sources import source_of_picture
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.portraits import AlignedPortrait, choose, head_masks
from faceswap.stylegan.inversion.pipeline import Inverter
from faceswap.stylegan.morphing.subjects import Subject
from faceswap.utils.errors import UserError


@dataclass(frozen=True, eq=False)
class FaceNetworks:
    """What finds faces, masks heads and turns portraits into codes."""

    finder: Finder
    parser: FaceParser
    inverter: Inverter

    def face(self, image: NDArray[np.uint8], name: str, which: str = "largest") -> Face:
        """Return the face of a picture (H, W, 3). Raises UserError where there is none that is large enough."""
        self.finder.prepare(source_of_picture(image.shape[1], image.shape[0]))
        return choose(self.finder.find([Frame(image, 0, 0.0)])[0], which, name)

    def portrait(self, image: NDArray[np.uint8], name: str, which: str = "largest") -> AlignedPortrait:
        """Return the face of a picture (H, W, 3) as the generator sees it. Raises UserError as `face`."""
        face, frame = self.face(image, name, which), Frame(image, 0, 0.0)
        aligned = align_style(frame, face, self.inverter.generator.resolution)
        return AlignedPortrait(name, frame, aligned, head_masks(self.parser, [frame], [face.points], [aligned])[0])

    def subjects(self, pictures: Sequence[tuple[str, NDArray[np.uint8]]]) -> list[Subject | None]:
        """Return the faces of named pictures (H, W, 3), inverted together.

        The first one must show a face; of the others None is returned where none is found.

        Raises:
            UserError: The first one shows no face.
        """
        found: list[AlignedPortrait | None] = [self.portrait(pictures[0][1], pictures[0][0])]
        for name, image in pictures[1:]:
            try:
                found.append(self.portrait(image, name))
            except UserError:
                found.append(None)  # a gallery's picture of which only the code was kept well
        there = [portrait for portrait in found if portrait is not None]
        rows = iter(self.inverter.invert(there).rows)
        return [None if one is None else Subject(one.name, next(rows), one) for one in found]
