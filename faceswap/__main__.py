"""python -m faceswap: the list of commands; python -m faceswap extract video=...: one of them."""

from __future__ import annotations

import os
import runpy
import sys


def main() -> int:
    """Run the command that is named first, as `python -m faceswap.COMMAND` does, or list all."""
    from faceswap import __version__
    from faceswap.cli.help import overview
    from faceswap.config.schema import COMMANDS
    from faceswap.config.wording import nearest

    asked = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if asked in ("--help", "-h"):
        sys.stdout.write(overview())
    elif asked in ("--version", "-V"):
        sys.stdout.write(f"faceswap {__version__}\n")
    elif asked in COMMANDS:
        del sys.argv[1]
        runpy.run_module(f"faceswap.{asked}", run_name="__main__", alter_sys=True)
    else:
        hint = nearest(asked, list(COMMANDS))
        sys.stderr.write(f"error: there is no command '{asked[:60]}'{hint}; python -m faceswap lists them\n")
        return 2
    return 0


def run_script() -> int:
    """Run the command after which a console script is called: faceswap-extract is `python -m faceswap.extract`."""
    from faceswap.cli.installation import script_of
    from faceswap.config.schema import COMMANDS

    script = os.path.basename(sys.argv[0]).removesuffix(".exe")
    sys.argv.insert(1, next(name for name in COMMANDS if script_of(name) == script))
    return main()


if __name__ == "__main__":
    sys.exit(main())
