"""What the face parser sees, brought into the model's views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol
from weakref import WeakValueDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.shapes import face_size
from faceswap.core.geometry import compose, invert, resizing, transform_points
from faceswap.core.landmarks import INNER
from faceswap.core.values import AlignedFace, Frame
from faceswap.utils.devices import choose_device

SMALLEST_PX = 1.0  # of a face in the model's view
PARSER_PX = 2.0  # sigma of what the parser's answer is smoothed by, its pixels


class Parser(Protocol):
    """What masks ask of a parser, see facenets/parser.py."""

    def parse(
        self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return class probabilities (n, classes, P, P) of n faces, and (n, 2, 3) from each picture to its view."""
        ...


class SharedParser:
    """A parser that knows its last answer: several masks of a film ask for the same faces one after the other."""

    def __init__(self, device: str) -> None:
        from faceswap.facenets.parser import FaceParser  # brings torch with it

        self._parser = FaceParser(device)
        self._asked: tuple[list[NDArray], list[NDArray]] = ([], [])
        self._answer: tuple[NDArray, NDArray] | None = None

    def remember(self, most: int) -> None:
        """Know the answers to the last `most` faces, in pictures that are copied too."""
        self._parser.remember(most)

    def parse(
        self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return what `FaceParser.parse` says of faces."""
        if self._answer is None or not _are_same(self._asked, (images, points)):
            self._answer = self._parser.parse(images, points)
            self._asked = (list(images), list(points))
        return self._answer


_shared: WeakValueDictionary[str, SharedParser] = WeakValueDictionary()


def shared_parser(device: str) -> SharedParser:
    """Return the parser of a device that all masks of a process ask. Raises UserError for a device there is not."""
    place = str(choose_device(device))
    parser = _shared.get(place)
    if parser is None:
        parser = _shared[place] = SharedParser(place)
    return parser


def parsed_views(
    frames: Sequence[Frame], views: Sequence[AlignedFace], parser: Parser
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float64]]]:
    """Yield of each view that shows a face its place, the shares (classes, P, P) and the way from frame to these.

    A view whose points are on one spot shows none.
    """
    chosen = [index for index, view in enumerate(views) if face_size(view.points[INNER]) > SMALLEST_PX]
    if not chosen:
        return
    points = [transform_points(invert(views[i].frame_to_crop), views[i].points) for i in chosen]
    shares, matrices = parser.parse([frames[i].image for i in chosen], points)
    yield from zip(chosen, shares, matrices, strict=True)


def in_view(share: NDArray[np.float32], frame_to_parsed: NDArray, view: AlignedFace, side: int) -> NDArray[np.float32]:
    """Return a parser's share (P, P) in the model's view, (side, side)."""
    share = cv2.GaussianBlur(share, (0, 0), PARSER_PX)  # single pixels come and go
    mask_to_view = resizing(side, view.size_px)
    mask_to_parsed = compose(frame_to_parsed, compose(invert(view.frame_to_crop), mask_to_view))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(share, mask_to_parsed, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _are_same(
    asked: tuple[Sequence[NDArray], Sequence[NDArray]], now: tuple[Sequence[NDArray], Sequence[NDArray]]
) -> bool:
    (images, points), (new_images, new_points) = asked, now
    return (
        len(images) == len(new_images)
        and all(one is other for one, other in zip(images, new_images, strict=True))
        and all(np.array_equal(one, other) for one, other in zip(points, new_points, strict=True))
    )
