"""python -m faceswap.demo: extract, train and convert the demo clips; about eight minutes on two cores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command

CLIPS = Path(__file__).resolve().parent
# Two rendered actors; the film that is converted was not used in training. pairs.json lists the other clips.
A, B, FILM = "hanna", "vera", "vera_test"


def demo(config: Any) -> Path:
    """Run the three commands as a user would and return the side-by-side film."""
    from faceswap.cli.compose import compose_config
    from faceswap.convert import convert
    from faceswap.extract import extract
    from faceswap.train import train

    def settings(command: str, *arguments: str) -> Any:
        print(f"\npython -m faceswap.{command} {' '.join(arguments)}", file=sys.stderr, flush=True)
        return compose_config(command, [*arguments, f"workspace={config.workspace}"])

    for name in (A, B, FILM):
        extract(settings("extract", f"video={CLIPS / f'{name}.mp4'}", f"finder.device={config.device}"))
    pair = (f"pair.a={A}", f"pair.b={B}", f"device={config.device}")
    length = (f"minutes={config.minutes}", f"batch_size={config.batch_size}")
    train(settings("train", *pair, "model=lite", *length))
    film = convert(settings("convert", *pair, f"video={CLIPS / f'{FILM}.mp4'}", "side_by_side=true"))
    beside = film.with_name(f"{film.stem}.side_by_side{film.suffix}")
    print(f"\nthe swapped film: {film}\nside by side:     {beside}", file=sys.stderr)
    return beside


if __name__ == "__main__":
    sys.exit(run_command("demo", demo))
