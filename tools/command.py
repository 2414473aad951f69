"""How the commands of the tools end: the path that was made, one line for a mistake, an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from faceswap.utils.errors import UserError


def run(work: Callable[[], Path | str], goes_on: str = "from the last checkpoint") -> int:
    """Print what `work` made as the last line on stdout. Returns the exit code: 0, 2 (the user can mend it) or 130."""
    try:
        print(work())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"interrupted; the same command goes on {goes_on}", file=sys.stderr)
        return 130
    return 0
