"""python -m faceswap.generate seeds=0-15."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.results import check_folder_name
from faceswap.cli.runner import run_command
from faceswap.stylegan.seeds import seeds_of
from faceswap.utils.errors import UserError
from faceswap.utils.limits import GRID_TILES, check_size

if TYPE_CHECKING:
    from faceswap.config.exploring import GenerateRequest


def generate(request: GenerateRequest) -> Path:
    """Draws faces of seeds; returns the path of their sheet, or of the grid of mixed styles."""
    seeds, styles = seeds_in("seeds", request.seeds), seeds_in("styles", request.styles)
    if request.mix:
        check_size(f"the grid of {len(seeds)} x {len(styles)}", len(seeds) * len(styles), GRID_TILES, "faces")
    check_folder_name(request.out)
    from faceswap.commands.generate import draw_seeds  # torch takes seconds: what is misspelt is told before

    return draw_seeds(request, seeds, styles)


def seeds_in(setting: str, text: str) -> list[int]:
    """The seeds that a setting names. Raises UserError for a text that names none."""
    seeds = seeds_of(text)
    if seeds is None:
        raise UserError(f"{setting}={text}: accepted are whole numbers from 0, as 7, 3,5, [3,5] or 0-15")
    return seeds


if __name__ == "__main__":
    sys.exit(run_command("generate", generate))
