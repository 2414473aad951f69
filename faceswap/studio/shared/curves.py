"""The curves of a run, read from its own event files as they grow, as points of small charts."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faceswap.utils.numbers import evenly_spread

WIDTH, HEIGHT = 320.0, 120.0  # of a chart, in its own units
POINTS = 200  # drawn of a curve
SHOWN = ("loss", "validation")  # parts of names that come first


@dataclass(frozen=True)
class Chart:
    """A curve to be drawn.

    Attributes:
        name: As TensorBoard calls it.
        line: Its points as an SVG polyline has them.
        last: The newest value.
        step: The newest step.
        low: Of the axis.
        high: Of the axis.
    """

    name: str
    line: str
    last: float
    step: int
    low: float
    high: float


@dataclass
class _Read:
    """What was read of a run's event files: how far of each, and the value of each step of each curve."""

    offsets: dict[Path, int] = field(default_factory=dict)
    values: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))


class CurveReader:
    """Reads the curves of runs; what was read before is not read again."""

    def __init__(self) -> None:
        self._runs: dict[Path, _Read] = {}
        self._lock = threading.Lock()

    def charts(self, run: Path, most: int = 8) -> list[Chart]:
        """Return the curves of a run, losses first.

        Args:
            run: Its folder.
            most: How many at most.
        """
        with self._lock:
            curves = self._read(run).values
            charts = [chart for name in curves if (chart := _chart(name, curves[name])) is not None]
        return sorted(charts, key=_rank)[:most]

    def _read(self, run: Path) -> _Read:
        from faceswap.swap.runs.event_files import EVENTS, scalars_in

        files = sorted(path for path in run.glob(EVENTS) if path.is_file() and not path.is_symlink())
        known = self._runs.setdefault(run, _Read())
        is_cut = any(path not in files or path.stat().st_size < offset for path, offset in known.offsets.items())
        if is_cut:  # a session went on from an earlier checkpoint and dropped what came after it
            known = self._runs[run] = _Read()
        for path in files:
            points, known.offsets[path] = scalars_in(path, known.offsets.get(path, 0))
            for name, step, value in points:
                if math.isfinite(value):
                    known.values[name][step] = value
        return known


def _chart(name: str, values: dict[int, float]) -> Chart | None:
    if len(values) < 2:
        return None
    steps = np.array(sorted(values))
    heights = np.array([values[step] for step in steps.tolist()])
    low, high = float(heights.min()), float(heights.max())
    chosen = evenly_spread(len(steps), POINTS)
    x = (steps[chosen] - steps[0]) / max(float(steps[-1] - steps[0]), 1e-9) * WIDTH
    y = HEIGHT - (heights[chosen] - low) / max(high - low, 1e-12) * HEIGHT
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return Chart(name, line, float(heights[-1]), int(steps[-1]), low, high)


def _rank(chart: Chart) -> tuple[bool, int, str]:
    """Sums before their parts, losses before what is measured besides."""
    part = next((n for n, word in enumerate(SHOWN) if word in chart.name.lower()), len(SHOWN))
    return chart.name.count("/") > 1, part, chart.name
