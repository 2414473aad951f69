"""`python -m tools.mutations [--count N] [--seed S] [--readers NAME,...]`: prints what was odd as JSON lines."""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tools.mutations.campaign import Odd, mutations, wholes
from tools.mutations.readers import READERS, make_inputs

MEMORY_BYTES = 8 << 30  # addresses; the libraries take 3 GB of them


def main(arguments: list[str]) -> int:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="mutations in all, shared by the readers")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations")
    parser.add_argument("--readers", default=",".join(READERS), help="only these")
    asked = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
    outcomes, began, longest = Counter[str](), time.monotonic(), 0.0
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        os.environ["XDG_CONFIG_HOME"] = str(Path(name, "config"))  # a certificate of its own to sign with
        inputs = Path(name, "inputs")
        inputs.mkdir()
        make_inputs(inputs)
        before = wholes(asked.readers.split(","), inputs, Path(name, "work"))
        for found in mutations(before, inputs, Path(name, "work"), asked.count, asked.seed):
            outcomes[found.outcome] += 1
            longest = max(longest, found.seconds)
            if isinstance(found, Odd):
                print(json.dumps(found._asdict()), flush=True)
    told = {"mutations": asked.count, "seconds": round(time.monotonic() - began), "longest_seconds": round(longest, 2)}
    print(json.dumps(told | dict(outcomes)))
    return 1 if outcomes["odd"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
