"""python -m faceswap.generate seeds=0-15."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command


def generate(config: Any) -> Path:
    """Draws faces of seeds; returns the path of their sheet, or of the grid of mixed styles."""
    from faceswap.cli.results import check_folder_name, result_of
    from faceswap.utils.errors import UserError
    from faceswap.utils.limits import GRID_TILES, check_size

    seeds, styles = seeds_in("seeds", config.seeds), seeds_in("styles", config.styles)
    if config.mix:
        check_size(f"the grid of {len(seeds)} x {len(styles)}", len(seeds) * len(styles), GRID_TILES, "faces")
    check_folder_name(config.out)
    # torch takes seconds: what is misspelt is told before
    from faceswap.stylegan.gallery.mixing import rows_of
    from faceswap.stylegan.gallery.samples import Sampling, write_grid, write_samples
    from faceswap.stylegan.weights.files import load_generator
    from faceswap.utils.devices import choose_device

    generator = load_generator(config.generator or None).to(choose_device(config.device))
    if config.cutoff is not None and config.cutoff > generator.rows:
        raise UserError(f"cutoff={config.cutoff}: this generator has {generator.rows} rows of styles")
    if config.mix:
        rows_of(config.mix, generator.rows)
    how = Sampling(config.psi, config.cutoff, config.noise)
    result = result_of("generate", config, "generated")
    if config.mix:
        made = write_grid(generator, seeds, styles, how, config.mix, result.path)
    else:
        made = write_samples(generator, seeds, how, result.path, config.image_format)
    result.note()
    return made


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
