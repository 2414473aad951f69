"""A person talking to the camera: one Moment a frame, moving as people do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.people.curves import blinks, fixations, now_and_then, smooth, sway
from tools.people.expression import both
from tools.people.moment import Moment
from tools.people.seeds import stream
from tools.people.speech import Speech, babble


@dataclass(frozen=True, eq=False)
class Take:
    """A shot: its moments at `rate` per second and what is said."""

    moments: list[Moment]
    speech: Speech
    rate: float

    @property
    def seconds(self) -> float:
        """Length of the shot."""
        return len(self.moments) / self.rate


def talk(seed: int, count: int, scene: Moment, rate: float = 25.0, head_deviation_degrees: float = 9.0) -> Take:
    """Return `count` moments in `scene` (its camera, light, background, clothes).

    Speech, sway, glances, blinks, smiles, brows.
    """
    rng = stream(seed, "motion")
    seconds = np.arange(count) / rate
    speech = babble(rng, count / rate)
    mouth = speech.mouth[speech.at(seconds)]
    talking = smooth(speech.loudness[speech.at(seconds)], 0.25, rate)

    spread = head_deviation_degrees
    yaw = sway(rng, count, rate, 4.5, spread) + sway(rng, count, rate, 1.6, spread * 0.22) * talking
    pitch = sway(rng, count, rate, 4.0, spread * 0.4) + sway(rng, count, rate, 0.9, spread * 0.15) * talking
    roll = sway(rng, count, rate, 4.5, spread * 0.3)
    head = np.stack([np.clip(yaw, -30, 30), np.clip(pitch, -12, 12), np.clip(roll, -10, 10)], 1)
    gaze = fixations(rng, count, rate)
    # eyes hold the camera while the head turns
    gaze[:, 0] = np.clip(gaze[:, 0] - 0.55 * smooth(head[:, 0], 0.1, rate), -22, 22)
    gaze[:, 1] = np.clip(gaze[:, 1] - 0.45 * smooth(head[:, 1], 0.1, rate), -12, 12)

    lids = blinks(rng, count, rate)
    smile = now_and_then(
        rng, count, rate, pause_seconds=2.6, hold_seconds=(1.2, 2.8), ramp_seconds=0.18, strength=(0.3, 0.8)
    )
    raised = now_and_then(
        rng, count, rate, pause_seconds=2.2, hold_seconds=(0.3, 0.9), ramp_seconds=0.09, strength=(0.2, 0.7)
    )
    frown = now_and_then(
        rng, count, rate, pause_seconds=5, hold_seconds=(0.5, 1.4), ramp_seconds=0.14, strength=(0.1, 0.45)
    )
    worry = now_and_then(
        rng, count, rate, pause_seconds=6, hold_seconds=(0.6, 1.6), ramp_seconds=0.15, strength=(0.3, 0.7)
    )
    frown = frown * (1 - np.clip(raised * 1.5, 0, 1))
    worry = worry * (1 - np.clip(raised + frown, 0, 1))
    shift = np.stack([sway(rng, count, rate, 5, 0.045), sway(rng, count, rate, 4, 0.02)], 1)

    moments = []
    for k in range(count):
        expression = _face(mouth[k], lids[k], smile[k], raised[k], frown[k], worry[k], gaze[k, 1])
        x, y = scene.camera.shift
        camera = replace(scene.camera, shift=(x + float(shift[k, 0]), y + float(shift[k, 1])))
        turned = float(head[k, 0]), float(head[k, 1]), float(head[k, 2])
        film = replace(scene.film, seed=seed * 100_000 + k)
        looking = float(gaze[k, 0]), float(gaze[k, 1])
        moments.append(
            replace(scene, expression=expression, gaze=looking, head=turned, camera=camera, film=film, kind="talk")
        )
    return Take(moments, speech, rate)


def _face(
    mouth, lids: float, smile: float, raised: float, frown: float, worry: float, gaze_pitch: float
) -> dict[str, float]:
    """Return expression units of one instant. A smile leaves less room for pursed lips; lids follow a downward gaze."""
    opening, spread, pursing, protrusion = (float(value) for value in mouth)
    open_lids = 1 - lids
    expression = {
        "mouth-open": min(opening * 0.95, 0.6),
        "mouth-retraction": spread * 0.6,
        "mouth-pursing": pursing * (1 - 0.7 * smile),
        "mouth-protusion": protrusion * (1 - 0.7 * smile),
        "mouth-corner-puller": smile,
        "mouth-elevation": 0.1 * smile,
        "mouth-upward-retraction": 0.25 * smile * min(1.0, opening * 3),
        **both("eye-{}-closure", max(lids, min(0.35, 0.02 * max(gaze_pitch, 0.0)))),
        **both("eye-{}-slit", (0.04 + 0.2 * smile) * open_lids),
        **both("eye-{}-opened-up", 0.35 * raised * open_lids),
        **both("eyebrows-{}-up", 0.8 * raised),
        **both("eyebrows-{}-down", frown + 0.08 * lids),
        **both("eyebrows-{}-inner-up", worry),
    }
    return {unit: float(weight) for unit, weight in expression.items()}
