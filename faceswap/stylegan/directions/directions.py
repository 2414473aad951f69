"""Editing directions in the latent space, and their file format."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import load_pretrained
from faceswap.utils.files.tensor_files import (
    HEADER_KEY,
    DamagedCheckpoint,
    read_description,
    read_tensors,
    save_tensors,
)
from faceswap.utils.limits import DIRECTIONS_BYTES
from faceswap.utils.untrusted.reading import parse_json

SHIPPED = "stylegan-people-128-directions"
STRONGEST = 4.0  # sigmas; further out a generator has never been
_KIND = "directions"
_UNREADABLE = (DamagedCheckpoint, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)

Space = Literal["w", "w+"]


@dataclass(frozen=True, eq=False)
class Direction:
    """One direction. Strengths are in sigmas: +1 raises its score by the standard deviation of the samples' scores.

    `normal` (w_size,) float32, the unit normal of the hyperplane that parts faces with more of it from those with less,
    and `intercept`: `normal @ w + intercept` is the signed distance of a face from it. `step` is the unit vector to
    move along: the normal itself, or what is left of it without other attributes. In "w+" both are (rows, w_size), of
    length 1 in the root mean square over rows. `scale`: length of one sigma along `step`. `rows`: first and last + 1
    row that it is to be applied to (None: all).

    `accuracy`: shares of held-out samples on the right side, by "surest", "confident" and "all"; of pairs, under "all",
    the share of those held out whose drawing changes as the picture does. `generator`: hash of
    the generator it was found in ("" unknown: an imported one). `source`: where it comes from, in words.
    """

    name: str
    normal: NDArray[np.float32]
    step: NDArray[np.float32]
    scale: float
    intercept: float = 0.0
    rows: tuple[int, int] | None = None
    accuracy: Mapping[str, float] = field(default_factory=dict)
    generator: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "normal", _unit(self.name, "normal", self.normal))
        object.__setattr__(self, "step", _unit(self.name, "step", self.step))
        if self.step.shape != self.normal.shape:
            raise ValueError(f"direction {self.name}: step {self.step.shape}, but normal {self.normal.shape}")
        if not (np.isfinite(self.scale) and self.scale > 0 and np.isfinite(self.intercept)):
            raise ValueError(f"direction {self.name}: scale must be above 0 and all numbers finite, not {self.scale}")
        if self.rows is not None and not 0 <= self.rows[0] < self.rows[1]:
            raise ValueError(f"direction {self.name}: rows must be first < last, not {self.rows}")

    @property
    def space(self) -> Space:
        """Whether it is one vector for all rows (w) or one for each (w+)."""
        return "w" if self.normal.ndim == 1 else "w+"

    @property
    def w_size(self) -> int:
        """Numbers of a style."""
        return self.normal.shape[-1]

    def score(self, rows: Tensor) -> Tensor:
        """Return signed distances (N,) of codes (N, rows, w_size) or (N, w_size) from the hyperplane, in sigmas."""
        normal = torch.from_numpy(self.normal).to(rows)
        values = rows
        if self.space == "w":
            values = rows if rows.ndim == 2 else rows[:, slice(*(self.rows or (None,)))].mean(1)
            return (values @ normal + self.intercept) / self.scale
        return ((values * normal).sum((1, 2)) / len(normal) + self.intercept) / self.scale


@dataclass(frozen=True, eq=False)
class DirectionSet:
    """Directions of one generator, by name.

    `leakage` (K, K) of the first K: [i, j] tells by how many of its standard deviations attribute j changes when a
    face is moved by 2 sigmas along direction i, measured on pictures (None: not measured). `about`: how they were
    found.
    """

    directions: Mapping[str, Direction]
    leakage: NDArray[np.float32] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Direction:
        """Return the direction called `name`. Raises UserError that lists those there are."""
        if name not in self.directions:
            known = ", ".join(sorted(self.directions)) or "none"
            raise UserError(f"there is no direction '{name}' (there are: {known})")
        return self.directions[name]

    def tagged(self, generator_hash: str) -> DirectionSet:
        """Return the set with all its directions said to belong to a generator."""
        return dataclasses.replace(
            self,
            directions={
                name: dataclasses.replace(direction, generator=generator_hash)
                for name, direction in self.directions.items()
            },
        )

    def table(self) -> Iterator[str]:
        """Yield accuracies and leakage as lines of text."""
        leakage = np.zeros((0, 0)) if self.leakage is None else self.leakage
        width = max([len(name) for name in self.directions] + [9])
        heads = [f"{name[:9]:>9}" for name in list(self.directions)[: len(leakage)]]
        yield " ".join([f"{'':{width}}", "surest %", "held-out %", "all %", *heads])
        for place, (name, direction) in enumerate(self.directions.items()):
            shares = [100 * direction.accuracy.get(kind, float("nan")) for kind in ("surest", "confident", "all")]
            changes = [f"{change:>+9.2f}" for change in leakage[place]] if place < len(leakage) else []
            yield " ".join(
                [f"{name:{width}}", f"{shares[0]:>8.1f}", f"{shares[1]:>10.1f}", f"{shares[2]:>5.1f}", *changes]
            )

    def only_for(self, generator_hash: str) -> DirectionSet:
        """Return the set itself.

        Raises:
            UserError: One of its directions was found in another generator.
        """
        for direction in self.directions.values():
            check_generator(direction, generator_hash)
        return self


def check_generator(direction: Direction, generator_hash: str) -> None:
    """Raise UserError when a direction was found in another generator: in this one it would mean nothing."""
    if direction.generator and direction.generator != generator_hash:
        raise UserError(
            f"the direction '{direction.name}' was found in another generator ({direction.generator[:12]}, not "
            f"{generator_hash[:12]}): find it in this one with python -m faceswap.directions"
        )


def move(rows: Tensor, direction: Direction, sigmas: float | Tensor, only: tuple[int, int] | None = None) -> Tensor:
    """Return codes (N, rows, w_size) moved along a direction by `sigmas` (a number, or (N,) of them).

    Args:
        only: First and last + 1 row that move (default: the direction's own).

    Raises:
        UserError: The sizes differ.
    """
    step = torch.from_numpy(direction.step * np.float32(direction.scale)).to(rows)
    if direction.w_size != rows.shape[-1] or (direction.space == "w+" and len(step) != rows.shape[-2]):
        raise UserError(
            f"the direction '{direction.name}' is for styles of {tuple(direction.normal.shape)} numbers, this "
            f"generator has {tuple(rows.shape[-2:])}"
        )
    first, last = only or direction.rows or (0, rows.shape[-2])
    chosen = torch.zeros(rows.shape[-2], 1, dtype=rows.dtype, device=rows.device)
    chosen[first:last] = 1
    strength = torch.as_tensor(sigmas, dtype=rows.dtype, device=rows.device).reshape(-1, 1, 1)
    return rows + strength * chosen * step


def save_directions(path: str | Path, found: DirectionSet) -> None:
    """Write a set as one small safetensors file, atomically."""
    tensors, told = {}, {}
    for name, direction in found.directions.items():
        tensors[f"{name}.normal"] = torch.from_numpy(direction.normal)
        tensors[f"{name}.step"] = torch.from_numpy(direction.step)
        plain = dataclasses.asdict(direction)
        told[name] = {key: plain[key] for key in plain if key not in ("name", "normal", "step")}
    if found.leakage is not None:
        tensors["leakage"] = torch.from_numpy(np.asarray(found.leakage, np.float32))
    description = {"kind": _KIND, "directions": told, "about": dict(found.about)}
    with atomic_path(path) as temp:
        save_tensors(tensors, temp, {HEADER_KEY: json.dumps(description)})


def load_directions(source: str | Path | None = None) -> DirectionSet:
    """Return the set in a file (None: the shipped one, of the shipped generator).

    Raises:
        UserError: It cannot be read.
    """
    path = Path(source or SHIPPED)
    try:
        description, tensors = _read_shipped() if source is None else _read(path)
        if description.get("kind") != _KIND:
            raise UserError(f"{path} holds no directions of this program; import others with import_from={path.name}")
        found = {name: _direction(name, told, tensors) for name, told in description["directions"].items()}
        leakage = tensors.get("leakage")
        if leakage is not None and not (leakage.ndim == 2 and len(found) >= len(leakage) == leakage.shape[1]):
            raise ValueError("its leakage matrix is of another size")
        return DirectionSet(found, leakage, dict(description.get("about", {})))
    except _UNREADABLE as error:
        raise UserError(f"cannot read the directions {path}: {error or type(error).__name__}") from error


def save_direction(path: str | Path, direction: Direction) -> None:
    """Write one direction, as a set of one."""
    save_directions(path, DirectionSet({direction.name: direction}))


def load_direction(source: str | Path, name: str | None = None) -> Direction:
    """Return the direction `name` of a file; without a name the only one there. Raises UserError."""
    found = load_directions(source)
    if name is None and len(found.directions) != 1:
        raise UserError(f"{source} holds several directions ({', '.join(sorted(found.directions))}): name one")
    return found[name or next(iter(found.directions))]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray]]:
    if not path.is_file():
        raise UserError(f"there are no directions at {path}; find some with python -m faceswap.directions")
    if path.stat().st_size > DIRECTIONS_BYTES:
        raise UserError(f"{path} is too large for a file of directions ({DIRECTIONS_BYTES >> 20} MB at most)")
    return read_description(path), {name: tensor.float().numpy() for name, tensor in read_tensors(path).items()}


def _read_shipped() -> tuple[dict[str, Any], dict[str, NDArray]]:
    arrays, texts = load_pretrained(SHIPPED)
    return parse_json(texts[HEADER_KEY]), dict(arrays)


def _direction(name: str, told: Any, tensors: Mapping[str, NDArray]) -> Direction:
    rows, accuracy = told.get("rows"), told.get("accuracy", {})
    return Direction(
        name=str(name),
        normal=tensors[f"{name}.normal"],
        step=tensors[f"{name}.step"],
        scale=float(told["scale"]),
        intercept=float(told["intercept"]),
        rows=None if rows is None else (int(rows[0]), int(rows[1])),
        accuracy={str(key): float(value) for key, value in accuracy.items()},
        generator=str(told.get("generator", "")),
        source=str(told.get("source", "")),
    )


def _unit(name: str, what: str, vector: NDArray) -> NDArray[np.float32]:
    """Return the vector as float32, scaled to length 1 (in w+ in the root mean square over rows)."""
    array = np.asarray(vector, np.float32)
    if array.ndim not in (1, 2) or 0 in array.shape or not np.isfinite(array).all():
        raise ValueError(f"direction {name}: {what} must be finite (w_size,) or (rows, w_size), not {array.shape}")
    # In float64: the squares of large numbers overflow, and a direction divided by infinity is none.
    exact = array.astype(float)
    length = float(np.linalg.norm(exact)) / (1 if array.ndim == 1 else len(array) ** 0.5)
    if length < 1e-12:
        raise ValueError(f"direction {name}: {what} is zero")
    return array if abs(length - 1) < 1e-6 else (exact / length).astype(np.float32)
