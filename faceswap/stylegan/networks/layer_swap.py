"""Layer swapping: the coarse layers of one generator with the fine layers of another fine-tuned from it.

Pinkney and Adler 2020, "Resolution Dependent GAN Interpolation for Controllable Image Synthesis Between Domains".
"""

from __future__ import annotations

import copy

from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.errors import UserError


def swapped_layers(shapes: Generator, texture: Generator, swap_at: int = 16) -> Generator:
    """Return `shapes` below `swap_at` px, with its mapping; `texture` from there on.

    For a cartoon of a face, `shapes` is the cartoons' generator where their large eyes are wanted, and that of people
    where the likeness is.

    Raises:
        UserError: The two are not built alike or `swap_at` is none of their resolutions.
    """
    if shapes.settings != texture.settings:
        differing = [name for name, value in shapes.settings.items() if texture.settings.get(name) != value]
        raise UserError(f"layers can be swapped between generators of one build only; these differ in {differing[0]}")
    sides = shapes.synthesis.block_sizes
    if swap_at not in sides:
        raise UserError(f"swap_at={swap_at}: these generators have {', '.join(map(str, sides))}")
    result = copy.deepcopy(shapes)
    for side in sides:
        if side >= swap_at:
            setattr(result.synthesis, f"b{side}", copy.deepcopy(getattr(texture.synthesis, f"b{side}")))
    return result
