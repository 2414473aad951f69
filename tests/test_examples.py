"""The notebooks of examples/ run from top to bottom, in one folder, and are stored without results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOKS = ("first_swap", "own_model_and_loss", "stylegan_edits")


def cells(name: str) -> list[dict]:
    return json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where they work: the second one goes on with the face sets of the first."""
    return tmp_path_factory.mktemp("examples")


def test_all_are_run():
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FACESWAP_EXAMPLE_FRAMES", "6")
    monkeypatch.setenv("FACESWAP_EXAMPLE_STEPS", "2")
    names: dict = {"__name__": f"examples.{name}"}
    for cell in cells(name):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            exec(compile("".join(cell["source"]), f"{name}.ipynb", "exec"), names)
