"""python -m faceswap.generate seeds=0-15."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.exploring import GenerateRequest


def generate(request: GenerateRequest) -> Path:
    """Draws faces of seeds; returns the path of their sheet, or of the grid of mixed styles."""
    from faceswap.cli.results import check_folder_name, result_of
    from faceswap.utils.errors import UserError
    from faceswap.utils.limits import GRID_TILES, check_size

    seeds, styles = seeds_in("seeds", request.seeds), seeds_in("styles", request.styles)
    if request.mix:
        check_size(f"the grid of {len(seeds)} x {len(styles)}", len(seeds) * len(styles), GRID_TILES, "faces")
    check_folder_name(request.out)
    # torch takes seconds: what is misspelt is told before
    from faceswap.stylegan.gallery.mixing import rows_of
    from faceswap.stylegan.gallery.samples import Sampling, write_grid, write_samples
    from faceswap.stylegan.weights.files import load_generator
    from faceswap.utils.devices import choose_device

    generator = load_generator(request.generator or None).to(choose_device(request.device))
    if request.cutoff is not None and request.cutoff > generator.rows:
        raise UserError(f"cutoff={request.cutoff}: this generator has {generator.rows} rows of styles")
    if request.mix:
        rows_of(request.mix, generator.rows)
    how = Sampling(request.psi, request.cutoff, request.noise)
    name = f"generated_{generator_name(Path(request.generator))}" if request.generator else "generated"
    result = result_of("generate", request, name, told=("generator",))
    if request.mix:
        made = write_grid(generator, seeds, styles, how, request.mix, result.path)
    else:
        made = write_samples(generator, seeds, how, result.path, request.image_format)
    result.note()
    return made


def generator_name(file: Path) -> str:
    """Return what a result calls a generator: its file's name, or that of the run that it is called `generator` in."""
    file = file.resolve()
    return file.parent.name if file.stem == "generator" else file.stem


def seeds_in(setting: str, text: str) -> list[int]:
    """The seeds that a setting names. Raises UserError for a text that names none."""
    from faceswap.stylegan.seeds import seeds_of
    from faceswap.utils.errors import UserError

    seeds = seeds_of(text)
    if seeds is None:
        raise UserError(f"{setting}={text}: accepted are whole numbers from 0, as 7, 3,5, [3,5] or 0-15")
    return seeds


if __name__ == "__main__":
    sys.exit(run_command("generate", generate))
