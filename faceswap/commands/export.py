"""What `python -m faceswap.export` makes: one direction of a trained pair as ONNX or .dfm."""

from __future__ import annotations

from pathlib import Path

from faceswap.cli.results import result_of
from faceswap.config.swapping import ExportRequest
from faceswap.config.targets import import_trusted
from faceswap.swap.exchange.dfm_export import export_dfm
from faceswap.swap.inference.export import export_onnx
from faceswap.swap.inference.onnx_metadata import is_name
from faceswap.swap.runs.checkpoints import CHECKPOINTS, find_weights
from faceswap.swap.runs.run_record import checkpoint_folder, recorded_model, recorded_pair
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG


def write_export(request: ExportRequest, source: Path) -> Path:
    """Write the file and return it; `source`: the run, one of its checkpoints or a weights file.

    Raises:
        UserError: It cannot be exported, or the run or a face set has a name that no file's metadata may hold.
    """
    pair = request.pair
    weights = find_weights(source if request.checkpoint is None else checkpoint_folder(source, request.checkpoint))
    run = run_of(weights)
    import_trusted(recorded_model(run))
    a, b, consent = recorded_pair(run) if (run / RUN_CONFIG).is_file() else ("", "", {})
    for what, name in (("the run", run.name), ("the face set of A", a), ("the face set of B", b)):
        if name and not is_name(name):
            raise UserError(f"{what} is called {name!r}, which an exported file cannot tell: rename it")
    given = {key: value for key, value in vars(pair.consent).items() if value} if pair.consent.who else consent
    performance = f"{b}_as_{a}" if request.side == "a" else f"{a}_as_{b}"
    name = performance if a and b else f"{weights.stem}_{request.side}"
    result = result_of(
        "export", request, name, f".{request.format}", told=("side", "format"), folder=run, sources={"run": run}
    )
    write = export_dfm if request.format == "dfm" else export_onnx
    write(
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
    for folder in (weights.parent, weights.resolve().parent):  # as it was named, where that tells enough
        for parent in (folder, folder.parent):
            if parent.name == CHECKPOINTS:
                return parent.parent
    return weights.parent
