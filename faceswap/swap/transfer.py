"""Starting from other weights, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from faceswap.faces.errors import UserError
from faceswap.swap.blocks import SwapModel
from faceswap.swap.checkpoints import find_weights
from faceswap.swap.weights import DamagedCheckpoint, read_tensors


@dataclass(frozen=True)
class Transfer:
    """What was taken over from `path`. Names are weights of the model, or of the file for `skipped`.

    `loaded`: the file's values; `fresh`: of another shape or not in the file, so newly initialised; `kept_out`: in
    parts that were not asked for; `skipped`: in the file, unknown to the model.
    """

    path: Path
    loaded: tuple[str, ...]
    fresh: tuple[str, ...]
    kept_out: tuple[str, ...]
    skipped: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"started from {self.path}: {len(self.loaded)} weights loaded"]
        for what, names in (("newly initialised", self.fresh), ("left out", self.kept_out), ("unknown", self.skipped)):
            if names:
                lines.append(f"{len(names)} {what}: {', '.join(names)}")
        return "; ".join(lines)


def start_from(model: SwapModel, source: Path, parts: Sequence[str] | None = None) -> Transfer:
    """Copies the named parts' weights from a run, a checkpoint or a safetensors file, wherever shapes agree.

    `parts`: of those that the model names in PARTS (most: encoder, inter, decoder_a, decoder_b; liae: encoder,
    inter_ab, inter_b, decoder); None takes all. Raises UserError when nothing fits or the file cannot be read.
    """
    parts = model.PARTS if parts is None else parts
    unknown = [part for part in parts if part not in model.PARTS]
    if unknown or not parts:
        raise UserError(f"init_parts: '{', '.join(unknown)}' is none of {', '.join(model.PARTS)}")
    path = find_weights(Path(source))
    try:
        given = read_tensors(path)
    except DamagedCheckpoint as error:
        raise UserError(f"cannot start from {path}: {error}; a run or a .safetensors file is accepted") from error

    own = model.state_dict()
    wanted = {name for name in own if name.split(".")[0] in parts}
    loaded = [n for n in own if n in wanted and n in given and given[n].shape == own[n].shape]
    if not loaded:
        raise UserError(f"no weight in {path} fits this model's {', '.join(parts)}; was it another model?")
    with torch.no_grad():
        for name in loaded:
            own[name].copy_(given[name])
    return Transfer(
        path=path,
        loaded=tuple(loaded),
        fresh=tuple(n for n in own if n in wanted and n not in loaded),
        kept_out=tuple(n for n in own if n not in wanted),
        skipped=tuple(n for n in given if n not in own),
    )
