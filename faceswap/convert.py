"""python -m faceswap.convert: face B through decoder A, blended back."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest


def convert(request: ConvertRequest) -> Path:
    """Write the swapped film and return its path; of several films, the report on all of them; or a preview."""
    from faceswap.commands.converting.conversion import FilmConversion
    from faceswap.media.takes import films_named

    films = films_named(request.video) if request.video else []
    if request.preview or request.compare:
        from faceswap.commands.converting.preview import convert_preview

        return convert_preview(request, films)
    if len(films) > 1:
        from faceswap.commands.converting.several import convert_several

        return convert_several(request, films)
    return FilmConversion(replace(request, video=str(films[0])) if films else request).run().path


if __name__ == "__main__":
    sys.exit(run_command("convert", convert))
