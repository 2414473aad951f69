"""Where the YAML files lie: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

from faceswap.utils.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent


def config_folder() -> Path:
    """The absolute folder of configs/."""
    for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs"):
        if (folder / "extract.yaml").is_file():
            return folder
    raise UserError(f"the configs/ folder is missing beside {_PACKAGE}; install the package again")


def group_choices(group: str, extra_folder: Path | None = None) -> list[str]:
    """The YAML files of a group, by name."""
    folders = [config_folder()] + ([extra_folder] if extra_folder else [])
    return sorted({path.stem for folder in folders for path in (folder / group).glob("*.yaml")})
