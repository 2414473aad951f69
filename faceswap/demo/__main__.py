"""python -m faceswap.demo: extract, train and convert the demo clips; about eight minutes on two cores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.config.command import run_command

CLIPS = Path(__file__).resolve().parent
A, B = "mira", "jonas"


def demo(config: Any) -> Path:
    """Runs the three commands as a user would and returns the side-by-side film."""
    from faceswap.config.compose import compose_config
    from faceswap.convert import convert
    from faceswap.extract import extract
    from faceswap.train import train

    def settings(command: str, *arguments: str) -> Any:
        print(f"\npython -m faceswap.{command} {' '.join(arguments)}", file=sys.stderr, flush=True)
        return compose_config(command, [*arguments, f"workspace={config.workspace}"])

    for name in (A, B):
        points = f"finder.path={CLIPS / f'{name}.landmarks.npz'}"
        extract(settings("extract", f"video={CLIPS / f'{name}.mp4'}", "finder=landmarks", points))
    pair = (f"pair.a={A}", f"pair.b={B}")
    train(settings("train", *pair, "model=lite", f"minutes={config.minutes}", f"device={config.device}"))
    film = convert(settings("convert", *pair, "side_by_side=true", f"device={config.device}"))
    beside = film.with_name(f"{film.stem}.side_by_side.mp4")
    print(f"\nthe swapped film: {film}\nside by side:     {beside}", file=sys.stderr)
    return beside


if __name__ == "__main__":
    sys.exit(run_command("demo", demo))
