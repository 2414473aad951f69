"""What every picture needs and no person changes: head geometry, painted regions, baked occlusion, textures.

Loaded once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.people.appearance import BROW_STYLES, HAIR_STYLES, LASH_STYLES
from tools.people.assets import Assets
from tools.people.head import Head
from tools.people.labels import Material
from tools.people.landmarks import dense_vertices
from tools.people.occlusion import load_occlusion
from tools.people.regions import paint_regions
from tools.people.skin_detail import cylinder_uvs, load_details
from tools.people.textures import Cutout, colours_at, load_cutout, strand_field

EYES, TEETH, TONGUE = "high-poly", "teeth_base", "tongue01"


class Wardrobe:
    """`eye_triangles` without the cornea's shell, `eye_uvs` offsets from the eye's axis as shares of its radius.

    `eye_sides` +1 and -1 per source vertex; `body_materials` skin or mouth per triangle; `masks` (body vertices, 7) as
    in `Scene`, the last 1 everywhere.
    """

    def __init__(self, assets: Assets, subdivided: bool = True) -> None:
        self.head = head = Head(assets, subdivided)
        self.regions = paint_regions(head)
        self.occlusion = load_occlusion(head)
        self.details = load_details(head)
        self.cutouts: dict[str, Cutout] = {
            name: load_cutout(assets, name) for name in (*HAIR_STYLES, *BROW_STYLES, *LASH_STYLES)
        }
        self.strands = strand_field()
        self.dense = dense_vertices(head)

        body = head.parts["body"]
        self.body_uvs = cylinder_uvs(head.canonical)[body.source]
        inside = self.regions.cavity[body.source][body.triangles].all(1)
        self.body_materials = np.where(inside, Material.MOUTH, Material.SKIN).astype(np.uint8)
        self.masks = self._masks()
        self._prepare_eyes()
        self._prepare_mouth()

    def _masks(self) -> NDArray[np.float32]:
        r = self.regions
        return np.stack([r.lips, r.beard, r.freckly, r.scalp, r.nose, r.ears, np.ones_like(r.lips)], 1)

    def _prepare_eyes(self) -> None:
        """Leave out the cornea, whose shell lies over the iris, and measure places on the ball."""
        part = self.head.parts[EYES]
        rest = self.head.bindings[EYES].fit(self.head.canonical_base)
        self.eye_sides = np.where(rest[:, 0] > 0, 1, -1)
        shell = _components(part.triangles, part.source, rest)
        self.eye_triangles = part.triangles[~shell[part.source][part.triangles].all(1)]
        self.eye_is_ball = ~shell
        uvs = np.zeros((len(rest), 2), np.float32)
        for side in (1, -1):
            ball = rest[self.eye_is_ball & (self.eye_sides == side)]
            centre = (ball.min(0) + ball.max(0)) / 2
            radius = np.ptp(ball[:, 0]) / 2
            own = self.eye_sides == side
            uvs[own] = (rest[own, :2] - centre[:2]) / radius
        self.eye_uvs = uvs[part.source]

    def _prepare_mouth(self) -> None:
        head, assets = self.head, self.head.assets
        teeth = head.parts[TEETH]
        height = head.bindings[TEETH].fit(head.canonical_base)[teeth.source][:, 1][teeth.triangles]
        self.teeth_triangles = teeth.triangles[(height.min(1) > 6.60) & (height.max(1) < 6.86)]
        colours = colours_at(assets, "teeth.png", teeth.uvs)
        gum = np.clip((colours[:, :1] - colours[:, 1:2] - 0.08) / 0.12, 0, 1)
        white = np.minimum(colours * 1.8, 0.88) * [0.96, 0.89, 0.77]
        self.teeth_colours = (white * (1 - gum) + colours * [0.8, 0.55, 0.55] * gum).astype(np.float32)
        tongue = colours_at(assets, "tongue01_diffuse.png", head.parts[TONGUE].uvs)
        self.tongue_colours = (tongue * [0.75, 0.6, 0.6]).astype(np.float32)


def _components(triangles: NDArray, source: NDArray, rest: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which source vertices belong to a shell (the cornea).

    Of each side's two pieces the one that reaches further forward.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = source[triangles[:, [0, 1, 1, 2]]].reshape(-1, 2)
    links = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(rest), len(rest)))
    count, piece = connected_components(links, directed=False)
    foremost = np.array([rest[piece == k, 2].max() for k in range(count)])
    return foremost[piece] > np.median(foremost)
