"""python -m faceswap.export pair=craig_brosnan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.swapping import ExportRequest


def export(request: ExportRequest) -> Path:
    """Writes one direction of a trained pair as ONNX and returns the file."""
    from faceswap.cli.results import result_of
    from faceswap.commands.pairs import chosen_run
    from faceswap.config.targets import import_trusted
    from faceswap.swap.runs.run_record import checkpoint_folder, recorded_model, recorded_pair
    from faceswap.utils.errors import UserError
    from faceswap.utils.files.workspace import RUN_CONFIG, Workspace

    if request.out and Path(request.out).suffix.lower() != ".onnx":
        raise UserError(f"out={request.out}: name a file that ends in .onnx")
    source = chosen_run(request, Workspace(Path(request.workspace)))
    from faceswap.swap.inference.export import export_onnx  # torch takes seconds: what is misspelt is told before
    from faceswap.swap.runs.checkpoints import find_weights

    pair = request.pair
    weights = find_weights(source if request.checkpoint is None else checkpoint_folder(source, request.checkpoint))
    run = run_of(weights)
    import_trusted(recorded_model(run))
    a, b, consent = recorded_pair(run) if (run / RUN_CONFIG).is_file() else ("", "", {})
    given = {key: value for key, value in vars(pair.consent).items() if value} if pair.consent.who else consent
    performance = f"{b}_as_{a}" if request.side == "a" else f"{a}_as_{b}"
    name = performance if a and b else f"{weights.stem}_{request.side}"
    result = result_of("export", request, name, ".onnx", told=("side",), folder=run, sources={"run": run})
    export_onnx(
        weights,
        result.path,
        side=request.side,
        run=run.name,
        faces=(a, b) if a and b else None,
        consent=given,
    )
    return result.note()


def run_of(weights: Path) -> Path:
    """The folder of the run that a weights file belongs to; one that lies elsewhere: the folder it lies in."""
    from faceswap.swap.runs.checkpoints import CHECKPOINTS

    for folder in (weights.parent, weights.resolve().parent):  # as it was named, where that tells enough
        for parent in (folder, folder.parent):
            if parent.name == CHECKPOINTS:
                return parent.parent
    return weights.parent


if __name__ == "__main__":
    sys.exit(run_command("export", export))
