"""Every setting of every command, declared once: type, default, help. YAML only selects and overrides."""

import os
from dataclasses import dataclass, field, fields
from typing import Any

from faceswap.config.options import MISSING, option, plugin, section, section_type, walk

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


COMMANDS: dict[str, type] = {"extract": ExtractConfig}

EXAMPLES = {
    "extract": "video=craig.mp4",
    "train": "pair=craig_brosnan",
    "convert": "video=brosnan.mp4",
}

# Plugin nodes by group and choice. Variants of them are YAML files in configs/GROUP/.
GROUPS: dict[str, dict[str, type]] = {
    "finder": {"face_alignment": FaceAlignmentNode, "landmarks": LandmarksNode},
    "pair": {},
}

# What configs/COMMAND.yaml selects (a test holds the two together); here so that help needs no YAML.
DEFAULT_CHOICES: dict[str, dict[str, str]] = {
    "extract": {"finder": "face_alignment"},
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
