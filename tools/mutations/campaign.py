"""Mutations one after the other: each in a fresh copy, read within seconds, judged by what comes of it."""

from __future__ import annotations

import random
import shutil
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from faceswap.utils.errors import UserError
from tools.mutations.mutating import KINDS, WEIGHTS
from tools.mutations.readers import READERS, files_of
from tools.mutations.rights import of_an_ordinary_user

PATIENCE_SECONDS = 30
LINE_CHARACTERS = 600  # of an error, paths not counted


class Hung(BaseException):
    """A reader did not come back in time; nothing catches it by mistake."""


class Read(NamedTuple):
    """A mutation that ended well: "refused" in one line, or read as if nothing were ("same", "other")."""

    outcome: str
    seconds: float


class Odd(NamedTuple):
    """A mutation that ended otherwise."""

    outcome: str
    seconds: float
    reader: str
    file: str
    kind: str
    number: int
    told: str


def wholes(readers: Sequence[str], inputs: Path, work: Path) -> dict[str, Any]:
    """Return what each reader reads of what is whole."""
    found = {}
    for name in readers:
        _fresh(inputs, work)
        found[name] = READERS[name].read(work)
    return found


def mutations(before: Mapping[str, Any], inputs: Path, work: Path, count: int, seed: int) -> Iterator[Read | Odd]:
    """Yield what comes of `count` mutations, the readers in turn.

    Args:
        before: see `wholes`.
    """
    kinds = list(KINDS)
    for number in range(count):
        name = list(before)[number % len(before)]
        choose = random.Random(f"{seed} {number}")
        _fresh(inputs, work)
        path = choose.choice(files_of(READERS[name], work))
        kind = choose.choices(kinds, [WEIGHTS.get(kind, 1) for kind in kinds])[0]
        KINDS[kind](path, choose)
        began = time.monotonic()
        outcome, told = _judged(name, work, before[name], kind == "signed")
        seconds = time.monotonic() - began
        where = str(path.relative_to(work))
        yield Odd(outcome, seconds, name, where, kind, number, told) if told else Read(outcome, seconds)


def _judged(name: str, work: Path, before: Any, is_signed: bool) -> tuple[str, str]:
    """Return how a reader takes what lies in `work`, and what is odd about it."""
    try:
        with of_an_ordinary_user() as _, _within(PATIENCE_SECONDS):
            now = READERS[name].read(work)
    except UserError as error:
        line = str(error).replace(str(work), "")
        is_plain = "\n" not in line and len(line) <= LINE_CHARACTERS
        return ("refused", "") if is_plain else ("odd", f"its line: {line[:300]!r}")
    except (Hung, Exception) as error:
        last = traceback.extract_tb(error.__traceback__)[-4:]
        places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(last))
        return "odd", f"{type(error).__name__}: {str(error)[:200]} ({places})"
    if now == before:
        return "same", ""
    is_older = name in ("weights", "checkpoint")  # the checkpoint before is taken with a warning; see `older`
    if READERS[name].sums and not is_signed and not (is_older and _is_older(name, work, now)):
        return "odd", "changed numbers were taken for the written ones"
    return "other", ""


def _is_older(name: str, work: Path, now: Any) -> bool:
    """Return whether what was read is the checkpoint before, which is whole."""
    shutil.rmtree(work / "run" / "checkpoints" / "00000004", ignore_errors=True)
    for other in (work / "run" / "checkpoints").glob("0*²"):
        shutil.rmtree(other)
    with of_an_ordinary_user():
        return bool(READERS[name].read(work) == now)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise Hung(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fresh(inputs: Path, work: Path) -> None:
    if work.exists():
        shutil.rmtree(work)
    shutil.copytree(inputs, work)
