"""Where on the average head the lips, beard, scalp and so on are: soft masks over the drawn body, painted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.head import Head

LIP_LINE_Y = 6.615


@dataclass(frozen=True, eq=False)
class Regions:
    """Masks (body vertices,) in [0, 1]; `cavity` is the inside of the mouth."""

    lips: NDArray[np.float32]
    beard: NDArray[np.float32]
    moustache: NDArray[np.float32]
    goatee: NDArray[np.float32]
    blush: NDArray[np.float32]
    scalp: NDArray[np.float32]
    nose: NDArray[np.float32]
    ears: NDArray[np.float32]
    freckly: NDArray[np.float32]
    upper_lids: NDArray[np.float32]
    under_eyes: NDArray[np.float32]
    folds: NDArray[np.float32]
    cavity: NDArray[np.bool_]


def paint_regions(head: Head) -> Regions:
    """Return all masks for this head's drawn body."""
    x, y, z = head.canonical.T
    side = np.abs(x)
    cavity = cavity_vertices(head)
    lips = np.where(cavity, 0, head.smooth @ _lip_rings(head)[head.used]).clip(0, 1)
    outside = (1 - lips) * ~cavity

    beard = _ramp(-y, -6.93, 0.25) * _ramp(z, 0.75, 0.5) * _ramp(y, 6.02, 0.15)
    moustache = np.exp(-(((y - 6.805) / 0.06) ** 2) - (x / 0.24) ** 2) * _ramp(z, 1.25, 0.1)
    sideburns = _bell(side, 0.72, 0.14) * _ramp(-y, -7.2, 0.3) * _ramp(y, 6.5, 0.2) * _ramp(z, 0.5, 0.3)
    bare_cheek = 0.9 * np.exp(-(((side - 0.42) / 0.2) ** 2) - ((y - 6.95) / 0.18) ** 2)
    full = np.clip(np.maximum(np.maximum(beard, moustache), sideburns) - bare_cheek, 0, 1)
    chin = np.exp(-((x / 0.22) ** 2)) * _ramp(-y, -6.56, 0.25) * _ramp(y, 6.16, 0.2) * _ramp(z, 0.95, 0.3)

    cheeks = np.exp(-(((side - 0.46) / 0.2) ** 2) - ((y - 6.98) / 0.17) ** 2) * _ramp(z, 0.9, 0.3)
    nose_tip = 0.8 * np.exp(-((x / 0.13) ** 2) - ((y - 6.93) / 0.14) ** 2) * _ramp(z, 1.4, 0.1)
    ears = _ramp(side, 0.70, 0.04) * (y > 6.65) * (y < 7.62) * (z > 0.12) * (z < 0.95)
    blush = (
        cheeks + nose_tip + 0.55 * ears + 0.3 * np.exp(-((x / 0.2) ** 2) - ((y - 6.33) / 0.1) ** 2) * _ramp(z, 1.1, 0.2)
    )

    nose_half_width = 0.085 + 0.125 * np.clip((7.20 - y) / 0.3, 0, 1)
    nose = _ramp(nose_half_width, side, 0.03) * _ramp(y, 6.85, 0.05) * _ramp(-y, -7.36, 0.1) * (z > 1.2)
    face = _ramp(z, 0.95, 0.3) * _ramp(y, 6.15, 0.2) * _ramp(-y, -8.0, 0.2)

    eye_side, eye_up = (side - 0.30) / 0.19, y - 7.325
    upper_lids = np.exp(-(eye_side**4) - ((eye_up - 0.085) / 0.06) ** 2) * _ramp(z, 1.1, 0.1)
    under_eyes = np.exp(-(eye_side**4) - ((eye_up + 0.12) / 0.055) ** 2) * _ramp(z, 1.1, 0.1)
    fold_x = 0.17 + 0.35 * (6.92 - y)  # from the wing of the nose to the mouth's corner
    folds = _bell(side, fold_x, 0.035) * _ramp(y, 6.66, 0.1) * _ramp(-y, -6.95, 0.1) * _ramp(z, 1.1, 0.1)

    masks = dict(
        lips=lips,
        beard=full * outside,
        moustache=moustache * outside,
        goatee=np.maximum(chin, moustache) * outside,
        blush=blush.clip(0, 1),
        scalp=_scalp(side, y, z, ears) * ~cavity,
        nose=nose * outside,
        ears=ears,
        freckly=face * outside,
        upper_lids=upper_lids,
        under_eyes=under_eyes,
        folds=folds,
    )
    return Regions(**{name: np.asarray(mask, np.float32) for name, mask in masks.items()}, cavity=cavity)


def cavity_vertices(head: Head) -> NDArray[np.bool_]:
    """Return which drawn body vertices (body vertices,) lie inside the mouth, by MakeHuman's texture layout."""
    part = head.parts["body"]
    cavity = np.zeros(len(head.canonical), bool)
    cavity[part.source] = _is_cavity(part.uvs)
    return cavity


def _is_cavity(uvs: NDArray) -> NDArray[np.bool_]:
    return (uvs[..., 0] > 0.75) & (uvs[..., 1] < 0.15)


def _lip_rings(head: Head) -> NDArray[np.float32]:
    """Return lip mask of base vertices: rings of vertices counted outwards from the seam between mouth and skin."""
    body = np.isin(head.base.faces, head.used).all(1) & (head.base.groups == "body")
    faces, centres = head.base.faces[body], head.base.uvs[head.base.face_uvs[body]].mean(1)
    inner = _is_cavity(centres)
    mask = np.zeros(len(head.base.vertices), np.float32)
    reached = np.zeros(len(head.base.vertices), bool)
    ring = np.intersect1d(faces[inner], faces[~inner])
    height = head.base.vertices[:, 1]
    for number in range(8):
        if number < 6:
            mask[ring] = 1.0
        elif number == 6:
            mask[ring] = np.where(height[ring] > 6.62, 0.75, 1.0)
        else:
            mask[ring] = np.where(height[ring] > 6.60, 0.0, 0.6)
        reached[ring] = True
        touching = faces[~inner][reached[faces[~inner]].any(1)]
        ring = np.unique(touching[~reached[touching]])
    return mask


def _scalp(side: NDArray, y: NDArray, z: NDArray, ears: NDArray) -> NDArray:
    """Return where hair grows: above a hairline that is high in front and drops behind the temples."""
    hairline = 7.95 - 0.55 * np.clip((side - 0.45) / 0.35, 0, 1) ** 1.5
    behind = 6.75 + 0.35 * np.clip(z / 0.5, 0, 1)
    height = np.where(z < 0.62, behind, hairline)
    around_ear = (side > 0.64) & (y > 6.72) & (y < 7.46) & (z > 0.18)
    return np.clip((y - height) / 0.22 + 0.3, 0, 1) * (ears < 0.5) * ~around_ear


def _ramp(value: NDArray, middle: NDArray | float, width: float) -> NDArray:
    """Return 0 to 1 over `width` around `middle`."""
    return np.clip((value - middle) / width + 0.5, 0, 1)


def _bell(value: NDArray, middle: NDArray | float, width: float) -> NDArray:
    return np.exp(-(((value - middle) / width) ** 2))
