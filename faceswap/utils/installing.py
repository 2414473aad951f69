"""What to type to install something: of a checkout its own extras, elsewhere the packages by their names.

The package index has no project of ours: `pip install faceswap` would fetch somebody else's.
"""

from __future__ import annotations

import importlib.metadata
import shlex
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def is_checkout() -> bool:
    """Return whether the program runs from a copy of its repository."""
    return (CHECKOUT / "Makefile").is_file() and (CHECKOUT / "setup.cfg").is_file()


def install_command(extra: str = "") -> str:
    """Return the line that installs what an extra needs, or with "" what the program itself needs."""
    pip = f"{shlex.quote(sys.executable)} -m pip install"
    if is_checkout():
        return f"{pip} -e {shlex.quote(f'{CHECKOUT}[{extra}]' if extra else str(CHECKOUT))}"
    return f"{pip} {' '.join(shlex.quote(package) for package in packages_of(extra))}".rstrip()


def packages_of(extra: str) -> list[str]:
    """Return the requirements of an extra, or with "" those of the program, as the installed metadata tells them."""
    try:
        told = importlib.metadata.requires("faceswap") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    parts = [line.partition(";") for line in told]
    return [name.strip() for name, _, marker in parts if _extra_in(marker) == extra]


def _extra_in(marker: str) -> str:
    """Return the extra that a requirement's marker names; empty for none."""
    _, found, rest = marker.partition("extra == ")
    return rest.strip()[1:].partition(rest.strip()[0])[0] if found else ""
