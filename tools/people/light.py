"""Light: three directional lamps and an ambient sky in spherical harmonics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Convolution of a spherical harmonic with the clamped cosine, divided by pi, for degrees 0, 1, 2.
# R. Ramamoorthi, P. Hanrahan, "An efficient representation for irradiance environment maps", SIGGRAPH 2001.
COSINE_LOBE = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)


@dataclass(frozen=True, eq=False)
class Light:
    """`directions` (3, 3) unit vectors towards key, fill and rim lamp.

    `colours` (3, 3) linear RGB; `sharpness` (3,) cosine beyond which a lamp shows as a glint in the eye; `harmonics`
    (9, 3) the sky's irradiance over pi by normal.
    """

    directions: NDArray[np.float32]
    colours: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    harmonics: NDArray[np.float32]

    def frontal_irradiance(self) -> float:
        """Return mean over the channels of what falls on a surface that faces +z, over pi.

        What the exposure is set by.
        """
        forward = sky_basis(np.array([[0.0, 0.0, 1.0]]))[0] @ self.harmonics
        lamps = np.clip(self.directions[:, 2], 0, None) @ self.colours
        return float(np.mean(forward + lamps))


def sky_basis(directions: NDArray) -> NDArray[np.float64]:
    """Return the nine real spherical harmonics up to degree 2 at unit directions (n, 3) -> (n, 9)."""
    x, y, z = np.asarray(directions, np.float64).T
    constant = np.full_like(x, 0.2821)
    return np.stack(
        [
            constant,
            0.4886 * y,
            0.4886 * z,
            0.4886 * x,
            1.0925 * x * y,
            1.0925 * y * z,
            0.3154 * (3 * z * z - 1),
            1.0925 * x * z,
            0.5463 * (x * x - y * y),
        ],
        1,
    )


def even_directions(count: int) -> NDArray[np.float64]:
    """Return directions spread evenly over the sphere (a Fibonacci spiral), (count, 3)."""
    k = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * k / count)
    azimuth = np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(azimuth) * np.sin(polar), np.cos(polar), np.sin(azimuth) * np.sin(polar)], 1)


def direction(azimuth: float, elevation: float) -> NDArray[np.float64]:
    """Return the unit vector at these angles in degrees: (0, 0) is +z, azimuth + towards +x, elevation + up."""
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def kelvin(temperature: float) -> NDArray[np.float64]:
    """Return a rough linear RGB tint of a black body between 2,000 and 10,000 K, white at 6,500 K."""
    t = (temperature - 6500) / 3500
    return np.clip([1 - 0.22 * t, 1 - 0.02 * t * t, 1 + 0.28 * t], 0.3, 2)


def random_light(rng: np.random.Generator, camera_yaw: float = 0.0) -> Light:
    """Return a plausible portrait light, indoors or out, laid around the camera's side of the head."""
    key = rng.uniform(0.5, 2.2)
    ambient = rng.uniform(0.25, 0.9)
    directions = np.stack(
        [
            direction(camera_yaw + rng.uniform(-75, 75), rng.uniform(-5, 60)),
            direction(camera_yaw + rng.uniform(-110, 110), rng.uniform(-20, 50)),
            direction(camera_yaw + rng.choice([-1, 1]) * rng.uniform(110, 165), rng.uniform(0, 50)),
        ]
    )
    colours = np.stack(
        [
            kelvin(rng.uniform(3800, 8500)) * key,
            kelvin(rng.uniform(3800, 9000)) * key * rng.uniform(0.05, 0.5),
            kelvin(rng.uniform(3800, 9000)) * rng.uniform(0, 1.2),
        ]
    )
    sharpness = np.array([rng.uniform(0.955, 0.99), rng.uniform(0.97, 0.992), 0.995])
    top = kelvin(rng.uniform(4500, 9500)) * rng.uniform(0.4, 1.3)
    bottom = kelvin(rng.uniform(3500, 6500)) * rng.uniform(0.1, 0.6)
    side = kelvin(rng.uniform(3500, 9000)) * rng.uniform(0, 0.8)
    side_direction = direction(rng.uniform(-180, 180), rng.uniform(-10, 40))

    over = even_directions(600)
    up = np.clip(over[:, 1:2] * 0.5 + 0.5, 0, 1)
    lobe = np.exp(3 * (over @ side_direction - 1))[:, None]
    return _light(directions, colours, sharpness, over, ambient * (top * up + bottom * (1 - up) + side * lobe))


def studio_light(warmth: float = 5600.0, key_azimuth: float = -32.0) -> Light:
    """Return a soft, even portrait light: key from the side and above, a weak fill, a bright sky."""
    directions = np.stack([direction(key_azimuth, 28), direction(-key_azimuth * 1.5, 10), direction(150, 35)])
    colours = np.stack([kelvin(warmth) * 0.95, kelvin(warmth + 900) * 0.3, kelvin(warmth + 1500) * 0.5])
    over = even_directions(600)
    up = np.clip(over[:, 1:2] * 0.5 + 0.5, 0, 1)
    sky = 0.75 * (kelvin(warmth + 1200) * up + kelvin(warmth - 1200) * 0.45 * (1 - up))
    return _light(directions, colours, np.array([0.97, 0.985, 0.995]), over, sky)


def _light(directions: NDArray, colours: NDArray, sharpness: NDArray, over: NDArray, sky: NDArray) -> Light:
    """Return a Light whose sky has the radiance `sky` (n, 3) in the directions `over` (n, 3)."""
    basis = sky_basis(over)
    coefficients = np.einsum("nk,nc->kc", basis, sky) * (4 * np.pi / len(over))
    single = np.float32
    return Light(
        directions.astype(single),
        colours.astype(single),
        sharpness.astype(single),
        (coefficients * COSINE_LOBE[:, None]).astype(single),
    )
