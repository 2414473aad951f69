"""The renderer for tests, where MakeHuman's files are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="rendering people needs numba: pip install -e .[people]")

from tools.people.assets import ASSETS_VARIABLE, CACHE_VARIABLE, Assets
from tools.people.renderer import Renderer

BESIDE_CHECKOUT = Path(__file__).resolve().parents[4] / "shared" / "people" / "assets"


@pytest.fixture(scope="session")
def assets_folder(pytestconfig: pytest.Config) -> Path:
    """MakeHuman's files; tests that need them are skipped elsewhere."""
    folder = Path(os.environ.get(ASSETS_VARIABLE, BESIDE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"MakeHuman's files are not here: set {ASSETS_VARIABLE} (tools/people/README.md)")
    if CACHE_VARIABLE not in os.environ and getattr(pytestconfig, "cache", None) is not None:
        os.environ[CACHE_VARIABLE] = str(pytestconfig.cache.mkdir("people"))
    return folder


@pytest.fixture(scope="session")
def renderer(assets_folder: Path) -> Renderer:
    """One renderer for all tests: it takes seconds to load."""
    return Renderer(Assets(assets_folder))
