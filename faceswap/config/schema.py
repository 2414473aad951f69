"""Every setting of every command, declared once: type, default, help. YAML only selects and overrides."""

import os
from dataclasses import dataclass, field, fields
from typing import Any

from faceswap.config.options import MISSING, option, plugin, section, section_type, walk

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
DEVICES = "auto (a GPU if there is one), cpu, cuda or cuda:N"


def _default_workspace() -> str:
    return os.environ.get("FACESWAP_WORKSPACE", "workspace")


def _workspace() -> Any:
    metadata = {"help": "the folder that holds faces/, runs/ and out/ (or FACESWAP_WORKSPACE)", "verbatim": True}
    return field(default_factory=_default_workspace, metadata=metadata)


# ---- finders


@dataclass
class FaceAlignmentNode:
    """The package face-alignment: accurate, slow on a CPU; needs its weights once."""

    _target_: str = "faceswap.find.face_alignment_finder.FaceAlignmentFinder"


@dataclass
class LandmarksNode:
    """Landmarks that exist already, from a file or folder."""

    _target_: str = "faceswap.find.landmark_files.LandmarksFinder"
    path: str = option(
        "", "alignments of this project, .npz, .json, .fsa, or a folder of DeepFaceLab's aligned images", verbatim=True
    )


# ---- masks, colour, blenders


@dataclass
class HullMaskNode:
    """The convex hull of the landmarks."""

    _target_: str = "faceswap.blend.masks.HullMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's width", minimum=0)
    feather: float = option(0.12, "fade out over this share of the face's width, inwards", minimum=0)
    forehead: float = option(1.0, "how far the hull rises above the brows, in distances from eyes to brows", minimum=0)


@dataclass
class LearnedMaskNode:
    """The mask that the model has learned (the hull where it has none)."""

    _target_: str = "faceswap.blend.masks.LearnedMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's width", minimum=0)
    feather: float = option(0.08, "fade out over this share of the face's width, inwards", minimum=0)
    forehead: float = option(1.0, "of the hull that stands in: how far it rises above the brows", minimum=0)


@dataclass
class BoxMaskNode:
    """The upright rectangle around the hull."""

    _target_: str = "faceswap.blend.masks.BoxMask"
    erode: float = option(0.0, "pull the edge inwards by this share of the face's width", minimum=0)
    feather: float = option(0.15, "fade out over this share of the face's width, inwards", minimum=0)
    forehead: float = option(1.0, "how far the box rises above the brows, in distances from eyes to brows", minimum=0)


@dataclass
class NoColourNode:
    """The model's colours as they are."""

    _target_: str = "faceswap.blend.colour.NoColour"


@dataclass
class ReinhardNode:
    """Mean and spread of each Lab channel: steady, the one to begin with."""

    _target_: str = "faceswap.blend.colour.Reinhard"


@dataclass
class MongeKantorovichNode:
    """The linear map between the two colour clouds: closest match, also of tints."""

    _target_: str = "faceswap.blend.colour.MongeKantorovich"


@dataclass
class AlphaBlenderNode:
    """Pastes the face through the mask."""

    _target_: str = "faceswap.blend.blenders.AlphaBlender"


@dataclass
class PoissonBlenderNode:
    """Keeps the face's details and takes the frame's tones at the mask's edge (slower)."""

    _target_: str = "faceswap.blend.blenders.PoissonBlender"


# ---- commands


@dataclass
class ConsentBlock:
    """Who agreed to the swap; shown at every run."""

    who: str = option("", "who agreed to the swap", verbatim=True)
    purpose: str = option("", "what they agreed to", verbatim=True)
    when: str = option("", "when they agreed", verbatim=True)


@dataclass
class PairNode:
    """Two face sets and the consent of the people in them."""

    name: str = option("", "the run's name (default: the pair's file, else A_B)", verbatim=True)
    a: str = option("", "the face set whose face is shown: the stem of A's video", verbatim=True)
    b: str = option("", "the face set whose performance it is: the stem of B's video", verbatim=True)
    consent: ConsentBlock = section(ConsentBlock, "who agreed to what, and when")


@dataclass
class ExtractConfig:
    """Find, track, align and store the faces of a video, a folder of images, a glob or one image."""

    video: str = option("", "a video, a folder of images, a glob ('shots/*.png') or one image", verbatim=True)
    name: str = option("", "the face set's name (default: the stem of the video)", verbatim=True)
    workspace: str = _workspace()
    finder: Any = plugin("finder", "how faces are found")
    size_px: int = option(256, "width of the stored crops; they hold the whole head with margin", minimum=16)
    every: int = option(1, "take every n-th frame", minimum=1)
    start: int = option(0, "first frame", minimum=0)
    stop: int | None = option(None, "the frame before which to stop (default: the end)", minimum=1)
    image_format: str = option("jpg", "file type of the crops", choices=("jpg", "png"))
    minimum_face_px: int = option(16, "smaller faces (longer side of the box) are left out", minimum=1)
    restart: bool = option(False, "throw away what was extracted before and start anew")


@dataclass
class ConvertConfig:
    """Send the faces of B's film through the decoder of A and blend them back, with sound."""

    pair: PairNode = section(PairNode, "the pair (default: the one trained last)")
    video: str = option("", "a video, folder of images, glob or image to convert (default: B's)", verbatim=True)
    faces: str = option("", "face set of the video (default: the one of its name, else finder= finds)", verbatim=True)
    out: str = option("", "the result (default: out/VIDEO_as_A in the workspace)", verbatim=True)
    workspace: str = _workspace()
    to: str = option("a", "whose face is shown", choices=("a", "b"))
    checkpoint: int | None = option(None, "iteration of the checkpoint to use (default: the last)", minimum=0)
    finder: Any = plugin("finder", "how faces are found in a video without a face set")
    mask: Any = plugin("mask", "which pixels are replaced")
    colour: Any = plugin("colour", "how the face takes on the frame's colours")
    blender: Any = plugin("blender", "how the face is pasted")
    tracks: list[int] | None = option(None, "swap these tracks of the face set only, e.g. [0,2] (default: all)")
    start: int = option(0, "first frame", minimum=0)
    stop: int | None = option(None, "the frame before which to stop (default: the end)", minimum=1)
    batch_size: int = option(8, "faces a model call", minimum=1)
    smooth_frames: int = option(2, "steady the face's place over this many frames on each side; 0: off", minimum=0)
    smooth_colour: float = option(0.9, "how much of the colour statistics stays each frame, in [0, 1)", minimum=0)
    fill_frames: int = option(10, "carry a track over gaps of at most so many frames", minimum=0)
    side_by_side: bool = option(False, "also write the original and the result beside each other")
    crf: int = option(18, "H.264 quality: lower is better and bigger", minimum=0)
    preset: str = option("veryfast", "H.264 speed", choices=PRESETS)
    image_quality: int = option(97, "JPEG and WebP quality when images are converted", minimum=1)
    device: str = option("auto", DEVICES)


COMMANDS: dict[str, type] = {"extract": ExtractConfig, "convert": ConvertConfig}

EXAMPLES = {
    "extract": "video=craig.mp4",
    "train": "pair=craig_brosnan",
    "convert": "video=brosnan.mp4",
}

# Plugin nodes by group and choice. Variants of them are YAML files in configs/GROUP/.
GROUPS: dict[str, dict[str, type]] = {
    "finder": {"face_alignment": FaceAlignmentNode, "landmarks": LandmarksNode},
    "mask": {"hull": HullMaskNode, "learned": LearnedMaskNode, "box": BoxMaskNode},
    "colour": {"none": NoColourNode, "reinhard": ReinhardNode, "mkl": MongeKantorovichNode},
    "blender": {"alpha": AlphaBlenderNode, "poisson": PoissonBlenderNode},
    "pair": {},
}

# What configs/COMMAND.yaml selects (a test holds the two together); here so that help needs no YAML.
DEFAULT_CHOICES: dict[str, dict[str, str]] = {
    "extract": {"finder": "face_alignment"},
    "convert": {"finder": "face_alignment", "mask": "learned", "colour": "reinhard", "blender": "alpha"},
}

FLAGS = {
    "--help": "this text",
    "--show-config": "print the composed settings and stop",
    "--config-dir DIR": "a folder with YAML files of your own: pair/NAME.yaml, model/NAME.yaml, ...",
    "--debug": "show the traceback of an error",
}


def choices(group: str) -> list[str]:
    """The plugin choices of a group that are declared here."""
    return list(GROUPS.get(group, {}))


def field_names(schema_name: str) -> list[str]:
    """The fields of a schema class by its name (for 'did you mean')."""
    nodes = [
        *COMMANDS.values(),
        PairNode,
        ConsentBlock,
        *(node for group in GROUPS.values() for node in group.values()),
    ]
    return [f.name for node in nodes if node.__name__ == schema_name for f in fields(node)]


def verbatim_names(command: str) -> set[str]:
    """Dotted names of the settings taken from the command line as they are, plugins' included."""
    names = {name for name, f in walk(COMMANDS[command]) if f.metadata.get("verbatim")}
    for f in fields(COMMANDS[command]):
        for node in GROUPS.get(f.metadata.get("group", ""), {}).values():
            names |= {f"{f.name}.{name}" for name, inner in walk(node) if inner.metadata.get("verbatim")}
    return names


def register() -> None:
    """Enters all nodes into Hydra's store."""
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for command, config in COMMANDS.items():
        store.store(name=f"{command}_schema", node=config)
    for group, nodes in GROUPS.items():
        for choice, node in nodes.items():
            store.store(group=group, name=choice, node=node)


__all__ = [
    "COMMANDS",
    "DEFAULT_CHOICES",
    "EXAMPLES",
    "FLAGS",
    "GROUPS",
    "MISSING",
    "register",
    "section_type",
    "verbatim_names",
]
