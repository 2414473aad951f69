"""The numbers of a checkpoint: state.json, which is written last and knows the sizes of the other files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from faceswap.utils.errors import UserError, reason_of
from faceswap.utils.files.atomic import write_text
from faceswap.utils.files.tensor_files import SUM_KEY, DamagedCheckpoint
from faceswap.utils.files.versions import refuse_newer_format
from faceswap.utils.untrusted.reading import read_json_table

STATE_FILE = "state.json"
FORMAT = 1


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands: `iteration` steps done in `seconds` of training, `seed` of its batches (see batches.py).

    `faces`: names of the face sets of A and B. `setbacks`: how often it went back to a checkpoint (loop.py).
    `batch_size`: what batch_size=auto chose, 0: nothing yet. `lowest`: the best validation, of step
    `lowest_at`.
    """

    iteration: int
    seconds: float
    seed: int
    faces: tuple[str, str] | None = None
    setbacks: int = 0
    batch_size: int = 0
    lowest: float | None = None
    lowest_at: int = 0


def write_state(
    folder: Path, state: TrainingState, optimizer: str, sizes: Mapping[str, int], sums: Mapping[str, str]
) -> None:
    """Writes a checkpoint's state.json; `optimizer`: its kind, `sizes`, `sums`: of the checkpoint's other files."""
    values = {"format": FORMAT, **asdict(state), "optimiser": optimizer, "bytes": dict(sizes), SUM_KEY: dict(sums)}
    write_text(folder / STATE_FILE, json.dumps(values, indent=2) + "\n")


def read_state(folder: Path) -> tuple[TrainingState, str, dict[str, str]]:
    """Where the run stood, the kind of its optimizer, and the sums of the other files (none of an earlier version's).

    Raises DamagedCheckpoint, also for files of other sizes, and UserError when it may not be read or is of a later
    format.
    """
    try:
        values = read_json_table(folder / STATE_FILE)
        refuse_newer_format(folder / STATE_FILE, values.get("format"), FORMAT)
        for name, size in values["bytes"].items():
            if (folder / name).stat().st_size != size:
                raise DamagedCheckpoint(f"{name} has {(folder / name).stat().st_size} bytes, not {size}")
        a_and_b = [str(name) for name in values.get("faces") or ()]
        faces = (a_and_b[0], a_and_b[1]) if len(a_and_b) == 2 else None
        iteration, seconds, seed = int(values["iteration"]), float(values["seconds"]), int(values["seed"])
        setbacks, batch_size = int(values.get("setbacks", 0)), int(values.get("batch_size", 0))
        lowest, lowest_at = values.get("lowest"), int(values.get("lowest_at", 0))
        lowest = None if lowest is None else float(lowest)
        if not (min(iteration, seconds, seed, setbacks, batch_size, lowest_at) >= 0 and math.isfinite(seconds)):
            raise ValueError("numbers that cannot be")
        if lowest_at > iteration or not math.isfinite(lowest or 0):
            raise ValueError("numbers that cannot be")
        state = TrainingState(iteration, seconds, seed, faces, setbacks, batch_size, lowest, lowest_at)
        sums = {str(name): str(told) for name, told in values.get(SUM_KEY, {}).items()}
        optimizer = str(values.get("optimiser", "Adam")).replace("Optimiser", "Optimizer")  # as older files have it
        return state, optimizer, sums
    except PermissionError as error:
        raise UserError(
            f"cannot read {error.filename}: {os.strerror(error.errno or 0).lower()}; ask its owner"
        ) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise DamagedCheckpoint(f"{STATE_FILE}: {reason_of(error)}") from error
