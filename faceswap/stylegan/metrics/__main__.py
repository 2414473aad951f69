"""python -m faceswap.stylegan.metrics: path lengths, separability and edit consistency of a generator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.exploring import MetricsRequest


def metrics(request: MetricsRequest) -> Path:
    """Measure a generator, logs a table and return the report's path."""
    from faceswap.commands.metrics import write_metrics

    return write_metrics(request)


if __name__ == "__main__":
    sys.exit(run_command("stylegan.metrics", metrics))
