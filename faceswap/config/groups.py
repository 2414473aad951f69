"""The plugins that can be chosen, what each command chooses by itself, and where their YAML lies."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from faceswap.config import nodes
from faceswap.config import training_nodes as training
from faceswap.utils.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent

# Plugin nodes by group and choice. Each has a YAML file, written by tools.write_configs; variants lie beside it.
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
    "loss": {"reconstruction": training.LossNode},
    "likeness": {"none": training.LikenessNode},
    "discriminator": {"none": training.DiscriminatorNode},
    "warp": {"random": training.WarpNode},
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

_CHOICE = re.compile(r"^  - (\w+): (\w+)$", re.MULTILINE)


@functools.cache
def default_choices(command: str) -> dict[str, str]:
    """What a command chooses of its groups: the defaults list of configs/COMMAND.yaml, read without a YAML reader."""
    text = (config_folder() / f"{command}.yaml").read_text(encoding="utf-8").partition("\nhydra:")[0]
    return {group: choice for group, choice in _CHOICE.findall(text) if choice != "null"}


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
