"""Settings of the finders that are not built in."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import DEVICES, option


@dataclass(frozen=True)
class FaceAlignmentConfig:
    """The package face-alignment: accurate, slow on a CPU; needs its weights once."""

    _target_: ClassVar[str] = "faceswap.detect.face_alignment.FaceAlignmentFinder"
    detector: str = option(
        "sfd",
        "sfd is accurate, the blazefaces are fast, scrfd needs onnxruntime, retinaface needs torchvision. Of the "
        "package's others, dlib must be compiled first and folder only reads boxes from files: use finder=landmarks",
        choices=("sfd", "blazeface", "blazeface_back", "yunet", "scrfd", "retinaface"),
    )
    network: str = option(
        "2d", "points on the visible contour (2d) or on the hidden jaw too (3d)", choices=("2d", "3d")
    )
    device: str = option("auto", DEVICES)
    weights_folder: str | None = option(None, "where its weight files lie (default: torch's cache)", kind="path")
    batch_size: int = option(8, "frames at a time", minimum=1, maximum=65536)
    detect_side_px: int = option(
        640, "frames are reduced to this longer side to look for faces", minimum=64, maximum=8192
    )
    minimum_score: float = option(0.5, "less certain faces are left out, in (0, 1)", minimum=0, maximum=1)
    flip: bool = option(False, "average with the mirrored face: steadier, twice the time")
    precision: str = option("auto", "bf16 where the hardware multiplies it", choices=("auto", "fp32", "bf16"))


@dataclass(frozen=True)
class LandmarksConfig:
    """Landmarks that exist already, from a file or folder."""

    _target_: ClassVar[str] = "faceswap.detect.landmark_files.LandmarksFinder"
    path: str | None = option(None, "alignments.jsonl, .npz, .json, .fsa or DeepFaceLab's aligned folder", kind="path")
    first: int | None = option(
        None,
        "number of a film's first frame in another program's file, 0 or 1 (default: what the pictures show)",
        minimum=0,
        maximum=1,
    )
