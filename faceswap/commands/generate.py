"""What `python -m faceswap.generate` makes: faces of seeds and their sheet, or a grid of mixed styles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from faceswap.cli.results import result_of
from faceswap.config.exploring import GenerateRequest
from faceswap.stylegan.gallery.mixing import rows_of
from faceswap.stylegan.gallery.samples import Sampling, write_grid, write_samples
from faceswap.stylegan.weights.files import load_generator
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError


def draw_seeds(request: GenerateRequest, seeds: Sequence[int], styles: Sequence[int]) -> Path:
    """Draw faces; return the path of their sheet, or of the grid of mixed styles."""
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
