"""Versions of the program, its commit, and of what it computes with."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

import faceswap

_HOME = Path(faceswap.__file__).resolve().parents[1]


@functools.cache
def versions() -> dict[str, str]:
    """Return versions by name: faceswap, commit, python, torch, numpy.

    The commit is that of a checkout, with "-dirty" where files were changed. What is not known is left out.
    """
    found = {"faceswap": faceswap.__version__, "commit": _commit(), "python": platform.python_version()}
    for package in ("torch", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {name: version for name, version in found.items() if version}


def versions_comment() -> str:
    """Return the versions as a comment of a YAML file."""
    return f"# made with {', '.join(f'{name} {version}' for name, version in versions().items())}\n"


def _commit() -> str:
    """Return the commit of the checkout that this package lies in; empty where it is none, or there is no git."""
    if not (_HOME / ".git").exists():
        return ""
    command = ["git", "-C", str(_HOME), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
