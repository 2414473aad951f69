"""python -m faceswap.demo: extract, train and convert the demo clips; about eight minutes on two cores."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.swapping import DemoRequest

# Two rendered actors; the film that is converted was not used in training. pairs.json lists the other clips.
A, B, FILM = "hanna", "vera", "vera_test"


def films_folder() -> Path:
    """Return the folder of the demo's films: demo/ beside the package in a checkout, else that of faceswap-demo.

    Raises:
        UserError: They are not here; a wheel of this package has none.
    """
    beside = Path(__file__).resolve().parents[1] / "demo"
    if (beside / "pairs.json").is_file():
        return beside
    installed = find_spec("faceswap_demo")
    if installed is None or installed.origin is None:
        raise UserError(
            "the demo's films (14 MB) are no part of this package: give `make demo` in a checkout of the project, or "
            "`pip install ./demo` there and this command again"
        )
    return Path(installed.origin).parent


def demo(request: DemoRequest) -> Path:
    """Run the three commands as a user would and return the side-by-side film."""
    from faceswap.cli.composing.compose import compose_config
    from faceswap.convert import convert
    from faceswap.extract import extract
    from faceswap.train import train

    def settings(command: str, *arguments: str) -> Any:
        print(f"\npython -m faceswap.{command} {' '.join(arguments)}", file=sys.stderr, flush=True)
        return compose_config(command, [*arguments, f"workspace={request.workspace}"])

    films = films_folder()
    for name in (A, B, FILM):
        extract(settings("extract", f"video={films / f'{name}.mp4'}", f"finder.device={request.device}"))
    pair = (f"pair.a={A}", f"pair.b={B}", f"device={request.device}")
    length = (f"minutes={request.minutes}", f"batch_size={request.batch_size}")
    train(settings("train", *pair, "model=lite", *length))
    film = convert(settings("convert", *pair, f"video={films / f'{FILM}.mp4'}", "side_by_side=true"))
    beside = film.with_name(f"{film.stem}.side_by_side{film.suffix}")
    print(f"\nthe swapped film: {film}\nside by side:     {beside}", file=sys.stderr)
    return beside


if __name__ == "__main__":
    sys.exit(run_command("demo", demo))
