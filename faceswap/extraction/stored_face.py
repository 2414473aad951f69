"""How a face is stored: its crop, and the line of the alignments file that tells where it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.geometry import align, head_pose
from faceswap.core.values import Face, Frame
from faceswap.extraction.quality import sharpness


def stored_face(
    frame: Frame, face: Face, file: str, size_px: int, source: int = 0
) -> tuple[FaceRecord, NDArray[np.uint8]]:
    """Return the record of a face and its upright crop (size_px, size_px, 3) uint8 RGB.

    Args:
        frame: The picture that shows it.
        face: Where it lies there.
        file: What the crop is called.
        size_px: Width of the crop.
        source: Which of the set's films the frame is of.
    """
    aligned = align(frame, face, size_px)
    pose = head_pose(face.points)
    record = FaceRecord(
        file=file, frame=frame.index, time_seconds=frame.seconds, box=face.box, points=face.points,
        frame_to_crop=aligned.frame_to_crop, score=face.score, track=face.track, blur=1 - sharpness(aligned.image),
        yaw=pose.yaw, pitch=pose.pitch, roll=pose.roll, size_px=size_px, embedding=face.embedding,
        visible=face.visible, source=source,
    )  # fmt: skip
    return record, aligned.image
