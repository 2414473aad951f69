"""Shading of skin and of the cloth below it: detail, relief, lips, moles, stubble, scalp."""

from __future__ import annotations

import numpy as np

from tools.people.labels import Label
from tools.people.materials import pick, shade_skin
from tools.people.rasteriser import jit
from tools.people.reflection import smoothstep, unit
from tools.people.surface import BEARD, EARS, FACE, FRECKLES, LIPS, NOSE, SCALP

NECK_BELOW_Y = np.float32(6.05)  # canonical height under the chin where the neck begins
L_SKIN, L_NOSE, L_LIPS, L_NECK, L_CLOTH, L_EARS = (
    int(x) for x in (Label.SKIN, Label.NOSE, Label.LIPS, Label.NECK, Label.CLOTH, Label.EARS)
)


@jit
def blend3(array, a, b, c, w0, w1, w2):
    """Interpolate rows a, b, c of an (n, 3) array."""
    return (
        w0 * array[a, 0] + w1 * array[b, 0] + w2 * array[c, 0],
        w0 * array[a, 1] + w1 * array[b, 1] + w2 * array[c, 1],
        w0 * array[a, 2] + w1 * array[b, 2] + w2 * array[c, 2],
    )


@jit
def blend1(array, a, b, c, w0, w1, w2, column):
    """Interpolate one column of rows a, b, c."""
    return w0 * array[a, column] + w1 * array[b, column] + w2 * array[c, column]


@jit
def collar_height(skin, place):
    """Return canonical height of the collar around the neck at a canonical place."""
    front_to_back = smoothstep(np.float32(0.35), np.float32(-0.25), place[2])
    height = skin.neckline[0] + (skin.neckline[1] - skin.neckline[0]) * front_to_back
    return height + skin.neckline[2] * place[0] * place[0]


@jit
def tangents(scene, a, b, c):
    """Return directions on triangle a, b, c in which the texture's u and v grow, scaled to dm per unit.

    Zeros if undefined.
    """
    p, t = scene.positions, scene.uvs
    du1, dv1 = t[b, 0] - t[a, 0], t[b, 1] - t[a, 1]
    du2, dv2 = t[c, 0] - t[a, 0], t[c, 1] - t[a, 1]
    area = du1 * dv2 - du2 * dv1
    zero = np.float32(0)
    if abs(area) < 1e-10:
        return (zero, zero, zero), (zero, zero, zero)
    r = 1 / area
    e = (p[b, 0] - p[a, 0], p[b, 1] - p[a, 1], p[b, 2] - p[a, 2])
    f = (p[c, 0] - p[a, 0], p[c, 1] - p[a, 1], p[c, 2] - p[a, 2])
    along_u = ((e[0] * dv2 - f[0] * dv1) * r, (e[1] * dv2 - f[1] * dv1) * r, (e[2] * dv2 - f[2] * dv1) * r)
    along_v = ((f[0] * du1 - e[0] * du2) * r, (f[1] * du1 - e[1] * du2) * r, (f[2] * du1 - e[2] * du2) * r)
    return along_u, along_v


@jit
def relief(skin, row, column):
    """Return height of the skin's detail at a texel, in units of its strength."""
    return (skin.detail[row, column, 0] * skin.pores + skin.detail[row, column, 1] * skin.wrinkles) * np.float32(
        1 / 255
    )


@jit
def bump(scene, skin, n, a, b, c, row, column, strength):
    """Return the normal tilted by the slope of the skin's detail."""
    height, width = skin.detail.shape[0], skin.detail.shape[1]
    here = relief(skin, row, column)
    slope_u = relief(skin, row, (column + 1) % width) - here
    slope_v = here - relief(skin, min(row + 1, height - 1), column)  # rows run down, v runs up
    along_u, along_v = tangents(scene, a, b, c)
    length_u = np.sqrt(along_u[0] ** 2 + along_u[1] ** 2 + along_u[2] ** 2) + np.float32(1e-6)
    length_v = np.sqrt(along_v[0] ** 2 + along_v[1] ** 2 + along_v[2] ** 2) + np.float32(1e-6)
    if length_u < 1e-4:
        return n
    # a height of 1 stands for 0.2 mm; slopes are capped where the texture is stretched
    gu = (
        min(max(slope_u * width / length_u * np.float32(0.02), np.float32(-0.35)), np.float32(0.35))
        * strength
        / length_u
    )
    gv = (
        min(max(slope_v * height / length_v * np.float32(0.02), np.float32(-0.35)), np.float32(0.35))
        * strength
        / length_v
    )
    return unit(
        (
            n[0] - gu * along_u[0] - gv * along_v[0],
            n[1] - gu * along_u[1] - gv * along_v[1],
            n[2] - gu * along_u[2] - gv * along_v[2],
        )
    )


@jit
def shade_cloth_sample(out, albedo, lamps, skin, place, below, n, to_eye, lit, open_):
    """Cloth: a weave of fine stripes, darker at the hem."""
    weave = np.float32(0.93) + np.float32(0.07) * np.sin(place[0] * 60 + np.sin(place[1] * 25)) * np.sin(place[1] * 55)
    stripes = 1 - np.float32(skin.cloth_pattern) * np.float32(0.5) * (
        np.float32(0.5) + np.float32(0.5) * np.sin(place[1] * 46)
    )
    hem = np.float32(0.72) + np.float32(0.28) * smoothstep(np.float32(0), np.float32(0.035), below)
    for channel in range(3):
        albedo[channel] = skin.cloth_colour[channel] * weave * hem * stripes
    shade_skin(
        out, lamps, albedo, n, n, to_eye, lit, open_, np.float32(0.85), np.float32(0.5), np.float32(0), np.float32(0)
    )


@jit
def shade_skin_sample(out, albedo, scene, inner, outer, lamps, a, b, c, w0, w1, w2, place, n, to_eye, lit, open_):
    """Return skin with its lips, moles, stubble and scalp; returns its class.

    `inner` is the look of the face, `outer` of the rest.
    """
    skin = inner if blend1(scene.masks, a, b, c, w0, w1, w2, FACE) > 0.5 else outer
    lip = smoothstep(np.float32(0.25), np.float32(0.75), blend1(scene.masks, a, b, c, w0, w1, w2, LIPS))
    beard = blend1(scene.masks, a, b, c, w0, w1, w2, BEARD)
    freckly = blend1(scene.masks, a, b, c, w0, w1, w2, FRECKLES)
    scalp = blend1(scene.masks, a, b, c, w0, w1, w2, SCALP)
    height, width = skin.detail.shape[0], skin.detail.shape[1]
    u, v = blend1(scene.uvs, a, b, c, w0, w1, w2, 0), blend1(scene.uvs, a, b, c, w0, w1, w2, 1)
    row = min(max(int((1 - v) * height), 0), height - 1)
    column = min(max(int(u * width), 0), width - 1)

    mottle = (skin.detail[row, column, 2] * np.float32(1 / 255) - np.float32(0.5)) * 2 * skin.mottling * (1 - lip)
    spots = smoothstep(np.float32(0.35), np.float32(0.8), skin.detail[row, column, 3] * np.float32(1 / 255))
    spots *= freckly * skin.freckles * (1 - lip)
    for k in range(skin.moles.shape[0]):
        dx, dy, dz = place[0] - skin.moles[k, 0], place[1] - skin.moles[k, 1], place[2] - skin.moles[k, 2]
        share = (dx * dx + dy * dy + dz * dz) / (skin.moles[k, 3] * skin.moles[k, 3])
        spots = max(spots, smoothstep(np.float32(1.7), np.float32(0.4), share))
    shadow = min(skin.stubble * beard, np.float32(1))
    hairs = smoothstep(
        np.float32(0.80),
        np.float32(0.35),
        skin.detail[row, column, 4] * np.float32(1 / 255) + np.float32(0.55) * (1 - shadow),
    )
    hairs = min(hairs * shadow, np.float32(0.8))
    for channel in range(3):
        value = blend1(scene.colours, a, b, c, w0, w1, w2, channel)
        value *= 1 + mottle * pick(channel, 0.05, 0.13, 0.12)
        value *= 1 - spots * pick(channel, 0.36, 0.61, 0.73)
        value = value * (1 - lip) + lip * skin.lip_colour[channel] * (1 + np.float32(0.05) * mottle)
        value *= 1 - shadow * pick(channel, 0.32, 0.28, 0.22)
        value = value * (1 - hairs) + hairs * skin.stubble_colour[channel]
        cover = skin.scalp * scalp
        albedo[channel] = min(value * (1 - cover) + cover * skin.scalp_colour[channel], np.float32(0.92))
    bumped = bump(scene, skin, n, a, b, c, row, column, (1 - np.float32(0.6) * scalp) * (1 - np.float32(0.5) * lip))
    roughness = skin.roughness - np.float32(0.12) * lip - np.float32(0.05) * freckly
    shade_skin(
        out, lamps, albedo, n, bumped, to_eye, lit, open_, roughness, skin.oil, np.float32(1), lip * skin.lip_gloss
    )
    if lip > 0.5:
        return L_LIPS
    if blend1(scene.masks, a, b, c, w0, w1, w2, NOSE) > 0.5:
        return L_NOSE
    if blend1(scene.masks, a, b, c, w0, w1, w2, EARS) > 0.5:
        return L_EARS
    return L_NECK if place[1] < NECK_BELOW_Y + (np.float32(1.346) - place[2]) * np.float32(0.42) else L_SKIN
