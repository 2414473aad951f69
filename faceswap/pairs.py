"""Which face sets and which run a pair means, and the consent shown for it; what train, convert and export share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from faceswap.swap.runs.run_record import recorded_pair
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG, Workspace

log = logging.getLogger(__name__)


def resolve_pair(pair: Any, workspace: Workspace) -> tuple[str, str, str]:
    """The pair's name, A's and B's face-set names. Raises UserError when they cannot be told.

    `pair.a=X pair.b=Y` needs no file; neither does `pair=X_Y` when the face sets X and Y are there. `pair.a=[X,Z]` are
    two sets of one person, called `X+Z`.
    """
    pair.a, pair.b = workspace.together(pair.a), workspace.together(pair.b)
    if pair.a and pair.b:
        return pair.name or f"{pair.a}_{pair.b}", pair.a, pair.b
    if pair.a or pair.b:
        missing = "pair.b" if pair.a else "pair.a"
        raise UserError(f"{missing}= is missing: a pair needs both pair.a= and pair.b=")
    known = workspace.face_set_names()
    splits = [(a, b) for a in known for b in known if f"{a}_{b}" == pair.name]
    if len(splits) == 1:
        return pair.name, *splits[0]
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
    """Raises UserError when two sides of a pair are, or share, one face set: nothing would be swapped."""
    sides = [
        {folder.with_name(part).resolve() for part in ([folder.name] if folder.is_dir() else folder.name.split("+"))}
        for folder in (faces_a, faces_b)
    ]
    if shared := sides[0] & sides[1]:
        raise UserError(
            f"pair.a={faces_a.name} pair.b={faces_b.name}: {min(shared).name} cannot be swapped with itself; "
            "name the face sets of two people"
        )


def run_to_train(config: Any, workspace: Workspace) -> Path:
    """The folder of the run to train; the config's pair is filled in. Raises UserError when it cannot be told.

    `run=` names it, else the pair does; `run=` of a run that is there, without a pair, goes on with that run's pair.
    """
    pair = config.pair
    if config.run and not (pair.name or pair.a or pair.b) and (workspace.run(config.run) / RUN_CONFIG).is_file():
        pair.a, pair.b, consent = recorded_pair(workspace.run(config.run))
        pair.consent = pair.consent if pair.consent.who else type(pair.consent)(**consent)
    pair.name, pair.a, pair.b = resolve_pair(pair, workspace)
    return workspace.run(config.run or pair.name)


def chosen_run(config: Any, workspace: Workspace) -> Path:
    """The folder of the run that `run=` or a pair names, or of the one trained last.

    Raises UserError when it is not there, and when `run=` and a pair say different things.
    """
    pair = config.pair
    if not config.run:
        name = resolve_pair(pair, workspace)[0] if pair.a or pair.b else pair.name
        return workspace.existing_run(name or workspace.last_run())
    run = workspace.run_or_path(config.run)
    if not run.exists():
        run = workspace.existing_run(config.run)
    if pair.name or pair.a or pair.b:
        _, a, b = resolve_pair(pair, workspace)
        if (a, b) != (trained := recorded_pair(run)[:2]):
            raise UserError(f"run={config.run} was trained on {trained[0]} and {trained[1]}, not on {a} and {b}")
    return run


def show_consent(consent: Any) -> None:
    """Logs who agreed to the swap, or that nobody is on record."""
    if consent.who:
        log.info("consent: %s; for: %s; %s", consent.who, consent.purpose or "not said", consent.when or "no date")
    else:
        log.warning("no consent is on record for this pair: fill in its consent block (docs/responsible-use.md)")
