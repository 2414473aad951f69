"""The plugins that can be chosen, what each command chooses where nothing is said, and where their YAML lies."""

from __future__ import annotations

from pathlib import Path

from faceswap.config import nodes
from faceswap.config import training_nodes as training
from faceswap.utils.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent

# Plugin nodes by group and choice. Variants of them are YAML files in configs/GROUP/.
GROUPS: dict[str, dict[str, type]] = {
    "finder": {
        "builtin": nodes.BuiltinFinderNode,
        "face_alignment": nodes.FaceAlignmentNode,
        "landmarks": nodes.LandmarksNode,
    },
    "model": {
        "original": nodes.OriginalNode,
        "lite": nodes.LiteNode,
        "df": nodes.DfNode,
        "liae": nodes.LiaeNode,
    },
    "optimizer": {
        "adam": training.AdamNode,
        "adamw": training.AdamWNode,
        "adabelief": training.AdaBeliefNode,
    },
    "augment": {"none": training.AugmentNode},
    "init": {
        "generic": training.GenericNode,
        "weights": training.WeightsNode,
        "scratch": training.ScratchNode,
    },
    "mask": {
        "hull": nodes.HullMaskNode,
        "learned": nodes.LearnedMaskNode,
        "parsed": nodes.ParsedMaskNode,
        "head": nodes.HeadMaskNode,
        "box": nodes.BoxMaskNode,
    },
    "colour": {"none": nodes.NoColourNode, "reinhard": nodes.ReinhardNode, "mkl": nodes.MongeKantorovichNode},
    "blender": {"alpha": nodes.AlphaBlenderNode, "poisson": nodes.PoissonBlenderNode},
    "detail": {
        "none": nodes.NoDetailNode,
        "reference": nodes.ReferenceDetailNode,
        "restore": nodes.RestoreDetailNode,
    },
    "pair": {},
}

# What configs/COMMAND.yaml selects (a test holds the two together); here so that help needs no YAML.
DEFAULT_CHOICES: dict[str, dict[str, str]] = {
    "extract": {"finder": "builtin"},
    "curate": {},
    "train": {"model": "lite", "optimizer": "adam", "augment": "light", "init": "generic"},
    "export": {},
    "demo": {},
    "convert": {"mask": "learned", "colour": "reinhard", "blender": "alpha", "detail": "none"},
    "invert": {"finder": "builtin"},
    "edit": {"finder": "builtin", "mask": "head", "colour": "none", "blender": "alpha"},
    "morph": {"finder": "builtin", "mask": "head"},
    "directions": {"finder": "builtin"},
    "generate": {},
    "stylegan.metrics": {},
    "convert_weights": {},
    "stylegan.train": {},
}


def config_folder() -> Path:
    """The absolute folder of configs/."""
    for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs"):
        if (folder / "extract.yaml").is_file():
            return folder
    raise UserError(f"the configs/ folder is missing beside {_PACKAGE}; install the package again")


def group_choices(group: str, extra_folder: Path | None = None) -> list[str]:
    """What can be chosen of a group, by name: declared plugins and YAML files."""
    folders = [config_folder()] + ([extra_folder] if extra_folder else [])
    return sorted(
        {*GROUPS.get(group, {}), *(path.stem for folder in folders for path in (folder / group).glob("*.yaml"))}
    )
