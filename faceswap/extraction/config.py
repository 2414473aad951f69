"""Settings of an extraction."""

from dataclasses import dataclass

from faceswap.utils.choices import IMAGE_FORMATS
from faceswap.utils.limits import CROP_SIDE_PX
from faceswap.utils.settings.options import option


@dataclass(frozen=True)
class ExtractionConfig:
    """Which frames are looked at, and how faces are stored."""

    size_px: int = option(
        256, "width of the stored crops; they hold the whole head with margin", minimum=32, maximum=CROP_SIDE_PX
    )
    every: int = option(1, "take every n-th frame", minimum=1)
    start: int = option(0, "first frame", minimum=0)
    stop: int | None = option(None, "the frame before which to stop (default: the end)", minimum=1)
    image_format: str = option("jpg", "file type of the crops", choices=IMAGE_FORMATS)
    minimum_face_px: int = option(16, "smaller faces (longer side of the box) are left out", minimum=0)
    smooth_frames: int = option(
        0, "smooth a film's points over this many frames on each side, without lag", minimum=0, maximum=1000
    )
    restart: bool = option(False, "delete what was extracted before and start anew")
