"""Parts of the filmed face that stay."""

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.masks.kept import PARTS, KeptParts
from faceswap.compositing.masks.layers import Layers
from faceswap.compositing.masks.shapes import HullMask
from faceswap.config.schema import COMMANDS
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS, MOUTH, NOSE
from faceswap.core.values import Decoded, Frame
from faceswap.facenets.parser import COVERAGE, NAMES, RESOLUTION_PX
from faceswap.facenets.views import frame_to_view_for
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.utils.settings.options import walk
from tests.compositing.fakes import face_points

POINTS = face_points((330, 250), 200)
OPEN = POINTS.copy()
OPEN[[65, 66, 67]] += (0, 24)
OPEN[55:60] += (0, 24)


class SeeingParser:
    """Sees skin everywhere, and the inner mouth where the landmarks of the last face have it."""

    def parse(self, images, points):
        matrices = np.array([frame_to_view_for(face, COVERAGE, RESOLUTION_PX) for face in points])
        shares = np.zeros((len(images), len(NAMES), RESOLUTION_PX, RESOLUTION_PX), np.float32)
        shares[:, NAMES.index("skin")] = 1
        for share, face, matrix in zip(shares, points, matrices, strict=True):
            x, y = (face[INNER_LIPS] @ matrix[:, :2].T + matrix[:, 2]).T.round().astype(int)
            inside = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
            share[NAMES.index("mouth")][inside], share[NAMES.index("skin")][inside] = 1, 0
        share[NAMES.index("mouth"), :9, :9] = 1  # far away: a mistake
        return shares, matrices


def left_as_filmed(*parts: str, points: np.ndarray = POINTS, parser: type[SeeingParser] = SeeingParser) -> np.ndarray:
    """Where a black face laid over a light frame is not seen."""
    frame = Frame(np.full((480, 640, 3), 200, np.uint8), 0, 0.0)
    view = view_of(frame, points, frame_to_crop_for(points, 256), 256, 0.8, 128)
    drawn = Decoded(np.zeros((1, 128, 128, 3), np.float32), None)
    kept = [KeptParts(parts, parser=parser())] if parts else []
    mask = Layers([HullMask(), *kept], np.minimum)
    return blend(frame, [view], drawn, mask=mask, colour=NoColour(), blender=AlphaBlender()).image[..., 0] > 190


def shown_at(picture: np.ndarray, points: np.ndarray) -> float:
    x, y = points.mean(0).round().astype(int)
    return float(picture[y - 2 : y + 3, x - 2 : x + 3].mean())


@pytest.mark.parametrize(("part", "place"), [("mouth", MOUTH), ("eyes", EYE_LEFT), ("eyes", EYE_RIGHT),
                                             ("brows", slice(17, 22)), ("brows", slice(22, 27))])  # fmt: skip
def test_a_part_is_left_as_filmed_and_the_nose_is_swapped(part, place):
    kept = left_as_filmed(part)
    assert shown_at(kept, POINTS[place]) == 1 and shown_at(kept, POINTS[NOSE]) == 0
    assert not left_as_filmed()[200:300, 280:380].any()


class HairyParser(SeeingParser):
    """Sees hair from the left brow's middle on to the picture's right."""

    def parse(self, images, points):
        shares, matrices = super().parse(images, points)
        for share, face, matrix in zip(shares, points, matrices, strict=True):
            column = round(float(face[24] @ matrix[0, :2] + matrix[0, 2]))
            share[:, :, column:] = 0
            share[NAMES.index("hair"), :, column:] = 1
        return shares, matrices


def test_what_is_kept_ends_where_the_face_does():
    """Or the margin of a brow would cut a notch into the edge of the face."""
    kept = left_as_filmed("brows", parser=HairyParser)
    everywhere = left_as_filmed("brows")
    assert shown_at(kept, POINTS[17:22]) == 1 and shown_at(everywhere, POINTS[25:27]) == 1
    assert shown_at(kept, POINTS[25:27]) == 0


def test_several_parts_are_kept_at_a_time():
    kept = left_as_filmed("mouth", "eyes")
    assert shown_at(kept, POINTS[MOUTH]) == shown_at(kept, POINTS[EYE_LEFT]) == 1
    assert shown_at(kept, POINTS[NOSE]) == 0


def test_teeth_are_kept_where_the_mouth_is_open_and_lips_are_not():
    kept = left_as_filmed("teeth", points=OPEN)
    assert shown_at(kept, OPEN[INNER_LIPS]) == 1
    lower_lip = OPEN[[57, 66]].mean(0, keepdims=True)
    assert shown_at(kept, lower_lip) < 0.5 and kept.sum() < left_as_filmed("mouth", points=OPEN).sum()


def test_the_edge_of_what_is_kept_is_soft():
    parts = KeptParts(["mouth"], parser=SeeingParser())
    frame = Frame(np.full((480, 640, 3), 200, np.uint8), 0, 0.0)
    view = view_of(frame, POINTS, frame_to_crop_for(POINTS, 256), 256, 0.8, 128)
    (free,) = parts.free([frame], [view], [0])
    assert free.min() == 0 and free.max() == 1 and np.abs(np.diff(free, axis=0)).max() < 0.3


def test_the_command_knows_the_same_parts():
    choices = {name: field.metadata["choices"] for name, field in walk(COMMANDS["convert"]) if name == "keep"}
    assert choices["keep"] == tuple(PARTS)
