"""python -m faceswap.convert_weights generator=ffhq.pkl out=ffhq.safetensors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.exploring import ConvertWeightsRequest


def convert_weights(request: ConvertWeightsRequest) -> Path:
    """Reads a generator in any layout, or a swap of DeepFaceLab, and writes it anew; returns the new file's path."""
    from faceswap.config.build import require
    from faceswap.stylegan.weights.files import check_suffix, generator_hash, load_generator, write_as
    from faceswap.utils.errors import UserError
    from faceswap.utils.files.atomic import check_writable

    require(request, "out")
    out = Path(request.out)
    if request.generator and out.resolve() == Path(request.generator).resolve():
        raise UserError(f"out={out} is the file that is read; choose another name")
    check_suffix(out, request.layout)
    check_writable(out)
    if request.saehd:
        from faceswap.swap.exchange.saehd import import_saehd

        if request.generator or request.layout != "ours":
            raise UserError("saehd= is a swap, not a generator: leave generator= and layout= out")
        return import_saehd(Path(request.saehd), out)
    generator = load_generator(request.generator or None)
    about = {"converted_from": Path(request.generator).name or "the shipped one", "sha256": generator_hash(generator)}
    return write_as(generator, out, request.layout, about)


if __name__ == "__main__":
    sys.exit(run_command("convert_weights", convert_weights))
