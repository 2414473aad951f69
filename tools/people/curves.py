"""Smooth curves over time that people's motion is made of; all sampled at a constant rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]


def sway(rng: np.random.Generator, count: int, rate: float, period_seconds: float, deviation: float) -> Curve:
    """Return a wandering curve (count,) around 0: six sines of periods near the given one."""
    seconds = np.arange(count) / rate
    total = np.zeros(count)
    for _ in range(6):
        frequency = rng.uniform(0.4, 1.6) / period_seconds
        total += rng.normal() * np.sin(2 * np.pi * frequency * seconds + rng.uniform(0, 2 * np.pi))
    return total * deviation / np.sqrt(3)


def smooth(curve: NDArray, seconds: float, rate: float) -> Curve:
    """Return the curve blurred by a Gaussian of that deviation."""
    sigma = max(seconds * rate, 0.3)
    reach = np.arange(-int(4 * sigma) - 1, int(4 * sigma) + 2)
    kernel = np.exp(-0.5 * (reach / sigma) ** 2)
    return np.convolve(np.pad(curve, len(reach) // 2, mode="edge"), kernel / kernel.sum(), "valid")


def now_and_then(
    rng: np.random.Generator,
    count: int,
    rate: float,
    *,
    pause_seconds: float,
    hold_seconds: tuple[float, float],
    ramp_seconds: float,
    strength: tuple[float, float],
) -> Curve:
    """Return a curve that is 0 but for events: after a pause of about `pause_seconds` one rises, holds and falls."""
    curve = np.zeros(count)
    start = rng.uniform(0.2, pause_seconds)
    while start < count / rate:
        hold = rng.uniform(*hold_seconds)
        curve[int(start * rate) : int((start + hold) * rate)] = rng.uniform(*strength)
        start += hold + rng.exponential(pause_seconds) + 0.4
    return smooth(curve, ramp_seconds, rate)


def blinks(rng: np.random.Generator, count: int, rate: float) -> Curve:
    """Return closure of the lids in [0, 1]: every two to five seconds shut within 80 ms, open again within 200."""
    seconds = np.arange(count) / rate
    closure = np.zeros(count)
    start = rng.uniform(0.4, 1.5)
    while start < seconds[-1]:
        t = seconds - start
        opening = np.clip(1 - (t - 0.12) / 0.18, 0, 1) ** 1.5
        closure = np.maximum(closure, np.select([t < 0, t < 0.08, t < 0.12], [0, t / 0.08, 1], opening))
        start += rng.uniform(1.8, 5)
    return closure


def fixations(rng: np.random.Generator, count: int, rate: float) -> NDArray[np.float64]:
    """Return gaze (count, 2) in degrees of yaw and pitch.

    It rests for half a second to two, then jumps within 50 ms; mostly it comes back to the camera.
    """
    seconds = np.arange(count) / rate
    gaze = np.zeros((count, 2))
    place = np.zeros(2)
    start = 0.0
    while start < seconds[-1] + 0.1:
        away = rng.random() < 0.6
        following = np.clip(rng.normal(0, [6, 2.8]), [-15, -8], [15, 8]) if away else np.zeros(2)
        share = np.clip((seconds - start) / 0.05, 0, 1)[:, None]
        later = seconds >= start
        gaze[later] = (place + (following - place) * share * share * (3 - 2 * share))[later]
        place = following
        start += rng.uniform(0.5, 2.2)
    return gaze
