"""The 68-point scheme (iBUG / 300-W order): parts, mirror partners and the mean face that alignment aims at."""

from __future__ import annotations

import numpy as np

JAW = slice(0, 17)
BROWS = slice(17, 27)
BROW_RIGHT, BROW_LEFT = slice(17, 22), slice(22, 27)  # the person's right brow: on the left of the picture
NOSE = slice(27, 36)
EYE_RIGHT = slice(36, 42)  # the person's right eye: on the left of the picture
EYE_LEFT = slice(42, 48)
MOUTH = slice(48, 68)
INNER_LIPS = slice(60, 68)
INNER = slice(17, 68)  # without the jaw, whose points slide along the silhouette when the head turns

# FLIP_68[i] is the point that takes the place of point i in a mirrored picture.
FLIP_68 = np.array(
    [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    + [26, 25, 24, 23, 22, 21, 20, 19, 18, 17]
    + [27, 28, 29, 30, 35, 34, 33, 32, 31]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)

# Mean face, left half and midline: x (to the picture's right), y (down), z (away from the camera), in units of the
# distance between the outer ends of the brows; the origin is the mean of the inner points. x and y: the symmetric
# Procrustes mean of frontal faces; z: the mean of this project's rendered heads.
_MEAN_HALF = {
    0: (-0.610, -0.202, 0.454),
    1: (-0.605, -0.075, 0.590),
    2: (-0.597, 0.054, 0.542),
    3: (-0.568, 0.229, 0.505),
    4: (-0.512, 0.395, 0.460),
    5: (-0.424, 0.536, 0.356),
    6: (-0.345, 0.610, 0.217),
    7: (-0.201, 0.706, 0.097),
    8: (0.000, 0.749, 0.050),
    17: (-0.500, -0.386, 0.282),
    18: (-0.446, -0.438, 0.078),
    19: (-0.362, -0.466, 0.021),
    20: (-0.253, -0.461, -0.038),
    21: (-0.129, -0.445, -0.047),
    27: (0.000, -0.254, -0.025),
    28: (0.000, -0.130, -0.094),
    29: (0.000, -0.040, -0.165),
    30: (0.000, 0.035, -0.197),
    31: (-0.118, 0.117, -0.047),
    32: (-0.071, 0.146, -0.078),
    33: (0.000, 0.148, -0.132),
    36: (-0.394, -0.247, 0.150),
    37: (-0.337, -0.277, 0.095),
    38: (-0.249, -0.283, 0.085),
    39: (-0.157, -0.236, 0.098),
    40: (-0.235, -0.221, 0.091),
    41: (-0.322, -0.218, 0.105),
    48: (-0.229, 0.349, 0.008),
    49: (-0.137, 0.282, -0.064),
    50: (-0.070, 0.262, -0.107),
    51: (0.000, 0.272, -0.122),
    57: (0.000, 0.465, -0.077),
    58: (-0.071, 0.459, -0.052),
    59: (-0.179, 0.405, -0.030),
    60: (-0.208, 0.348, 0.020),
    61: (-0.057, 0.326, -0.051),
    62: (0.000, 0.328, -0.065),
    66: (0.000, 0.383, -0.073),
    67: (-0.057, 0.379, -0.046),
}


def _mean_face() -> np.ndarray:
    mean = np.zeros((68, 3))
    for index, (x, y, z) in _MEAN_HALF.items():
        mean[FLIP_68[index]] = (-x, y, z)
        mean[index] = (x, y, z)
    mean.setflags(write=False)
    return mean


MEAN_FACE = _mean_face()
