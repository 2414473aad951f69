"""One shading function a material: light that leaves the surface towards the eye, linear RGB.

Arguments: `n` unit normal on the seen side, `to_eye`, `lit` share of the key lamp, `open_` ambient occlusion (1
open), `albedo`.
"""

from __future__ import annotations

import numpy as np

from tools.people.rasteriser import hash01, jit
from tools.people.reflection import dot, gloss, lamp_direction, mirrored, sky, smoothstep, unit

IRIS_RADIUS = np.float32(0.50)  # of the eyeball's
ZERO = np.float32(0)
ONE = np.float32(1)
MOST_GLOSS = np.float32(0.25)  # of a lamp: single pores must not sparkle


@jit
def pick(channel, red, green, blue):
    """Return the value of one channel."""
    return np.float32(red) if channel == 0 else np.float32(green) if channel == 1 else np.float32(blue)


@jit
def eased(x, power):
    """Return about x ** power for x in [0, 1] and powers near one, without the cost of a power."""
    return x * (1 + (1 - power) * (1 - x))


@jit
def shade_skin(out, lamps, albedo, n, bumped, to_eye, lit, open_, roughness, oil, softness, lip_gloss):
    """Skin and cloth (softness 0).

    Light that wanders under the skin is taken as a wrapped cosine, widest in red, over a normal that is smoother the
    farther the colour travels; the gloss has two lobes.
    """
    facing = max(dot(bumped, to_eye), np.float32(0.02))
    sheen = (
        (np.float32(0.028) + np.float32(0.5) * (1 - facing) ** 5 * (1 - roughness)) * open_ * open_ * np.float32(0.8)
    )
    shine = oil * (1 + lip_gloss) * open_
    for channel in range(3):
        light = sky(lamps, n, channel)
        out[channel] = light * (albedo[channel] * eased(open_, pick(channel, 0.75, 0.95, 1.05)) + sheen * shine)
    broad_roughness = min(roughness + np.float32(0.2), np.float32(0.9))
    for k in range(3):
        towards = lamp_direction(lamps, k)
        smooth_cosine, cosine = dot(n, towards), dot(bumped, towards)
        if smooth_cosine < np.float32(-0.45) and cosine < 0:
            continue
        reach = lit if k == 0 else np.float32(0.3) + np.float32(0.7) * open_
        glossy = gloss(bumped, to_eye, towards, roughness, np.float32(0.028)) * np.float32(0.75)
        glossy += gloss(n, to_eye, towards, broad_roughness, np.float32(0.028)) * np.float32(0.5)
        glossy = min(glossy, MOST_GLOSS) * reach * shine
        for channel in range(3):
            wrap = pick(channel, 0.38, 0.16, 0.09) * softness
            blur = pick(channel, 0.85, 0.45, 0.30)
            mixed = cosine * (1 - blur) + smooth_cosine * blur
            soft = min(max((mixed + wrap) / ((1 + wrap) * (1 + wrap)), ZERO), ONE)
            # the shadow's edge bleeds red
            bleed = eased(reach, pick(channel, 0.35, 0.8, 1.0)) if k == 0 and softness > 0 else reach
            out[channel] += (albedo[channel] * soft * bleed + glossy) * lamps.colours[k, channel]


@jit
def eye_albedo(albedo, look, x, y):
    """Paint the eyeball at (x, y), offsets from the eye's axis as shares of its radius: white, limbus, iris, pupil."""
    radius = np.sqrt(x * x + y * y)
    angle = np.arctan2(y, x)
    along = radius / IRIS_RADIUS
    spoke = int(np.floor((angle + np.float32(3.1416)) * np.float32(11.0)))
    ring = int(np.floor(along * np.float32(5.0)))
    fibre = np.float32(0.78) + np.float32(0.44) * (
        np.float32(0.6) * hash01(spoke, ring, look.seed) + np.float32(0.4) * hash01(spoke * 3, look.seed, 5)
    )
    iris = smoothstep(np.float32(1.04), np.float32(0.95), along)
    pupil = smoothstep(np.float32(look.pupil + 0.05), np.float32(look.pupil - 0.05), along)
    limbus = smoothstep(np.float32(0.72), np.float32(1.0), along) * np.float32(0.68)
    collar = smoothstep(np.float32(look.pupil + 0.35), np.float32(look.pupil + 0.05), along) * np.float32(0.35)
    vein = smoothstep(np.float32(1.2), np.float32(2.0), along)
    for channel in range(3):
        white = look.white[channel] * (1 - vein * pick(channel, 0.06, 0.26, 0.28))
        colour = look.iris[channel] * fibre * (1 - limbus) * (1 + collar * pick(channel, 1.0, 0.55, 0.2))
        colour = colour * (1 - pupil) + np.float32(0.004) * pupil
        albedo[channel] = white * (1 - iris) + colour * iris


@jit
def shade_eye(out, lamps, albedo, n, to_eye, lit, open_):
    """A wet ball: soft diffuse light and the lamps' mirror images on the cornea."""
    seen = mirrored(n, to_eye)
    wet = smoothstep(np.float32(0.1), np.float32(0.5), open_)
    depth = np.float32(0.35) + np.float32(0.65) * open_
    for channel in range(3):
        out[channel] = sky(lamps, n, channel) * open_ * albedo[channel] * depth
        out[channel] += sky(lamps, seen, channel) * np.float32(0.035) * wet
    for k in range(3):
        towards = lamp_direction(lamps, k)
        reach = np.float32(0.25) + np.float32(0.75) * lit if k == 0 else open_
        diffuse = max((dot(n, towards) + np.float32(0.25)) / np.float32(1.5625), ZERO) * reach * depth
        along, edge = dot(seen, towards), lamps.sharpness[k]
        glint = smoothstep(edge - np.float32(0.004), edge + np.float32(0.008), along) * np.float32(0.9)
        glint += np.float32(0.03) * max(along, ZERO) ** 24
        glint *= wet * (np.float32(0.3) + np.float32(0.7) * lit if k == 0 else ONE)
        for channel in range(3):
            out[channel] += (albedo[channel] * diffuse + glint) * lamps.colours[k, channel]


@jit
def shade_wet(out, lamps, albedo, n, to_eye, lit, open_):
    """Teeth, gums and tongue: translucent and shiny."""
    for channel in range(3):
        out[channel] = sky(lamps, n, channel) * open_ * albedo[channel]
    for k in range(3):
        towards = lamp_direction(lamps, k)
        # light also comes in through the lips and from tooth to tooth
        reach = (np.float32(0.35) + np.float32(0.65) * lit if k == 0 else open_) * open_
        diffuse = max((dot(n, towards) + np.float32(0.3)) / np.float32(1.5), ZERO) * reach
        glossy = gloss(n, to_eye, towards, np.float32(0.30), np.float32(0.04)) * np.float32(0.7) * reach
        for channel in range(3):
            out[channel] += (albedo[channel] * diffuse + glossy) * lamps.colours[k, channel]


@jit
def shade_hair(out, lamps, albedo, n, to_eye, lit, open_, shine):
    """Strands: light wraps far round, one broad tinted highlight."""
    for channel in range(3):
        out[channel] = sky(lamps, n, channel) * open_ * np.float32(0.8) * albedo[channel]
    for k in range(3):
        towards = lamp_direction(lamps, k)
        diffuse = max((dot(n, towards) + np.float32(0.4)) / np.float32(1.96), ZERO) * np.float32(0.75)
        diffuse *= lit if k == 0 else open_
        half = unit((to_eye[0] + towards[0], to_eye[1] + towards[1], to_eye[2] + towards[2]))
        highlight = max(dot(n, half), ZERO) ** 18 * shine * (lit if k == 0 else ONE)
        for channel in range(3):
            tinted = highlight * (albedo[channel] * np.float32(0.6) + np.float32(0.06))
            out[channel] += (albedo[channel] * diffuse + tinted) * lamps.colours[k, channel]


@jit
def shade_solid(out, lamps, albedo, n, to_eye, lit, open_, roughness):
    """Plastic, metal and other things before the face."""
    seen = mirrored(n, to_eye)
    for channel in range(3):
        out[channel] = sky(lamps, n, channel) * open_ * albedo[channel] + sky(lamps, seen, channel) * np.float32(0.04)
    for k in range(3):
        towards = lamp_direction(lamps, k)
        reach = lit if k == 0 else open_
        diffuse = max(dot(n, towards), ZERO) * reach
        glossy = gloss(n, to_eye, towards, roughness, np.float32(0.04)) * reach
        for channel in range(3):
            out[channel] += (albedo[channel] * diffuse + glossy) * lamps.colours[k, channel]
