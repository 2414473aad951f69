"""Which face sets and which run a pair means, and the consent shown for it; what train, convert and export share."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path
from typing import Any

from faceswap.utils.errors import UserError
from faceswap.utils.workspace import RUN_CONFIG, Workspace

log = logging.getLogger(__name__)

LARGEST_CONFIG = 1_000_000  # characters of a config.yaml; ours have some thousand
CONSENT = ("who", "purpose", "when")
_PLAIN = (str, int, float, datetime.date)


def resolve_pair(pair: Any, workspace: Workspace) -> tuple[str, str, str]:
    """The run's name, A's and B's face-set names. Raises UserError when they cannot be told.

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
    sets = ", ".join(known) or "none yet"
    if pair.name:
        raise UserError(
            f"pair={pair.name} is no file in configs/pair/ and no two face sets A_B; say pair.a=A pair.b=B "
            f"(face sets in {workspace.root}: {sets})"
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


def chosen_run(pair: Any, workspace: Workspace) -> Path:
    """The folder of the run that a pair names, or of the one trained last. Raises UserError when it is not there."""
    if pair.a or pair.b:
        pair.name = resolve_pair(pair, workspace)[0]
    return workspace.existing_run(pair.name or workspace.last_run())


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
            f"checkpoint=best: no swap of {run.name} was judged yet (there are: {known}); that takes judge=true and 20 "
            "faces of each side"
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
    import yaml

    path = run / RUN_CONFIG
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LARGEST_CONFIG + 1)
        if len(text) > LARGEST_CONFIG:
            raise ValueError("too long")
        pair = yaml.safe_load(text)["pair"]
        told = pair.get("consent") or {}
        # Only plain values: a list of a stranger's file could unfold to any size as text.
        consent = {key: str(told[key]) for key in CONSENT if isinstance(told.get(key), _PLAIN)}
        a, b = pair["a"], pair["b"]
        if not (isinstance(a, str | int) and isinstance(b, str | int)) or "/" in f"{a}{b}":
            raise TypeError("no names")  # results are called after them
        return str(a), str(b), consent
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{path} does not tell which pair was trained ({error.__class__.__name__}); train it again"
        ) from error
