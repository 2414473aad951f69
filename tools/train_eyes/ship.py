"""Puts trained networks into pretrained/ with what is to be known of them.

python -m tools.train_eyes.ship OUT [NAME ...]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import FILE_NAME, enter_pretrained
from tools.train_eyes.__main__ import TASKS

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
MOST_BYTES = 24_000_000  # of all networks together: they travel with every copy of the project


def main(argv: list[str]) -> None:
    """Copy OUT/eyes-NAME.safetensors and enters it into the manifest with the recipe and scores of its training."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_eyes.ship", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="folder that the trainings wrote to")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which networks (default: all in OUT)")
    options = parser.parse_args(argv)
    for name in options.names or sorted(TASKS):
        source = options.out / FILE_NAME.format(name)
        if not source.exists() and not options.names:
            continue
        about = json.loads(source.with_suffix(".json").read_text())
        del about["task"]
        with atomic_path(PRETRAINED / source.name) as temp:
            shutil.copyfile(source, temp)
        recipe = {"command": f"python -m tools.train_eyes {name} DATA OUT", "data": "rendered people (tools/people)"}
        scores = about.pop("scores", {})
        enter_pretrained(PRETRAINED, name, licence="Apache-2.0", recipe=recipe | about, scores=scores)
        print(PRETRAINED / source.name)
    total = sum(file.stat().st_size for file in PRETRAINED.glob("eyes-*.safetensors"))
    if total > MOST_BYTES:
        raise SystemExit(
            f"{total} bytes of eyes in {PRETRAINED}: more than the {MOST_BYTES} that may travel with the project"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
