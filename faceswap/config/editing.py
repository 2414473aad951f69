"""Settings of the commands that edit faces with a generator: invert, edit."""

from dataclasses import dataclass, field
from typing import Any, get_args

from faceswap.provenance.config import SigningConfig, signing
from faceswap.stylegan.editing.config import FilmEditSettings
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.utils.choices import X264_PRESETS, Way
from faceswap.utils.settings.options import DEVICES, option, plugin, section, workspace

PHOTO = "a photo; several as a folder, a glob or a video"
FACE = "which of several faces: largest, left, right, or a number from 1, counted from the left"
GENERATOR = "the generator's weights (default: the shipped one)"
ENCODER = "the weights of its encoder (default: the shipped generator's)"
VGG = "torchvision's vgg16 weights: compare by its block3_conv3 instead of the built-in face features"


@dataclass(frozen=True)
class _Photos:
    """What is inverted, where it goes, and by which networks."""

    photo: str = option("", PHOTO, kind="path")
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    out: str = option("", "the folder of the results (default: out/ in the workspace)", kind="path")
    face: str = option("largest", FACE)
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")


@dataclass(frozen=True)
class InvertRequest(InversionSettings, _Photos):
    """Find the styles with which the generator draws the face of a photo."""

    loss: InversionWeights = section(InversionWeights, "comparison of the generated face with the photo")
    vgg: str = option("", VGG, kind="path")
    tradeoff: bool = option(False, "draw reconstruction against editability over fidelity= instead (one photo)")
    every: int = option(1, "take every n-th frame of a video", minimum=1)
    finder: Any = plugin("finder", "how faces are found")
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class _Edited:
    """What is edited, how, and by which networks."""

    photo: str = option("", PHOTO, kind="path")
    video: str = option("", "a video, in place of photo=", kind="path")
    edits: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "help": "each direction by its name, in sigmas of the generator's faces: smile=+1.5 age=-2; smile=0:2 "
            "rises over a video",
            "open": "NAME=X",
        },
    )
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    out: str = option("", "the result (default: out/NAME_edited in the workspace)", kind="path")
    face: str = option("largest", f"{FACE}; or all")
    clamp: bool = option(False, "keep strengths within 3 sigmas; without it stronger ones are warned of")
    paste: Way = option(
        "move",
        "move what the edit moves and add what else it changes; only add its changes; or put in the whole drawn face",
        choices=get_args(Way),
    )
    sheet: bool = option(False, "of a photo: write a contact sheet of strengths instead")
    page: bool = option(
        False, "of a photo: also write one HTML file with a slider for each direction, set to what was asked"
    )
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")
    directions: str = option("", "a file of directions (default: the shipped generator's)", kind="path")


@dataclass(frozen=True)
class EditRequest(FilmEditSettings, _Edited):
    """Make the face of a photo or a video older, smile, turn: by directions of the generator."""

    loss: InversionWeights = section(InversionWeights, "comparison of the generated face with the photo")
    vgg: str = option("", VGG, kind="path")
    finder: Any = plugin("finder", "how faces are found")
    mask: Any = plugin("mask", "which pixels are edited")
    colour: Any = plugin("colour", "how a whole pasted face takes on the frame's colours")
    blender: Any = plugin("blender", "how a whole face is pasted")
    start: int = option(0, "first frame", minimum=0)
    stop: int | None = option(None, "the frame before which to stop (default: the end)", minimum=1)
    crf: int = option(18, "H.264 quality: lower is better and bigger", minimum=0, maximum=51)
    preset: str = option("veryfast", "H.264 speed", choices=X264_PRESETS)
    image_quality: int = option(97, "JPEG and WebP quality when images are edited, to 100", minimum=1, maximum=100)
    device: str = option("auto", DEVICES)
