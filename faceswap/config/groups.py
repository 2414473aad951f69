"""The plugins that can be chosen, what each command chooses by itself, and where their YAML lies."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from faceswap.compositing import config as compositing
from faceswap.compositing.masks import config as masks
from faceswap.detect import config as detect
from faceswap.detect.builtin import config as builtin
from faceswap.engine import config as engine
from faceswap.media.pictures import config as pictures
from faceswap.swap.data import config as data
from faceswap.swap.detail import config as detail
from faceswap.swap.initialisation import config as initialisation
from faceswap.swap.losses import config as losses
from faceswap.swap.models import config as models
from faceswap.utils.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent

# Settings of plugins by group and choice. Each has a YAML file, written by tools.write_configs; variants lie beside it.
GROUPS: dict[str, dict[str, type]] = {
    "finder": {
        "builtin": builtin.BuiltinFinderConfig,
        "face_alignment": detect.FaceAlignmentConfig,
        "landmarks": detect.LandmarksConfig,
    },
    "model": {
        "original": models.OriginalConfig,
        "lite": models.LiteConfig,
        "df": models.DfConfig,
        "liae": models.LiaeConfig,
    },
    "optimizer": {
        "adam": engine.AdamConfig,
        "adamw": engine.AdamWConfig,
        "adabelief": engine.AdaBeliefConfig,
    },
    "loss": {"reconstruction": losses.ReconstructionLossConfig},
    "likeness": {"none": losses.LikenessConfig},
    "discriminator": {"none": losses.DiscriminatorConfig},
    "warp": {"random": data.WarpConfig},
    "augment": {"none": data.AugmentConfig},
    "init": {
        "generic": initialisation.GenericConfig,
        "photo": initialisation.PhotoConfig,
        "weights": initialisation.WeightsConfig,
        "scratch": initialisation.ScratchConfig,
    },
    "mask": {
        "hull": masks.HullMaskConfig,
        "learned": masks.LearnedMaskConfig,
        "parsed": masks.ParsedMaskConfig,
        "head": masks.HeadMaskConfig,
        "box": masks.BoxMaskConfig,
        "painted": masks.PaintedMaskConfig,
        "union": masks.UnionMaskConfig,
        "intersection": masks.IntersectionMaskConfig,
    },
    "colour": {
        "none": pictures.NoColourConfig,
        "reinhard": pictures.ReinhardConfig,
        "mkl": pictures.MongeKantorovichConfig,
    },
    "blender": {"alpha": compositing.AlphaBlenderConfig, "poisson": compositing.PoissonBlenderConfig},
    "detail": {
        "none": detail.NoDetailConfig,
        "reference": detail.ReferenceConfig,
        "restore": detail.RestoreConfig,
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
