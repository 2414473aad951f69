"""python -m faceswap: the list of commands."""

from __future__ import annotations

import sys


def main() -> int:
    from faceswap.config.help import overview

    sys.stdout.write(overview())
    return 0 if len(sys.argv) == 1 or sys.argv[1] in ("--help", "-h") else 2


if __name__ == "__main__":
    sys.exit(main())
