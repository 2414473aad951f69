"""Import of directions in other programs' formats, without running any of their code.

What they mean differs. Puzer's .npy, (18, 512): the same vector for all rows, meant for the first 8; +1 is his
coefficient 1. InterFaceGAN's .npy, (1, 512): a unit normal; +1 is its distance 1. e4e's .pt: (1, 512), or
(1, 18, 512) for W+. GANSpace's .npz (lat_comp, lat_stdev) and e4e's .pt of it (comp, std): principal axes; +1 is one
standard deviation. Signs stay as the files have them, and authors disagree: Puzer's age and InterFaceGAN's point
opposite ways. Look at a sheet first.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.stylegan.directions.directions import Direction, DirectionSet
from faceswap.utils.errors import UserError, pass_on_out_of_memory, reason_of
from faceswap.utils.limits import DIRECTIONS_A_FILE, DIRECTIONS_BYTES
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.torch_files import read_torch_tensors

PUZER_ROWS = (0, 8)
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def import_directions(path: str | Path, name: str = "") -> DirectionSet:
    """Return the directions in a .npy, .npz or .pt file of another program; a single one is called `name` (default.

    The file).

    They are of no known generator, in the units of their authors.

    Raises:
        UserError: For anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"there are no directions {path}; accepted are .npy, .npz and .pt files")
    if path.stat().st_size > DIRECTIONS_BYTES:
        raise UserError(f"{path} is too large for directions ({DIRECTIONS_BYTES >> 20} MB at most)")
    if told := look_mistaken(path):
        raise UserError(f"cannot read the directions {path}: {told}")
    try:
        found = _directions(_arrays(path), name or path.stem, path.suffix.lower())
    except (ValueError, TypeError, LookupError, OSError, EOFError, RuntimeError, SyntaxError, RecursionError,
            zipfile.BadZipFile, zlib.error, OverflowError) as error:  # fmt: skip
        pass_on_out_of_memory(error)
        reason = reason_of(error)
        raise UserError(f"cannot read the directions {path}: {reason}") from error
    return DirectionSet(found, about={"imported": path.name})


def _arrays(path: Path) -> dict[str, NDArray]:
    """Return the arrays of a file by name; of a file with one array, under the name "array"."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return {"array": _npy(path.read_bytes())}
    if suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > 16 * DIRECTIONS_BYTES:
                raise ValueError("it unpacks to more than directions can be")
            names = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            # act_* are of activations, not of styles, and large
            chosen = {name: info for name, info in names.items() if name.startswith("lat_")}
            return {name: _npy(_unpacked(archive, info)) for name, info in chosen.items()}
    if suffix in (".pt", ".pth"):
        return {name: values.float().numpy() for name, values in read_torch_tensors(path).items()}
    raise ValueError("accepted are .npy, .npz and .pt files")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        data = file.read(DIRECTIONS_BYTES + 1)  # whatever the header says
    if len(data) > DIRECTIONS_BYTES:
        raise ValueError("it unpacks to more than directions can be")
    return data


def _npy(data: bytes) -> NDArray:
    """Return an array of plain numbers from the bytes of a .npy file; memory is taken only for what is there."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError("an unknown version of .npy")
    shape, is_fortran, dtype = _HEADERS[version](file)
    content = data[file.tell() :]
    if dtype.kind != "f" or dtype.hasobject:
        raise ValueError(f"it holds {dtype.name}, not floating point numbers")
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("its header and its contents disagree")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C").astype(np.float32)


def _directions(arrays: Mapping[str, NDArray], name: str, suffix: str) -> dict[str, Direction]:
    for axes, spreads in (("lat_comp", "lat_stdev"), ("comp", "std")):
        if axes in arrays:
            return _axes(arrays[axes], arrays[spreads])
    if "array" not in arrays:
        raise ValueError(f"it holds {', '.join(sorted(arrays)[:8]) or 'nothing'}, none of which is a direction")
    return {name: _single(name, arrays["array"], "InterFaceGAN" if suffix == ".npy" else "e4e")}


def _single(name: str, vector: NDArray, source: str) -> Direction:
    vector = vector[0] if vector.ndim == 3 and len(vector) == 1 else vector
    rows = None
    if vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    elif vector.ndim == 2 and (vector == vector[:1]).all():
        vector, rows, source = vector[0], PUZER_ROWS, "Puzer"
    if vector.ndim not in (1, 2):
        raise ValueError(f"an array of the shape {vector.shape} is no direction")
    length = float(np.linalg.norm(vector)) / (1 if vector.ndim == 1 else len(vector) ** 0.5)
    return Direction(name, vector, vector, length, rows=rows, source=f"as {source}'s")


def _axes(axes: NDArray, spreads: NDArray) -> dict[str, Direction]:
    axes, spreads = axes.reshape(len(axes), -1, axes.shape[-1]), np.asarray(spreads).ravel()
    if len(axes) != len(spreads) or len(axes) > DIRECTIONS_A_FILE:
        raise ValueError(f"it has {len(axes)} axes and {len(spreads)} spreads")
    found: dict[str, Any] = {}
    for number, (axis, spread) in enumerate(zip(axes, spreads, strict=True), 1):
        vector = axis[0] if len(axis) == 1 else axis
        found[f"pca{number}"] = Direction(f"pca{number}", vector, vector, float(spread), source="as GANSpace's")
    return found
