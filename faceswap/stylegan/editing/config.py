"""Settings of edits."""

from dataclasses import dataclass

from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.utils.settings.options import option


@dataclass(frozen=True)
class FilmEditSettings(InversionSettings):
    """How a film is edited: steps for new faces and for known ones, frames its codes are smoothed over."""

    steps: int = option(
        60, "steps of the optimizer on a photo, or on a face that a video shows first", minimum=0, maximum=100000
    )
    refine: int = option(1, "steps for every few frames of a video after that", minimum=0, maximum=1000)
    smooth_frames: int = option(4, "smooth a video's codes over this many frames on each side", minimum=0, maximum=15)
    batch_size: int = option(8, "frames at a time", minimum=1, maximum=65536)
