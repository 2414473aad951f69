"""`python -m tools.bench NAME [options]`: runs one benchmark and prints its JSON."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import tools.bench

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(module.name for module in pkgutil.iter_modules(tools.bench.__path__) if module.name[0] != "_")


def main(arguments: list[str]) -> int:
    """Run this tool from the command line."""
    if not arguments or arguments[0] not in names():
        print(f"python -m tools.bench NAME [--help]; NAME is one of: {', '.join(names())}", file=sys.stderr)
        return 2
    importlib.import_module(f"tools.bench.{arguments[0]}").main(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
