"""Runs beside each other: one row of numbers each, from their reports, as a table to read and one to compute with."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from faceswap.core.face_set import REPORT
from faceswap.utils.files.atomic import write_text
from faceswap.utils.limits import REPORT_BYTES
from faceswap.utils.untrusted.reading import read_json_table

# Heading, where it stands in the report, decimals.
COLUMNS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("iterations", ("iteration",), 0),
    ("seconds", ("seconds",), 0),
    ("images/s", ("images_per_second",), 1),
    ("loss", ("losses", "loss"), 4),
    ("validation", ("validation", "validation"), 4),
    ("PSNR A, dB", ("validation", "validation/a/psnr_db"), 2),
    ("swap: cosine to A", ("validation", "validation/swap/identity_a"), 3),
    ("to B", ("validation", "validation/swap/identity_b"), 3),
    ("nearer A", ("validation", "validation/swap/nearer_a"), 3),
    ("landmark error, %", ("validation", "validation/swap/landmark_error_percent"), 2),
    ("score", ("score",), 3),
    ("best at", ("best", "iteration"), 0),
    ("best score", ("best", "score"), 3),
)
NOTES = """
Each run's last numbers. Loss and validation are sums of what that run was told to make small: between runs with other
losses only the columns from PSNR on compare. The swap's are those of held-out faces of B drawn as A.
"""


def read_report(run: Path) -> dict[str, Any]:
    """A run's report.json; empty when there is none that can be read."""
    try:
        return read_json_table(run / REPORT, REPORT_BYTES)
    except (OSError, ValueError):
        return {}


def write_comparison(folder: Path, title: str, rows: Sequence[tuple[str, Mapping[str, Any], str]]) -> Path:
    """Writes comparison.md and comparison.csv of rows (name, report, remark) and gives back the first."""
    table = [[name, *(_number(report, path) for _, path, _ in COLUMNS), remark] for name, report, remark in rows]
    headings = ["run", *(heading for heading, _, _ in COLUMNS), "remark"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([headings, *(["" if cell is None else cell for cell in row] for row in table)])
    write_text(folder / "comparison.csv", text.getvalue())
    write_text(folder / "comparison.md", f"# {title}\n\n{_markdown(headings, table)}{NOTES}")
    return folder / "comparison.md"


def _markdown(headings: Sequence[str], table: Sequence[Sequence[Any]]) -> str:
    rows = [[_plain(row[0]), *map(_shown, row[1:-1], (d for *_, d in COLUMNS)), _plain(row[-1])] for row in table]
    used = [place for place in range(len(headings)) if place == 0 or any(row[place] for row in rows)]
    lines = [headings, ["---", *["---:"] * len(COLUMNS), "---"], *rows]
    return "".join("| " + " | ".join(line[place] for place in used) + " |\n" for line in lines)


def _number(report: Mapping[str, Any], path: Sequence[str]) -> float | int | None:
    value: Any = report
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if sound else None


def _shown(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
