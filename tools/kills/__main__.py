"""`python -m tools.kills [--kills N] [--seed S] [--commands NAME,...] [--folder DIR]`: prints its findings as JSON."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from tools.kills.cases import CASES, Case, make_inputs
from tools.kills.comparing import differences, leftovers, what_lies_in
from tools.kills.killing import import_commands, run


def main(arguments: list[str]) -> int:
    """Run this tool from the command line."""
    asked = _parse(arguments)
    torch.set_num_threads(1)
    import_commands()
    chosen = [case for case in CASES if not asked.commands or case.command in asked.commands.split(",")]
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="kills-"))
    inputs = folder / "inputs"
    os.environ["XDG_CONFIG_HOME"] = str(folder.absolute() / "config")  # a certificate of its own to sign with
    if not inputs.is_dir():
        make_inputs(inputs)
    findings = []
    for number, case in enumerate(chosen):
        kills = asked.kills // len(chosen) + (number < asked.kills % len(chosen))
        findings.append(killed(case, inputs, folder / "work", kills, random.Random(asked.seed + number)))
        print(json.dumps(findings[-1], indent=2), flush=True)
    bad = sum(len(found["unequal"]) for found in findings)
    print(json.dumps({"kills": sum(found["kills"] for found in findings), "unequal": bad}))
    return 1 if bad else 0


def killed(case: Case, inputs: Path, work: Path, kills: int, choose: random.Random) -> dict[str, Any]:
    """Kill a command `kills` times, each in a fresh copy of `inputs`; return what came of it.

    Every second kill comes within 30 ms after a change instead of before it. Two uninterrupted runs tell what is alike
    at all: times are not.
    """
    whole = []
    for _ in range(2):
        _fresh(inputs, work)
        ended = run(case.module, list(case.arguments), work)
        if ended.code or leftovers(work):
            raise RuntimeError(f"{case.name} ends with {ended.code} and leaves {leftovers(work)}:\n{ended.said}")
        whole.append(what_lies_in(work))
    unequal = []
    for number, place in enumerate(_places(ended.changes, kills, choose)):
        _fresh(inputs, work)
        delay_seconds = choose.uniform(0.001, 0.03) if number % 2 else 0.0
        first = run(case.module, list(case.arguments), work, place, delay_seconds)
        again = run(case.module, list(case.arguments), work)
        odd = differences(whole[0], whole[1], what_lies_in(work))
        if again.code or odd or leftovers(work):
            last = again.said.strip().splitlines()[-1:] if again.code else []
            unequal.append({"killed_at": place, "delay_seconds": delay_seconds, "ended": [first.code, again.code],
                            "differs": odd[:8], "left": leftovers(work), "said": last})  # fmt: skip
    return {"command": case.name, "changes": ended.changes, "kills": kills, "unequal": unequal}


def _places(changes: int, kills: int, choose: random.Random) -> Iterator[int]:
    """Yield `kills` numbers of changes.

    All of them where there are few, each part of a long command where there are many.
    """
    for number in range(kills):
        low, high = changes * number // max(kills, 1), changes * (number + 1) // max(kills, 1)
        yield 1 + (choose.randrange(low, high) if high > low else low % max(changes, 1))


def _fresh(inputs: Path, work: Path) -> None:
    if work.exists():
        shutil.rmtree(work)
    shutil.copytree(inputs, work)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="in all, shared by the commands")
    parser.add_argument("--seed", type=int, default=0, help="of where they come")
    parser.add_argument("--commands", default="", help="only these, as extract,train")
    parser.add_argument("--folder", default="", help="where inputs are made, or lie from last time")
    asked = parser.parse_args(arguments)
    known = {case.command for case in CASES}
    if asked.commands and (unknown := set(asked.commands.split(",")) - known):
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(sorted(known))}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
