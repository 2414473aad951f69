"""Which face sets and which run a pair means; what train, convert and export share."""

from __future__ import annotations

import filecmp
import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.config.swapping import Consent, Pair
from faceswap.core.face_set import ALIGNMENTS
from faceswap.swap.runs.run_record import recorded_pair
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG, Workspace

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest, ExportRequest, TrainRequest


def resolve_pair(pair: Pair, workspace: Workspace) -> Pair:
    """The pair with its name and A's and B's face-set names. Raises UserError when they cannot be told.

    `pair.a=X pair.b=Y` needs no file; neither does `pair=X_Y` when the face sets X and Y are there. `pair.a=[X,Z]` are
    two sets of one person, called `X+Z`.
    """
    a, b = workspace.together(pair.a), workspace.together(pair.b)
    if a and b:
        return replace(pair, name=pair.name or f"{a}_{b}", a=a, b=b)
    if a or b:
        missing = "pair.b" if a else "pair.a"
        raise UserError(f"{missing}= is missing: a pair needs both pair.a= and pair.b=")
    known = workspace.face_set_names()
    splits = [(a, b) for a in known for b in known if f"{a}_{b}" == pair.name]
    if len(splits) == 1:
        return replace(pair, a=splits[0][0], b=splits[0][1])
    if splits:
        ways = ", or ".join(f"pair.a={a} pair.b={b}" for a, b in splits)
        raise UserError(f"pair={pair.name} can be read in {len(splits)} ways: say {ways}")
    sets = ", ".join(known) or "none yet"
    if pair.name:
        raise UserError(
            f"pair={pair.name} is no file in pair/ of --config-dir or configs/, and no two face sets A_B; say "
            f"pair.a=A pair.b=B (face sets in {workspace.root}: {sets})"
        )
    raise UserError(f"which pair? say pair=NAME or pair.a=A pair.b=B (face sets in {workspace.root}: {sets})")


def refuse_itself(faces_a: Path, faces_b: Path) -> None:
    """Raises UserError when two sides of a pair are, share or copy one face set: nothing would be swapped."""
    sides = [
        {folder.with_name(part).resolve() for part in ([folder.name] if folder.is_dir() else folder.name.split("+"))}
        for folder in (faces_a, faces_b)
    ]
    if shared := sides[0] & sides[1]:
        raise UserError(
            f"pair.a={faces_a.name} pair.b={faces_b.name}: {min(shared).name} cannot be swapped with itself; "
            "name the face sets of two people"
        )
    for a, b in itertools.product(*sides):
        one, other = a / ALIGNMENTS, b / ALIGNMENTS
        if one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False):
            raise UserError(
                f"pair.a={faces_a.name} pair.b={faces_b.name}: {b.name} holds the very faces of {a.name}; "
                "name the face sets of two people"
            )


def run_to_train(request: TrainRequest, workspace: Workspace) -> tuple[Path, Pair]:
    """The folder of the run to train, and its pair filled in. Raises UserError when they cannot be told.

    `run=` names it, else the pair does; `run=` of a run that is there, without a pair, goes on with that run's pair.
    """
    pair, run = request.pair, request.run
    if run and not (pair.name or pair.a or pair.b) and (workspace.run(run) / RUN_CONFIG).is_file():
        a, b, consent = recorded_pair(workspace.run(run))
        pair = replace(with_consent(pair, consent), a=a, b=b)
    pair = resolve_pair(pair, workspace)
    return workspace.run(run or pair.name), pair


def with_consent(pair: Pair, recorded: Mapping[str, str]) -> Pair:
    """The pair with the consent that a run or a file has on record, where the request tells of none."""
    return pair if pair.consent.who else replace(pair, consent=Consent(**recorded))


def chosen_run(request: ConvertRequest | ExportRequest, workspace: Workspace) -> Path:
    """The folder of the run that `run=` or a pair names, or of the one trained last.

    Raises UserError when it is not there, and when `run=` and a pair say different things.
    """
    pair = request.pair
    if not request.run:
        name = resolve_pair(pair, workspace).name if pair.a or pair.b else pair.name
        return workspace.existing_run(name or workspace.last_run())
    run = workspace.run_or_path(request.run)
    if not run.exists():
        run = workspace.existing_run(request.run)
    if pair.name or pair.a or pair.b:
        asked = resolve_pair(pair, workspace)
        a, b, _ = recorded_pair(run)
        if (asked.a, asked.b) != (a, b):
            raise UserError(f"run={request.run} was trained on {a} and {b}, not on {asked.a} and {asked.b}")
    return run
