"""The curate pipeline: measure, flag, remove the faces asked for, and show all of them in a sheet."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_set import CURATION_REPORT, CURATION_SHEET
from faceswap.core.taken_out import read_other_people, write_other_people
from faceswap.curation.config import CurationConfig
from faceswap.curation.flags import REASONS, Flags, flag_faces
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.marks import read_marks
from faceswap.curation.measures import Embedder, measure
from faceswap.curation.sheet import sheet_html
from faceswap.utils.choices import FACE_ORDERS
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_text
from faceswap.utils.files.locks import locked

logger = logging.getLogger(__name__)

_WORDS = {"blur": "blurred", "duplicates": "double", "misaligned": "misaligned", "damaged": "damaged"}


def curate_faces(
    folder: Path,
    config: CurationConfig = CurationConfig(),  # noqa: B008 (frozen)
    embedder: Callable[[], Embedder] | None = None,
) -> Path:
    """Flag the faces of the set in `folder` and return the HTML sheet that shows them.

    Nothing is moved unless asked for: `reject` takes out the faces with these of REASONS, `keep` all but these people,
    `apply` those marked in a file that the sheet saved; `restore` first puts all back that was taken out before. What
    is taken out lies in the folder `removed` of the set; who went as another person is on record (taken_out.json):
    convert does not swap them. `embedder` makes what tells people apart; without one (or without its weights) tracks
    are not joined. Raises UserError.
    """
    sort, like, limits, apply = config.sort, config.like, config.limits, config.apply
    reject, keep = REASONS if config.reject == ["all"] else config.reject or [], config.keep or []
    _check(sort, reject, keep, apply)
    with locked(folder, "curating it"):
        inventory = FaceInventory.open(folder)
        nobody = np.zeros(len(inventory), bool)
        marked, unmarked = read_marks(Path(apply), inventory) if apply else (nobody, nobody)
        back = inventory.removed & (config.restore | unmarked)
        measures = measure(inventory, _made(embedder))
        settled = replace(inventory, removed=inventory.removed & ~back)  # no file moves before all is known to be right
        flags = flag_faces(settled, measures, limits, like)
        unwanted = marked | _others(flags, keep)
        for reason in reject:
            unwanted = unwanted | flags.against[reason]
        unwanted &= ~settled.removed
        if unwanted.sum() + settled.removed.sum() == len(inventory) and unwanted.any():
            raise UserError(
                f"this would take all {len(inventory)} faces out of {inventory.name}; nothing was taken out"
            )
        other_people = _other_people(settled, flags, keep, marked)
        # Before files move: what is on record and yet in the set, after a kill in between, is in use.
        write_other_people(folder, {inventory.files[index] for index in np.flatnonzero(other_people)})
        inventory = inventory.with_moved(unwanted, back & ~unwanted)
        if unwanted.any() or back.any():  # what speaks against those that are left, however often it took to move them
            flags = flag_faces(inventory, measures, limits, like)
        if reject or len(keep) or apply or config.restore:
            summary = _done(inventory, flags, int(unwanted.sum()), int(back.sum()), int(other_people.sum()))
        else:
            summary = _possible(inventory, flags)
        write_text(folder / CURATION_REPORT, _report(inventory, flags, sort))
        write_text(folder / CURATION_SHEET, sheet_html(inventory, flags, sort))
    logger.info("%s", summary)
    return folder / CURATION_SHEET


def _check(sort: str, reject: Sequence[str], keep: Sequence[int], apply: str) -> None:
    if sort not in FACE_ORDERS:
        raise UserError(f"sort={sort}: must be one of {', '.join(FACE_ORDERS)}")
    if unknown := [reason for reason in reject if reason not in REASONS]:
        raise UserError(f"reject={unknown[0]}: must be some of {', '.join(REASONS)}")
    if apply and (reject or keep):
        raise UserError("apply= takes out exactly what is marked; give reject= and keep= in a run of their own")


def _made(embedder: Callable[[], Embedder] | None) -> Embedder | None:
    if embedder is None:
        return None
    try:
        made = embedder()
        made.embed([], [])  # loads its weights now, before an hour of reading
        return made
    except UserError as error:
        logger.warning("each track stands for itself, people are not recognised: %s", error)
        return None


def _others(flags: Flags, keep: Sequence[int]) -> NDArray[np.bool_]:
    """Return the faces (N,) of people who are not to be kept; nobody when no one was named."""
    people = int(flags.person.max())
    if unknown := [number for number in keep if not 1 <= number <= people]:
        raise UserError(f"keep={unknown[0]}: the set has the people 1 to {people}, see the sheet")
    return ~np.isin(flags.person, list(keep)) if len(keep) else np.zeros(len(flags.person), bool)


def _other_people(inventory: FaceInventory, flags: Flags, keep: Sequence[int], marked: NDArray) -> NDArray[np.bool_]:
    """Return which faces (N,) bool are out of the set as other people, so that convert leaves them as they were filmed.

    Those of people who are not to be kept, also where they were taken out before for another reason; those on record
    that stay out; and those marked by hand where nothing of the person stays and some had no fault.
    """
    known = read_other_people(inventory.folder) if inventory.removed.any() else set()
    other_people = inventory.removed & np.array([file in known for file in inventory.files], bool)
    if len(keep):
        return (other_people & ~np.isin(flags.person, list(keep))) | _others(flags, keep)
    gone, faultless = inventory.removed | marked, marked & ~np.any(list(flags.against.values()), axis=0)
    for person in np.unique(flags.person[faultless]):
        own = flags.person == person
        if gone[own].all():
            other_people |= own
    return other_people


def _head(inventory: FaceInventory, flags: Flags) -> str:
    used = int((~inventory.removed).sum())
    people = len(np.unique(flags.person[~inventory.removed]))
    return f"{inventory.name}: {used} faces of {people} {'person' if people == 1 else 'people'}"


def _done(inventory: FaceInventory, flags: Flags, moved: int, put_back: int, other_people: int) -> str:
    """Return one line of what was done."""
    back = f", {put_back} put back" if put_back else ""
    there = int(inventory.removed.sum())
    line = f"{_head(inventory, flags)}; {moved} taken out{back}, {there} lie in removed/ (restore=true)"
    return line + (f"; convert leaves {other_people} faces of other people as filmed" if other_people else "")


def _possible(inventory: FaceInventory, flags: Flags) -> str:
    """Return one line of what could be taken out."""
    head = _head(inventory, flags)
    counts = {reason: int(chosen.sum()) for reason, chosen in flags.against.items() if chosen.any()}
    if not counts:
        return f"{head}; none blurred, double, misaligned or damaged"
    total = int(np.any(list(flags.against.values()), axis=0).sum())
    parts = ", ".join(f"{count} {_WORDS[reason]}" for reason, count in counts.items())
    return f"{head}; would reject {total} ({parts}): reject={','.join(counts)} does, nothing was moved"


def _report(inventory: FaceInventory, flags: Flags, sort: str) -> str:
    """Return the report as JSON, one line a face, in the order asked for."""
    used = ~inventory.removed
    people = [
        {"person": int(number), "faces": int(count), "tracks": len(np.unique(flags.columns["track"][own]))}
        for number, count in zip(*np.unique(flags.person[used], return_counts=True), strict=True)
        for own in [used & (flags.person == number)]
    ]
    head = {
        "faces": inventory.name,
        "fingerprint": inventory.fingerprint(),
        "in_use": int(used.sum()),
        "removed": int(inventory.removed.sum()),
        "against": {reason: int(chosen.sum()) for reason, chosen in flags.against.items()},
        "people": people,
        "sort": sort,
    }
    lines = [json.dumps(_line(inventory, flags, int(index))) for index in flags.order(sort)]
    return json.dumps(head, indent=2)[:-2] + ',\n  "list": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"


def _line(inventory: FaceInventory, flags: Flags, index: int) -> dict:
    numbers = {name: round(float(column[index]), 3) for name, column in flags.columns.items()}
    same_as = int(flags.same_as[index])
    return {
        "file": inventory.files[index],
        "person": int(flags.person[index]),
        **numbers,
        "frame": int(numbers["frame"]),
        "track": int(numbers["track"]),
        "against": [reason for reason, chosen in flags.against.items() if chosen[index]],
        **({"same_as": inventory.files[same_as]} if same_as >= 0 else {}),
        **({"removed": True} if inventory.removed[index] else {}),
    }
