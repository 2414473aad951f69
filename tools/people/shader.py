"""Walks over the rasterised samples, gathers what lies under each and calls its material's shading function."""

from __future__ import annotations

import numpy as np

from tools.people.labels import Material
from tools.people.materials import eye_albedo, shade_eye, shade_hair, shade_solid, shade_wet
from tools.people.rasteriser import jit
from tools.people.reflection import dot, lit_share, unit
from tools.people.skin_shader import L_CLOTH, blend1, blend3, collar_height, shade_cloth_sample, shade_skin_sample

SKIN, MOUTH, EYE, TEETH, TONGUE, HAIR, BROW, LASH, FUR, SOLID = (int(m) for m in Material)


@jit
def shade_all(
    owner, weights, depth, near, samples, fine, scene, skin, outer, eye, hair, lamps, eye_position, colour, labels
):
    """Fill `colour` (H, W, 4) premultiplied linear RGBA and `labels` (H, W) for every sample that a triangle owns.

    Of a pixel's samples x samples only some are shaded: with `fine` those on the diagonal, else one of them, which one
    changing from pixel to pixel. The others take its colour where they lie on the same material within a depth of
    `near`, and are shaded where not: outlines stay smooth at a fraction of the cost.
    """
    height, width = owner.shape
    albedo = np.zeros(3, np.float32)
    out = np.zeros(3, np.float32)
    for pass_ in range(2):
        for j in range(height):
            for i in range(width):
                t = owner[j, i]
                if t < 0:
                    continue
                row, column = j % samples, i % samples
                chosen = (j // samples + i // samples) % samples
                leads = row == column and (fine or row == chosen)
                if leads != (pass_ == 0):
                    continue
                copied = False
                if pass_ == 1:
                    for attempt in range(2):
                        place = chosen if not fine else row if attempt == 0 else column
                        jj, ii = j - row + place, i - column + place
                        other = owner[jj, ii]
                        if copied or other < 0 or scene.materials[other] != scene.materials[t]:
                            continue
                        if abs(depth[jj, ii] - depth[j, i]) < near:
                            for channel in range(4):
                                colour[j, i, channel] = colour[jj, ii, channel]
                            labels[j, i] = labels[jj, ii]
                            copied = True
                if not copied:
                    w1, w2 = weights[j, i, 0], weights[j, i, 1]
                    labels[j, i] = shade_sample(
                        out, albedo, t, w1, w2, i, j, scene, skin, outer, eye, hair, lamps, eye_position
                    )
                    for channel in range(3):
                        colour[j, i, channel] = out[channel]
                    colour[j, i, 3] = 1


@jit
def shade_sample(out, albedo, t, w1, w2, i, j, scene, skin, outer, eye, hair, lamps, eye_position):
    """Return light from triangle t at barycentric weights w1, w2 into `out` (3,); returns the sample's class."""
    a, b, c = scene.triangles[t, 0], scene.triangles[t, 1], scene.triangles[t, 2]
    w0 = 1 - w1 - w2
    material = scene.materials[t]
    label = int(scene.labels[t])
    n = unit(blend3(scene.normals, a, b, c, w0, w1, w2))
    position = blend3(scene.positions, a, b, c, w0, w1, w2)
    to_eye = unit((eye_position[0] - position[0], eye_position[1] - position[1], eye_position[2] - position[2]))
    if dot(n, to_eye) < 0:
        n = (-n[0], -n[1], -n[2])
    open_ = w0 * scene.occlusion[a] + w1 * scene.occlusion[b] + w2 * scene.occlusion[c]
    open_ = min(max(open_, np.float32(0)), np.float32(1))
    lit = lit_share(lamps, position, n, i, j)
    if material == SKIN:
        place = blend3(scene.canonical, a, b, c, w0, w1, w2)
        below = collar_height(skin, place) - place[1]
        if below > 0:
            shade_cloth_sample(out, albedo, lamps, skin, place, below, n, to_eye, lit, open_)
            return L_CLOTH
        return shade_skin_sample(
            out, albedo, scene, skin, outer, lamps, a, b, c, w0, w1, w2, place, n, to_eye, lit, open_
        )
    if material == EYE:
        x, y = blend1(scene.uvs, a, b, c, w0, w1, w2, 0), blend1(scene.uvs, a, b, c, w0, w1, w2, 1)
        eye_albedo(albedo, eye, x, y)
        shade_eye(out, lamps, albedo, n, to_eye, lit, open_)
        return label
    for channel in range(3):
        albedo[channel] = blend1(scene.colours, a, b, c, w0, w1, w2, channel)
    if material in (MOUTH, TEETH, TONGUE):
        shade_wet(out, lamps, albedo, n, to_eye, lit, open_)
    elif material == SOLID:
        shade_solid(out, lamps, albedo, n, to_eye, lit, open_, np.float32(0.4))
    elif material == HAIR:
        strand = strand_brightness(hair, scene, a, b, c, w0, w1, w2)
        for channel in range(3):
            albedo[channel] = min(albedo[channel] * strand, np.float32(0.9))
        shade_hair(out, lamps, albedo, n, to_eye, lit, open_, hair.shine * min(strand, np.float32(2)))
    else:
        shade_hair(out, lamps, albedo, n, to_eye, lit, open_, hair.shine * np.float32(0.3))
    return label


@jit
def strand_brightness(hair, scene, a, b, c, w0, w1, w2):
    """Return relative brightness of the strand under a sample, from the style's texture."""
    height, width = hair.texture.shape
    u, v = blend1(scene.uvs, a, b, c, w0, w1, w2, 0), blend1(scene.uvs, a, b, c, w0, w1, w2, 1)
    x = min(max(u * width - np.float32(0.5), np.float32(0)), np.float32(width - 1.001))
    y = min(max((1 - v) * height - np.float32(0.5), np.float32(0)), np.float32(height - 1.001))
    column, row = int(x), int(y)
    fx, fy = x - column, y - row
    top = hair.texture[row, column] * (1 - fx) + hair.texture[row, column + 1] * fx
    bottom = hair.texture[row + 1, column] * (1 - fx) + hair.texture[row + 1, column + 1] * fx
    return (top * (1 - fy) + bottom * fy) ** np.float32(hair.contrast)
