"""The most different frames are chosen."""

import numpy as np

from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.compositing.preview.variety import STEPS, appearance, most_varied
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Frame
from tests.compositing.fakes import face_points


def test_the_usual_look_and_those_furthest_from_it_are_chosen():
    looks = np.zeros((20, 2))
    looks[7], looks[15], looks[3] = (5, 0), (-4, 0), (0, 3)
    assert most_varied(looks, 4) == [0, 3, 7, 15]
    assert most_varied(looks, 1) == [0]
    assert most_varied(np.zeros((3, 2)), 3) == [0, 1, 2]
    assert most_varied(looks, 99) == list(range(20))


def test_pose_size_and_light_of_the_largest_face_count():
    def look(height_px, yaw, grey):
        faces = [
            TargetFace(points, frame_to_crop_for(points, 256), 256)
            for points in (face_points((30, 30), 20), face_points((120, 100), height_px, yaw=yaw))
        ]
        return appearance(Frame(np.full((200, 240, 3), grey, np.uint8), 0, 0.0), faces)

    plain = look(80, 0, 100)
    assert abs((look(80, 30, 100) - plain) * STEPS)[0] > 20
    assert np.isclose(((look(40, 0, 100) - plain) * STEPS)[3], -1, atol=0.01)
    assert np.isclose(((look(80, 0, 160) - plain) * STEPS)[4], 60)
