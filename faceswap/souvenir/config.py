"""Settings of what a visitor takes home, and what its files are called."""

from __future__ import annotations

from dataclasses import dataclass

from faceswap.stylegan.morphing.config import MorphFilmSettings
from faceswap.utils.settings.options import option

TOLD = "souvenir.json"
PORTRAIT, GOOD, BAD, SMILE, POSTER, COMPOSITE_PORTRAIT = (
    "portrait.jpg", "good_news.mp4", "bad_news.mp4", "smile.mp4", "poster.png", "composite.png"
)  # fmt: skip
FILES = (PORTRAIT, GOOD, BAD, SMILE, POSTER, COMPOSITE_PORTRAIT)


@dataclass(frozen=True)
class SouvenirSettings(MorphFilmSettings):
    """The morphs as of faceswap.morph, shorter; the smile; how long the faces are looked for in the generator."""

    seconds: float = option(2.4, "seconds from the visitor's face to the other one", minimum=0.04, maximum=3600)
    hold_seconds: float = option(0.8, "seconds of standing still at each end", minimum=0, maximum=3600)
    frames_per_second: int = option(20, "frame rate of the morphs", minimum=1, maximum=120)
    size_px: int = option(320, "side of the morphs in px", minimum=32, maximum=2048)
    crf: int = option(20, "H.264 quality: lower is better and bigger", minimum=0, maximum=51)
    steps: int = option(40, "steps of the optimizer that finds the faces in the generator", minimum=0, maximum=10000)
    smile: float = option(2.5, "how far the smile goes, in sigmas; negative: less of it", minimum=-3, maximum=3)
    smile_steps: int = option(8, "pictures from the photo to the smile", minimum=2, maximum=100)
    smile_frames_per_second: int = option(10, "frame rate of the smile", minimum=1, maximum=120)
