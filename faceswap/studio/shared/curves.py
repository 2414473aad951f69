"""The curves of a run, read from its own event files as they grow, as points of small charts."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Mapping
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


@dataclass(frozen=True)
class RunLine:
    """One run's curve on a chart of several: see `Chart`."""

    run: str
    line: str
    last: float
    step: int


@dataclass(frozen=True)
class SharedChart:
    """A curve of several runs on common axes: `name`, what each has of it, and `low` and `high` of the axis."""

    name: str
    lines: tuple[RunLine, ...]
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
        return sorted(charts, key=lambda chart: _rank(chart.name))[:most]

    def compared(self, runs: Mapping[str, Path], most: int = 12) -> list[SharedChart]:
        """Return the curves that several runs have, on common axes, losses first.

        Args:
            runs: Their folders by name.
            most: How many at most.
        """
        with self._lock:
            curves = {name: dict(self._read(folder).values) for name, folder in runs.items()}
            names = sorted({name for each in curves.values() for name in each}, key=_rank)
            charts = [_shared(name, {run: each.get(name, {}) for run, each in curves.items()}) for name in names]
        return [chart for chart in charts if chart is not None][:most]

    def _read(self, run: Path) -> _Read:
        from faceswap.swap.runs.event_files import EVENTS, scalars_in

        files = sorted(path for path in run.glob(EVENTS) if path.is_file() and not path.is_symlink())
        known = self._runs.setdefault(run, _Read())
        is_cut = any(path not in files or path.stat().st_size < offset for path, offset in known.offsets.items())
        if is_cut:  # a session went on from an earlier checkpoint and dropped what came after it
            known = self._runs[run] = _Read()
        for path in files:
            try:
                points, known.offsets[path] = scalars_in(path, known.offsets.get(path, 0))
            except OSError:  # not this user's to read, or gone meanwhile: the other curves are shown
                continue
            for name, step, value in points:
                if math.isfinite(value):
                    known.values[name][step] = value
        return known


def _chart(name: str, values: dict[int, float]) -> Chart | None:
    if len(values) < 2:
        return None
    low, high, steps = min(values.values()), max(values.values()), (min(values), max(values))
    return Chart(name, _line(values, steps, low, high), values[steps[1]], steps[1], low, high)


def _shared(name: str, values: Mapping[str, dict[int, float]]) -> SharedChart | None:
    drawn = {run: each for run, each in values.items() if len(each) > 1}
    if not drawn:
        return None
    heights = [value for each in drawn.values() for value in each.values()]
    steps = (min(map(min, drawn.values())), max(map(max, drawn.values())))
    low, high = min(heights), max(heights)
    lines = tuple(
        RunLine(run, _line(each, steps, low, high), each[max(each)], max(each)) for run, each in drawn.items()
    )
    return SharedChart(name, lines, low, high)


def _line(values: dict[int, float], steps: tuple[int, int], low: float, high: float) -> str:
    """Return a curve as an SVG polyline has it, on the axes of these steps and heights."""
    known = np.array(sorted(values))
    chosen = known[evenly_spread(len(known), POINTS)]
    heights = np.array([values[step] for step in chosen.tolist()])
    x = (chosen - steps[0]) / max(float(steps[1] - steps[0]), 1e-9) * WIDTH
    y = HEIGHT - (heights - low) / max(high - low, 1e-12) * HEIGHT
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _rank(name: str) -> tuple[bool, int, str]:
    """Sums before their parts, losses before what is measured besides."""
    part = next((n for n, word in enumerate(SHOWN) if word in name.lower()), len(SHOWN))
    return name.count("/") > 1, part, name
