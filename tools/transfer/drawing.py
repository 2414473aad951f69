"""Curves and strips of transfer trials, drawn with nothing but Pillow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from faceswap.media.pictures.images import read_image, write_image
from faceswap.utils.files.atomic import atomic_path
from tools.transfer.trials import ARMS, means

COLOURS = {"generic": (0, 110, 190), "plain": (220, 130, 0), "scratch": (110, 110, 110)}
TITLES = {
    "psnr_db": "distance to the true swap: dB inside the face (more is better)",
    "gmsd": "distance to the true swap: GMSD (less is better)",
    "identity": "real pair: cosine to A minus cosine to B (more is better)",
    "landmark_error_percent": "real pair: landmark error, % of the face (less is better)",
    "validation": "validation loss, both sides (less is better)",
}
PANEL = (620, 330)
MARGIN = (64, 34, 20, 36)  # left, top, right, bottom
STRIP_PX = 128


def draw_plot(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, Any], path: Path) -> None:
    """One panel a measure, iterations on a root scale; lines are means over scenes and seeds, bars their extremes."""
    panels = [name for name in measures if any(name in row and row["scene"] in measures[name][0] for row in rows)]
    high = -(-len(panels) // 2)
    canvas = Image.new("RGB", (2 * PANEL[0], max(1, high) * PANEL[1]), "white")
    for place, name in enumerate(panels):
        panel = Image.new("RGB", PANEL, "white")
        _panel(ImageDraw.Draw(panel), rows, name, measures[name][0])
        canvas.paste(panel, (place % 2 * PANEL[0], place // 2 * PANEL[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temp:
        canvas.save(temp, "PNG")


def _panel(draw: ImageDraw.ImageDraw, rows: Sequence[Mapping[str, Any]], name: str, scenes: Sequence[str]) -> None:
    there = sorted({row["scene"] for row in rows} & set(scenes))
    curves = {arm: means(rows, name, arm, there) for arm in ARMS}
    curves = {arm: curve for arm, curve in curves.items() if curve}
    values = [value for curve in curves.values() for point in curve.values() for value in point]
    last = max(iteration for curve in curves.values() for iteration in curve)
    low, top = min(values), max(values)
    low, top = low - 0.05 * (top - low + 1e-9), top + 0.05 * (top - low + 1e-9)
    left, upper, right, lower = MARGIN
    font = ImageFont.load_default(13)

    def at(iteration: float, value: float) -> tuple[float, float]:
        x = left + (iteration / max(1, last)) ** 0.5 * (PANEL[0] - left - right)
        return x, PANEL[1] - lower - (value - low) / (top - low) * (PANEL[1] - upper - lower)

    draw.text((left, 8), TITLES.get(name, name), "black", font)
    for value in np.linspace(low, top, 5):
        y = at(0, float(value))[1]
        draw.line([(left, y), (PANEL[0] - right, y)], (225, 225, 225))
        draw.text((left - 8, y), f"{value:.3g}", (90, 90, 90), font, anchor="rm")
    for iteration in sorted({i for curve in curves.values() for i in curve}):
        draw.text((at(iteration, low)[0], PANEL[1] - lower + 8), str(iteration), (90, 90, 90), font, anchor="mt")
    for number, (arm, curve) in enumerate(curves.items()):
        points = [at(i, mean) for i, (mean, _, _) in curve.items()]
        if len(points) > 1:
            draw.line(points, COLOURS[arm], 3)
        for (i, (_, least, most)), (x, y) in zip(curve.items(), points, strict=True):
            draw.line([at(i, least), at(i, most)], COLOURS[arm], 1)
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), COLOURS[arm])
        draw.text((PANEL[0] - right, upper + 4 + 17 * number), arm, COLOURS[arm], font, anchor="ra")


def draw_strips(
    trials: Path, pairs: Sequence[str], arms: Sequence[str], looks: Sequence[int], folder: Path, seed: int = 0
) -> list[Path]:
    """Return one picture a pair: B, a row an arm and a column a look, the true swap. What is missing is black."""
    written = []
    for pair in pairs:
        rows = [
            np.hstack([_square(trials / f"{pair}-{arm}-{seed}-{iteration:05d}.png") for iteration in looks])
            for arm in arms
        ]
        ends = [_square(trials / f"{pair}-{end}.png") for end in ("b", "truth")]
        sides = [np.vstack([end] + [np.full_like(end, 255)] * (len(rows) - 1)) for end in ends]
        path = folder / f"transfer-{pair}.png"
        write_image(path, np.hstack([sides[0], np.vstack(rows), sides[1]]))
        written.append(path)
    return written


def _square(path: Path) -> np.ndarray:
    if not path.is_file():
        return np.zeros((STRIP_PX, STRIP_PX, 3), np.uint8)
    return np.asarray(Image.fromarray(read_image(path)).resize((STRIP_PX, STRIP_PX), Image.Resampling.LANCZOS))
