"""Finds the MakeHuman files this tool builds its people from (all CC0, never part of this repository.

See README.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from faceswap.utils.errors import UserError

ASSETS_VARIABLE = "FACESWAP_PEOPLE_ASSETS"
CACHE_VARIABLE = "FACESWAP_PEOPLE_CACHE"


class Assets:
    """A folder that holds MakeHuman's files in any arrangement: files are looked up by name, targets by their path.

    Raises UserError when the folder or a file in it is missing.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        chosen = folder or os.environ.get(ASSETS_VARIABLE)
        if not chosen:
            raise UserError(
                f"rendering people needs the MakeHuman files: give --assets DIR or set {ASSETS_VARIABLE} "
                "(tools/people/README.md says where to get them)"
            )
        self.folder = Path(chosen)
        if not self.folder.is_dir():
            raise UserError(
                f"{self.folder}: no such folder; it should hold the MakeHuman files (tools/people/README.md)"
            )

    @cached_property
    def _by_name(self) -> dict[str, Path]:
        # the shallowest file of a name wins: copies deeper down belong to other packages
        found: dict[str, Path] = {}
        for path in sorted(self.folder.rglob("*"), key=lambda p: (len(p.parts), str(p))):
            if path.is_file():
                found.setdefault(path.name.lower(), path)
        return found

    def find(self, name: str) -> Path:
        """Return the file of that name (case does not matter), wherever it lies."""
        try:
            return self._by_name[name.lower()]
        except KeyError:
            raise UserError(f"{self.folder}: {name} is missing (tools/people/README.md lists what is needed)") from None

    def targets(self) -> Iterator[tuple[str, Path]]:
        """Yield (name, file) of every morph target, the name being its path below `targets/` without the suffix."""
        root = self.find("base.obj").parent.parent / "targets"
        if not root.is_dir():
            raise UserError(f"{root} is missing: MakeHuman's data folder holds targets/ beside 3dobjs/")
        for path in sorted(root.rglob("*.target")):
            yield path.relative_to(root).with_suffix("").as_posix(), path


def cache_folder() -> Path:
    """Return where computed things (parsed targets, occlusion, skin detail) are kept.

    A few megabytes, safe to delete.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    folder = (
        Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "faceswap-people"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder
