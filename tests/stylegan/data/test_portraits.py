"""Which face of a photo is taken, and what is told when there is none that will do."""

import numpy as np
import pytest

from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face, Frame
from faceswap.facenets.parser import COVERAGE, NAMES, RESOLUTION_PX
from faceswap.facenets.views import frame_to_view_for
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.portraits import check_choice, choose, head_masks
from faceswap.utils.errors import UserError


def face(x: float, size: float) -> Face:
    return Face.from_points(MEAN_FACE[:, :2] * size + [x, 100])


FACES = [face(300, 40), face(100, 60), face(200, 50)]


@pytest.mark.parametrize(("which", "index"), [("largest", 1), ("left", 1), ("right", 0), ("1", 1), ("2", 2), ("3", 0)])
def test_one_of_several_is_chosen(which, index):
    assert choose(FACES, which, "a.jpg") is FACES[index]


@pytest.mark.parametrize(
    ("faces", "which", "told"),
    [
        ([], "largest", "no face was found in a.jpg"),
        (FACES, "4", "face=4: a.jpg shows 3 faces"),
        ([face(50, 8)], "largest", "the face in a.jpg is 10 px large; at least 20 are needed"),
        (FACES, "middle", "face=middle: accepted are largest, left, right"),
    ],
)
def test_what_cannot_be_taken_is_told(faces, which, told):
    with pytest.raises(UserError, match=told):
        check_choice(which)
        choose(faces, which, "a.jpg")


class ParserOfHalves:
    """Hair on the left half of its view, background on the right."""

    def parse(self, images, points):
        shares = np.zeros((len(images), len(NAMES), RESOLUTION_PX, RESOLUTION_PX), np.float32)
        shares[:, NAMES.index("hair"), :, : RESOLUTION_PX // 2] = 1
        shares[:, NAMES.index("background"), :, RESOLUTION_PX // 2 :] = 1
        return shares, np.array([frame_to_view_for(one, COVERAGE, RESOLUTION_PX) for one in points])


def test_the_mask_lies_in_the_view():
    frame = Frame(np.zeros((200, 400, 3), np.uint8), 0, 0.0)
    aligned = align_style(frame, FACES[1], 64)
    (mask,) = head_masks(ParserOfHalves(), [frame], [FACES[1].points], [aligned])
    assert mask.shape == (64, 64)
    assert (mask[:, :30] == 1).all() and (mask[:, 34:] == 0).all()
    assert head_masks(ParserOfHalves(), [], [], []).shape == (0, 0, 0)
