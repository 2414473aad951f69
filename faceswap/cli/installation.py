"""What to type where a package that the program needs is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

from faceswap.utils.installing import CHECKOUT, install_command, is_checkout

WEB = ("fastapi", "starlette", "uvicorn", "jinja2", "sqlalchemy", "alembic", "multipart", "python_multipart")


def missing_package(error: ModuleNotFoundError, command: str) -> str:
    """Return the line for a package that is not installed; empty when the module is one of ours or of Python's."""
    package = (error.name or "").partition(".")[0]
    if not package or package == "faceswap" or package in sys.stdlib_module_names:
        return ""
    what = f"the package {package} is not installed for {sys.executable}"
    if package in WEB:
        return f"{what}; the pages and the queue need it: {install_command('web')}"
    if not is_checkout():
        return f"{what}; install what the program needs: {install_command()}"
    python = CHECKOUT / ".venv" / "bin" / "python"
    if python.is_file() and Path(sys.prefix).resolve() != (CHECKOUT / ".venv").resolve():
        return f"{what}; type {python} -m faceswap.{command} ..., or first: source {CHECKOUT}/.venv/bin/activate"
    return f"{what}; type: make -C {CHECKOUT} install, then {python} -m faceswap.{command} ..."


def script_of(command: str) -> str:
    """Return the name of a command's console script."""
    return f"faceswap-{command.replace('.', '-').replace('_', '-')}"
