"""Puts generic weights into pretrained/ with what is to be known of them.

python -m tools.train_generic.ship OUT [MODEL ...]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from faceswap.swap.initialisation.generic import NAME
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import enter_pretrained
from tools.train_generic.__main__ import MODELS

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
MOST_BYTES = 40_000_000  # of all generic weights together: they travel with every copy of the project


def main(argv: Sequence[str], folder: Path = PRETRAINED) -> None:
    """Copy OUT/generic-MODEL.safetensors and enters it into the manifest with its recipe and scores."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_generic.ship", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="folder that pretraining wrote to")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="which (default: all in OUT)")
    options = parser.parse_args(argv)
    for model in options.models or sorted(MODELS):
        name = NAME.format(model)
        source = options.out / f"{name}.safetensors"
        if not source.exists() and not options.models:
            continue
        about = json.loads(source.with_suffix(".json").read_text())
        scores = about.pop("scores", {})
        command = f"python -m tools.train_generic DATA OUT --model {about.pop('model')}"
        if "erased" in about:
            numbers = " ".join(f"--{name} {number}" for name, number in about["erased"].items())
            command += f"; python -m tools.train_generic.erasing DATA OUT --model {model} {numbers}"
        recipe = {"command": command, "data": "rendered people, 4 in each moment (tools/people)"} | about
        with atomic_path(folder / source.name) as temp:
            shutil.copyfile(source, temp)
        enter_pretrained(folder, name, source.name, licence="Apache-2.0", recipe=recipe, scores=scores)
        print(folder / source.name)
    total = sum(file.stat().st_size for file in folder.glob("generic-*.safetensors"))
    if total > MOST_BYTES:
        raise SystemExit(f"{total} bytes of generic weights in {folder}: more than the {MOST_BYTES} that may travel")


if __name__ == "__main__":
    main(sys.argv[1:])
