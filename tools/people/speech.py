"""Made-up speech: syllables that move the mouth, and a voice that says them. No language, nobody's voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tools.people.curves import smooth, sway

RATE = 200  # of the curves, per second
SAMPLE_RATE = 44100
VOWELS = "aeiou"
# opening, spread, pursing and protrusion of the lips
MOUTHS = {
    "a": (0.50, 0.00, 0.00, 0.00),
    "e": (0.26, 0.35, 0.00, 0.00),
    "i": (0.14, 0.55, 0.00, 0.00),
    "o": (0.38, 0.00, 0.45, 0.15),
    "u": (0.18, 0.00, 0.75, 0.35),
    "m": (0.00, 0.00, 0.05, 0.00),
    "f": (0.06, 0.10, 0.00, 0.00),
}
# first three resonances of the vowels in Hz for a deep voice
FORMANTS = np.array(
    [[750, 1250, 2600], [530, 1850, 2500], [300, 2250, 2950], [480, 900, 2450], [330, 780, 2300]], float
)
BANDWIDTHS_AND_GAINS = ((90, 1.0), (110, 0.6), (170, 0.3))
BLOCK = 256


@dataclass(frozen=True, eq=False)
class Speech:
    """`mouth` (n, 4) opening, spread, pursing, protrusion and `loudness` (n,) in [0, 1].

    `vowel` (n,) index into VOWELS, all at RATE per second.
    """

    mouth: NDArray[np.float64]
    loudness: NDArray[np.float64]
    vowel: NDArray[np.int64]

    def at(self, seconds: NDArray) -> NDArray[np.int64]:
        """Return indices of these times."""
        return np.minimum((np.asarray(seconds) * RATE).astype(int), len(self.loudness) - 1)


def babble(rng: np.random.Generator, seconds: float) -> Speech:
    """Return phrases of one to three seconds, about five syllables a second, pauses between them."""
    count = int((seconds + 1) * RATE)
    mouth, loudness, vowel = np.zeros((count, 4)), np.zeros(count), np.zeros(count, int)
    t = rng.uniform(0.1, 0.6) * RATE
    while t < count:
        phrase_end = t + rng.uniform(1.2, 3.2) * RATE
        while t < min(phrase_end, count - 0.2 * RATE):
            length = rng.uniform(0.13, 0.24) * RATE
            spoken = VOWELS[rng.integers(5)]
            stress, chance = rng.uniform(0.55, 1.15), rng.random()
            begin, middle, end = int(t), int(t + 0.3 * length), int(t + length)
            mouth[begin:middle] = np.array(MOUTHS["m" if chance < 0.3 else "f"]) + [0.08 * (chance > 0.45), 0, 0, 0]
            mouth[middle:end] = np.array(MOUTHS[spoken]) * stress
            loudness[begin:middle] = 0.12 * (chance > 0.3)
            loudness[middle:end] = 0.45 + 0.5 * stress
            vowel[begin:end] = VOWELS.index(spoken)
            t += length
        t += rng.uniform(0.25, 0.9) * RATE
    mouth = np.stack([smooth(column, 0.028, RATE) for column in mouth.T], 1)
    return Speech(mouth, smooth(loudness, 0.012, RATE).clip(0, 1.1), vowel)


def voice(rng: np.random.Generator, speech: Speech, seconds: float, pitch_hz: float) -> NDArray[np.float32]:
    """Return the sound of it, (samples,) in [-1, 1] at SAMPLE_RATE.

    A pulse train through three moving resonances, and hiss for the consonants (source and filter: G.

    Fant, 1960).
    """
    count = int(seconds * SAMPLE_RATE)
    times = np.arange(count) / SAMPLE_RATE
    at = np.arange(len(speech.loudness)) / RATE
    loudness = np.interp(times, at, speech.loudness)
    slow = sway(rng, int(seconds * 100) + 2, 100, 0.9, 0.12)
    pitch = (
        pitch_hz
        * (1 + np.interp(times, np.arange(len(slow)) / 100, slow))
        * (1 + 0.01 * np.sin(2 * np.pi * 5.3 * times))
    )
    phase = np.cumsum(pitch) / SAMPLE_RATE % 1
    pulses = np.where(phase < 0.6, np.sin(np.pi * phase / 0.6) ** 2, 0)
    source = np.diff(pulses, prepend=0) * 8 + rng.standard_normal(count) * 0.02

    size = 1.12 if pitch_hz > 150 else 1.0  # a shorter throat sounds higher
    voiced = np.zeros(count)
    for number, (bandwidth, gain) in enumerate(BANDWIDTHS_AND_GAINS):
        track = np.interp(times, at, smooth(FORMANTS[speech.vowel, number] * size, 0.03, RATE))
        voiced += gain * _resonate(source, track, bandwidth)
    voiced *= np.clip(loudness, 0, 1) ** 1.3
    voiced *= 0.6 / (np.abs(voiced).max() + 1e-9)
    hissing = np.interp(times, at, ((speech.loudness > 0.04) & (speech.loudness < 0.3)) * 0.02)
    hiss = np.diff(rng.standard_normal(count), prepend=0) * hissing
    return np.clip(voiced + hiss + rng.standard_normal(count) * 0.0012, -1, 1).astype(np.float32)


def _resonate(source: NDArray, frequency: NDArray, bandwidth: float) -> NDArray:
    """Return a two-pole resonance whose frequency moves, block by block."""
    radius = np.exp(-np.pi * bandwidth / SAMPLE_RATE)
    state, out = np.zeros(2), np.zeros(len(source))
    for start in range(0, len(source), BLOCK):
        angle = 2 * np.pi * frequency[min(start + BLOCK // 2, len(frequency) - 1)] / SAMPLE_RATE
        poles = [1, -2 * radius * np.cos(angle), radius * radius]
        block = slice(start, start + BLOCK)
        out[block], state = lfilter([1 - radius], poles, source[block], zi=state)
    return out
