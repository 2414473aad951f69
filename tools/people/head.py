"""The MakeHuman head as this tool uses it: base mesh, morph targets, proxies, neck joint.

Units are MakeHuman's decimetres: x to the viewer's right, y up, z towards the viewer; the neutral head faces +z.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from faceswap.utils.files.atomic import atomic_path
from tools.people.appearance import BROW_STYLES, HAIR_STYLES, LASH_STYLES
from tools.people.assets import Assets, cache_folder
from tools.people.mesh_files import Binding, read_binding, read_obj, read_target
from tools.people.part import Part
from tools.people.subdivision import catmull_clark

CUT_Y = 4.75  # below the collarbones nothing is drawn
CUT_X = 2.6
MODELLED = ("head", "forehead", "eyebrows", "neck", "eyes", "nose", "mouth", "ears", "chin", "cheek")
AVERAGE = {"caucasian": 0.34, "asian": 0.33, "african": 0.33}
# how far the head's turn carries a vertex that hangs on a bone of the neck
NECK_SHARES = {"neck03": 0.75, "neck02": 0.5, "neck01": 0.22}
FACE_BONES = re.compile(r"head|jaw|eye|levator|oculi|orbic|oris|risor|special0[1456]|tongue")

Targets = dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]


@dataclass(frozen=True)
class Modifier:
    """A slider of MakeHuman: the target for its positive side and, where it has one, for its negative side."""

    positive: str
    negative: str | None


class Head:
    """The geometry of all people; holds no identity. Positions are (V, 3) float32 of the whole base mesh."""

    def __init__(self, assets: Assets, subdivided: bool = True) -> None:
        self.assets = assets
        base = read_obj(assets.find("base.obj"))
        self.base = base
        self.targets = _load_targets(assets)
        self.modifiers = _read_modifiers(assets, self.targets)

        corners = base.vertices[base.faces]
        kept = (base.groups == "body") & (corners[:, :, 1].min(1) > CUT_Y) & (np.abs(corners[:, :, 0]).max(1) < CUT_X)
        self.used = np.unique(base.faces[kept])
        self.place = np.full(len(base.vertices), -1)  # base vertex -> row of the drawn body
        self.place[self.used] = np.arange(len(self.used))
        faces = self.place[base.faces[kept]]
        if subdivided:
            finer = catmull_clark(faces, len(self.used))
            self.smooth = finer.operator
            body = Part(finer.faces, finer.uvs(base.uvs, base.face_uvs[kept]))
        else:
            self.smooth = sparse.identity(len(self.used), dtype=np.float32, format="csr")
            body = Part(faces, base.uvs[base.face_uvs[kept]])
        self.parts: dict[str, Part] = {"body": body}
        self.bindings: dict[str, Binding] = {}
        for name in ("high-poly", "teeth_base", "tongue01", *HAIR_STYLES, *BROW_STYLES, *LASH_STYLES):
            self._add_proxy(name)

        self.head_share = _head_shares(assets, base.vertices)
        self.body_share = self.smooth @ self.head_share[self.used]
        self._joint = {
            joint: np.unique(base.faces[base.groups == f"joint-{joint}"])
            for joint in ("neck", "head", "l-eye", "r-eye")
        }

    def _add_proxy(self, name: str) -> None:
        mesh = read_obj(self.assets.find(f"{name}.obj"))
        self.parts[name] = Part(mesh.faces, mesh.uvs[mesh.face_uvs])
        self.bindings[name] = read_binding(self.assets.find(f"{name}.mhclo"))

    @cached_property
    def canonical_base(self) -> NDArray[np.float32]:
        """The average adult's base vertices: where masks and skin detail are painted."""
        return self.shape(macro_targets(gender=0.5, age=30.0, ancestry=AVERAGE))

    @cached_property
    def canonical(self) -> NDArray[np.float32]:
        """The average adult's body as drawn, (body vertices, 3)."""
        return self.body(self.canonical_base)

    def shape(self, weights: Mapping[str, float]) -> NDArray[np.float32]:
        """Return base vertices with these morph targets applied."""
        vertices = self.base.vertices.copy()
        self.apply(vertices, weights)
        return vertices

    def apply(self, vertices: NDArray[np.float32], weights: Mapping[str, float]) -> None:
        """Add morph targets to `vertices` in place; unknown names raise KeyError."""
        for name, weight in weights.items():
            if abs(weight) > 1e-4:
                indices, deltas = self.targets[name]
                vertices[indices] += np.float32(weight) * deltas

    def body(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the drawn (subdivided) body of base vertices."""
        return self.smooth @ vertices[self.used]

    def pivot(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the point about which the head turns: half way between the joints of neck and head."""
        return (vertices[self._joint["neck"]].mean(0) + vertices[self._joint["head"]].mean(0)) / 2

    def eye_centres(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return centres (2, 3) of the eye at the picture's right (+x) and left."""
        return np.stack([vertices[self._joint[f"{side}-eye"]].mean(0) for side in "lr"])

    def share_of(self, name: str) -> NDArray[np.float32]:
        """Return how far the head's turn carries each vertex of a proxy, (n,) in [0, 1]."""
        binding = self.bindings[name]
        return (self.head_share[binding.corners] * binding.weights[:, :, 0]).sum(1).clip(0, 1).astype(np.float32)


def macro_targets(
    gender: float, age: float, ancestry: Mapping[str, float], weight: float = 0.5, muscle: float = 0.5
) -> dict[str, float]:
    """Return MakeHuman's main sliders as target weights.

    `gender` 0 female to 1 male, `age` in years (18 to 90), the `ancestry` shares sum to one, `weight` and `muscle` in
    [0, 1] with 0.5 average.
    """
    old = float(np.clip((age - 25) / 65, 0, 1))
    ages = {"young": 1 - old, "old": old}
    genders = {"female": 1 - gender, "male": gender}
    weights: dict[str, float] = {}
    for sex, sex_share in genders.items():
        for stage, stage_share in ages.items():
            share = sex_share * stage_share
            for origin, origin_share in ancestry.items():
                weights[f"macrodetails/{origin}-{sex}-{stage}"] = share * origin_share
            for muscles, muscle_share in _low_middle_high(muscle).items():
                for mass, mass_share in _low_middle_high(weight).items():
                    name = f"macrodetails/universal-{sex}-{stage}-{muscles}muscle-{mass}weight"
                    weights[name] = share * muscle_share * mass_share
    return weights


def _low_middle_high(value: float) -> dict[str, float]:
    return {"min": max(0.0, 1 - 2 * value), "average": 1 - abs(2 * value - 1), "max": max(0.0, 2 * value - 1)}


def _load_targets(assets: Assets) -> Targets:
    """Return all morph targets of the head; parsed once, then kept in the cache folder."""
    cached = cache_folder() / "targets-1.pickle"
    if cached.exists():
        return pickle.loads(cached.read_bytes())
    wanted = re.compile(rf"({'|'.join(MODELLED)}|expression/units)/|macrodetails/[a-z]+-(fe)?male-(young|old)[a-z-]*$")
    targets = {name: read_target(path) for name, path in assets.targets() if wanted.match(name)}
    with atomic_path(cached) as path:
        path.write_bytes(pickle.dumps(targets))
    return targets


def _read_modifiers(assets: Assets, targets: Targets) -> tuple[Modifier, ...]:
    modifiers = []
    for group in json.loads(assets.find("modeling_modifiers.json").read_text()):
        if group["group"] not in MODELLED:
            continue
        for entry in group["modifiers"]:
            name = f"{group['group']}/{entry['target']}"
            if entry.get("min"):
                modifiers.append(Modifier(f"{name}-{entry['max']}", f"{name}-{entry['min']}"))
            else:
                modifiers.append(Modifier(name, None))
    return tuple(m for m in modifiers if m.positive in targets and (m.negative is None or m.negative in targets))


def _head_shares(assets: Assets, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far the head's turn carries each base vertex.

    1 on the head, falling down the neck, from the rig's weights.
    """
    carried = np.zeros(len(vertices), np.float32)
    total = np.zeros(len(vertices), np.float32)
    rig = json.loads(assets.find("default_weights.mhw").read_text())["weights"]
    for bone, pairs in rig.items():
        table = np.array(pairs)
        indices = table[:, 0].astype(int)
        share = 1.0 if FACE_BONES.match(bone) else NECK_SHARES.get(bone, 0.0)
        carried[indices] += share * table[:, 1]
        total[indices] += table[:, 1]
    shares = carried / np.maximum(total, 1e-6)
    unweighted = total == 0  # helper geometry, on which proxies hang
    shares[unweighted] = np.clip((vertices[unweighted, 1] - 5.8) / 0.7, 0, 1)
    return shares.astype(np.float32)
