"""Which face sets and which run a pair means, and the consent shown for it; what train, convert and export share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG, Workspace
from faceswap.utils.untrusted.yaml_files import read_yaml

log = logging.getLogger(__name__)

CONSENT = ("who", "purpose", "when")


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


def checkpoint_folder(run: Path, asked: int | str) -> Path:
    """A run's checkpoint: the folder of an iteration, the file of the `best`, or the run itself (the latest).

    Raises UserError that lists those there are.
    """
    if asked == "latest":
        return run
    parent = run / "checkpoints"
    found = parent / ("best.safetensors" if asked == "best" else f"{int(asked):08d}")
    if found.exists():
        return found
    there = sorted(int(path.name) for path in parent.glob("*") if path.is_dir() and path.name.isdecimal())
    known = ", ".join(map(str, there)) or "none"
    if asked == "best":
        raise UserError(
            f"checkpoint=best: no swap of {run.name} was judged yet (there are: {known}); that takes evaluate=true and "
            "20 faces of each side"
        )
    raise UserError(f"checkpoint={asked}: {run.name} has no such checkpoint (there are: {known})")


def show_consent(consent: Any) -> None:
    """Logs who agreed to the swap, or that nobody is on record."""
    if consent.who:
        log.info("consent: %s; for: %s; %s", consent.who, consent.purpose or "not said", consent.when or "no date")
    else:
        log.warning("no consent is on record for this pair: fill in its consent block (docs/responsible-use.md)")


def consent_metadata(consent: Any) -> dict[str, str]:
    """The consent as container metadata of the film; empty when none is on record."""
    if not consent.who:
        return {}
    return {"consent": "; ".join(part for part in (consent.who, consent.purpose, consent.when) if part)}


def recorded_pair(run: Path) -> tuple[str, str, dict[str, str]]:
    """A's and B's face-set names and the consent a run was trained with, from its config.yaml. Raises UserError."""
    path = run / RUN_CONFIG
    try:
        values = read_yaml(path, texts=True)
        pair = values["pair"]
        told = pair.get("consent") or {}
        consent = {key: told[key] for key in CONSENT if isinstance(told.get(key), str)}
        a, b = pair["a"], pair["b"]
        if not (isinstance(a, str) and isinstance(b, str) and a and b) or "/" in a + b or "\0" in a + b:
            raise TypeError("no names")  # results are called after them
        return a, b, consent
    except (UserError, KeyError, TypeError, AttributeError) as error:
        known = isinstance(error, UserError)
        reason = str(error).removeprefix(f"{path}: ") if known else error.__class__.__name__
        raise UserError(f"{path} does not tell which pair was trained ({reason}); train it again") from error
