"""The faces of a souvenir: the visitor's and those of the gallery, as codes of the generator, all in one batch."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder
from faceswap.facenets.parser import FaceParser
from faceswap.media.sources import source_of_picture
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.portraits import AlignedPortrait, choose, head_masks
from faceswap.stylegan.inversion.pipeline import Inverter, batches
from faceswap.stylegan.morphing.subjects import Subject
from faceswap.utils.errors import UserError


class Named(NamedTuple):
    """A picture (H, W, 3), whose it is, and what tells it from others: pictures of one key are the same."""

    name: str
    image: NDArray[np.uint8]
    key: Hashable


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

    def subjects(self, visitors: Sequence[Sequence[Named]]) -> list[list[Subject | None] | UserError]:
        """Return the faces of named pictures, those of all visitors inverted together, `batch_size` at a time.

        Args:
            visitors: The pictures (H, W, 3) of each: their own, which must show a face, and those of a gallery, of
                which None is returned where no face is found. One that several visitors have is looked at once.

        Returns:
            The faces of each visitor in that order, or why there are none.
        """
        seen: dict[Hashable, AlignedPortrait | UserError] = {}
        for named in (one for pictures in visitors for one in pictures):
            if named.key not in seen:
                seen[named.key] = self._portrait_or_why(named)
        wanted = [pictures for pictures in visitors if not isinstance(seen[pictures[0].key], UserError)]
        there = dict.fromkeys(one.key for pictures in wanted for one in pictures)
        portraits = {key: found for key in there if not isinstance(found := seen[key], UserError)}
        rows = dict(zip(portraits, self._inverted(list(portraits.values())), strict=True))
        subjects = {key: Subject(one.name, rows[key], one) for key, one in portraits.items()}
        told: list[list[Subject | None] | UserError] = []
        for pictures in visitors:
            own = seen[pictures[0].key]
            told.append(own if isinstance(own, UserError) else [subjects.get(one.key) for one in pictures])
        return told

    def _portrait_or_why(self, named: Named) -> AlignedPortrait | UserError:
        try:
            return self.portrait(named.image, named.name)
        except UserError as error:  # of a gallery's picture only the code was kept well
            return error

    def _inverted(self, portraits: list[AlignedPortrait]) -> Iterator[Tensor]:
        for part in batches(portraits, self.inverter.how.batch_size):
            yield from self.inverter.invert(part).rows
