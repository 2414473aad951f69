"""Settings of blenders and of the conversion: each default once, with its help and its range."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from faceswap.utils.choices import CHROMAS, FILM_CODECS, LAYERS, X264_PRESETS, Side
from faceswap.utils.settings.options import option

SMALLEST_FACE, LARGEST_FACE = 0.5, 1.5  # shares of the face that is covered


@dataclass(frozen=True)
class AlphaBlenderConfig:
    """Pastes the face through the mask."""

    _target_: ClassVar[str] = "faceswap.compositing.blenders.AlphaBlender"


@dataclass(frozen=True)
class PoissonBlenderConfig:
    """Keeps the face's details and takes the frame's tones at the mask's edge (slower)."""

    _target_: ClassVar[str] = "faceswap.compositing.blenders.PoissonBlender"


@dataclass(frozen=True)
class ConversionConfig:
    """Which frames and tracks are swapped, how results are steadied, finished and written."""

    to: Side = option("a", "whose face is shown", choices=get_args(Side))
    tracks: Any = option(
        None, "swap these tracks of the face set only: 1, or several as 0,2 (default: all)", several=int, minimum=0
    )
    start: int = option(0, "first frame", minimum=0)
    stop: int | None = option(None, "the frame before which to stop (default: the end)", minimum=1)
    batch_size: int = option(8, "faces per batch", minimum=1, maximum=65536)
    smooth_frames: int | None = option(
        None,
        "steady the face's place over this many frames on each side (default: films 2, pictures 0)",
        minimum=0,
        maximum=1000,
    )
    smooth_drawn: int | None = option(
        None,
        "steady the drawn face over this many frames on each side, wherever the film itself does not change "
        "(default: films 4, pictures 0)",
        minimum=0,
        maximum=100,
    )
    smooth_colour: float | None = option(
        None,
        "how much the colours of the frames beside one count in it, those next to them the square of that, and so on "
        "(default: films 0.8, pictures 0)",
        minimum=0,
        maximum=0.999,
    )
    sharpen: int | float | str = option(
        "auto",
        "auto: the drawn face as sharp as the one it covers; a number: strength of an unsharp mask, 0: none; "
        "along the film by keyframes: '{0: 0, 120: 1.5}'",
        kind="keyframes",
        words=("auto",),
        minimum=0,
        maximum=3,
    )
    motion_blur: bool = option(False, "blur the drawn face along its motion as far as the film's own face is blurred")
    grain: bool = option(True, "carry the film's own grain over to the skin of the drawn face")
    fill_frames: int | None = option(
        None,
        "carry a track over gaps of at most so many frames (default: films 10, pictures 0)",
        minimum=0,
        maximum=10000,
    )
    fade_frames: int | None = option(
        None,
        "fade a face over this many frames where it comes or goes within a shot (default: films 3, pictures 0)",
        minimum=0,
        maximum=4,
    )
    fade_from_yaw: int | Literal["auto", "off"] = option(
        "auto",
        "degrees that a head is turned where the swap begins to fade out; auto: further than the model has seen",
        words=("auto", "off"),
        minimum=0,
        maximum=180,
    )
    strength: int | float | str = option(
        1.0,
        "share of the swap that is pasted; along the film by keyframes: '{0: 1, 120: 0.5}'",
        kind="keyframes",
        minimum=0,
        maximum=1,
    )
    face_scale: int | float | str = option(
        1.0,
        "size of the drawn face, as a share of the one it covers; along the film by keyframes: '{0: 1, 120: 1.1}'",
        kind="keyframes",
        minimum=SMALLEST_FACE,
        maximum=LARGEST_FACE,
    )
    side_by_side: bool = option(False, "also write the original and the result beside each other")
    segment_frames: int = option(
        240,
        "make a film in segments of so many frames: a stopped command goes on at the last one that is whole",
        minimum=16,
        maximum=1000000,
    )
    codec: str = option(
        "auto",
        "codec of a film; auto: h264, of more than 8 bits hevc; into .mov also ProRes and DNxHR, into .mkv ffv1 "
        "(lossless); the last ones are hardware's, where there is some",
        choices=("auto", *FILM_CODECS),
    )
    bits: int | Literal["auto"] = option(
        "auto", "bits a channel of a film: 8, 10, 12 or 16; auto: as its source", words=("auto",), minimum=8, maximum=16
    )
    chroma: str = option("auto", "colour of a film: 420, 422, 444; auto: as its source, at 8 bits 420", choices=CHROMAS)
    crf: int = option(18, "quality of H.264 and HEVC: lower is better and bigger", minimum=0, maximum=51)
    preset: str = option("veryfast", "speed of H.264 and HEVC", choices=X264_PRESETS)
    output: Any = option(
        None,
        "what is written for compositors beside the film: [film,mask,patch]; the mask as a film, the faces as "
        "premultiplied pictures with their places (default: the film alone)",
        several=str,
        choices=LAYERS,
    )
    image_quality: int = option(97, "JPEG and WebP quality when images are converted, to 100", minimum=1, maximum=100)
