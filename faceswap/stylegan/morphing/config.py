"""Settings of the film of a morph."""

from dataclasses import dataclass
from typing import get_args

from faceswap.utils.choices import X264_PRESETS, Pixels
from faceswap.utils.settings.options import option


@dataclass(frozen=True)
class Timing:
    """Seconds of the parts of a film: stand still, fade between photo and drawing, morph."""

    seconds: float = option(3.0, "film: seconds from one face to the next", minimum=0.04, maximum=3600)
    fade_seconds: float = option(
        0.6,
        "film of the generator's frames: seconds of the cross-fade from a photo to its reconstruction",
        minimum=0,
        maximum=600,
    )
    hold_seconds: float = option(0.5, "film: seconds of standing still at each end", minimum=0, maximum=3600)
    easing: str = option(
        "smooth", "film: speed along the way: constant, or slow at both ends", choices=("linear", "smooth", "sine")
    )
    there_and_back: bool = option(False, "film: return to the first face")


@dataclass(frozen=True)
class MorphFilmSettings(Timing):
    """Timing, size and rate of a film, how it is encoded, whose pixels its frames have where both ends are photos."""

    pixels: Pixels = option(
        "photos",
        "film: warp two photos into each other, sharp all the way, or show the generator's own frames",
        choices=get_args(Pixels),
    )
    frames_per_second: int = option(25, "film: frame rate", minimum=1, maximum=120)
    size_px: int = option(256, "side of the result in px", minimum=32, maximum=2048)
    crf: int = option(18, "H.264 quality: lower is better and bigger", minimum=0, maximum=51)
    preset: str = option("veryfast", "H.264 speed", choices=X264_PRESETS)
