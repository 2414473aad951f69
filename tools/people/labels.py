"""Segmentation classes and the materials that surfaces are made of."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """What a pixel shows; the value is what label pictures hold."""

    BACKGROUND = 0
    SKIN = 1
    BROWS = 2
    EYES = 3
    NOSE = 4
    LIPS = 5
    MOUTH_INSIDE = 6
    HAIR = 7
    NECK = 8
    CLOTH = 9
    OCCLUDER = 10
    BEARD = 11
    EARS = 12


# Colours of the classes in contact sheets (RGB).
LABEL_COLOURS = {
    Label.BACKGROUND: (30, 30, 34),
    Label.SKIN: (236, 188, 160),
    Label.BROWS: (120, 70, 30),
    Label.EYES: (80, 160, 255),
    Label.NOSE: (250, 150, 120),
    Label.LIPS: (220, 40, 90),
    Label.MOUTH_INSIDE: (120, 10, 50),
    Label.HAIR: (90, 60, 140),
    Label.NECK: (200, 150, 90),
    Label.CLOTH: (60, 120, 80),
    Label.OCCLUDER: (250, 230, 60),
    Label.BEARD: (150, 110, 40),
    Label.EARS: (200, 100, 160),
}


class Material(IntEnum):
    """How a triangle is shaded."""

    SKIN = 0
    MOUTH = 1
    EYE = 2
    TEETH = 3
    TONGUE = 4
    HAIR = 5
    BROW = 6
    LASH = 7
    FUR = 8
    SOLID = 9
