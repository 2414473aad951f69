"""Latents of inverted photos in files, and smoothing of a film's latents in time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.values import AlignedFace, Frame
from faceswap.stylegan.inversion.pivotal_tuning import Tuning
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash
from faceswap.track.smoothing import centred_windows
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.tensor_files import (
    HEADER_KEY,
    DamagedCheckpoint,
    read_description,
    read_tensors,
    save_tensors,
)
from faceswap.utils.limits import FRAME_SIDE_PX, LATENT_BYTES, MEASURED_MAGNITUDE

SUFFIX = ".latent.safetensors"
_KIND = "latent"
_UNREADABLE = (DamagedCheckpoint, ValueError, LookupError, TypeError, AttributeError, RuntimeError, OverflowError)


@dataclass(frozen=True, eq=False)
class Latent:
    """An inverted photo: `rows` (rows, w_size) and perhaps a `tuning`, which belong to one generator.

    `frame_to_crop` (2, 3): from the photo's pixels to the crop of `size_px`; `points` (68, 2) in the photo's pixels;
    `losses` by name; `source`: the photo's path, and of a film its `frame`.
    """

    rows: Tensor
    generator: str
    frame_to_crop: NDArray[np.float64]
    points: NDArray[np.float32]
    size_px: int
    source: str
    losses: Mapping[str, float] = field(default_factory=dict)
    tuning: Tuning | None = None
    frame: int = 0

    def save(self, path: str | Path) -> None:
        """Write it as safetensors, atomically."""
        tensors = {
            "rows": self.rows,
            "frame_to_crop": torch.from_numpy(self.frame_to_crop),
            "points": torch.from_numpy(self.points),
        }
        if self.tuning is not None:
            tensors |= self.tuning.tensors()
        told = {
            "kind": _KIND,
            "generator": self.generator,
            "size_px": self.size_px,
            "source": self.source,
            "losses": dict(self.losses),
            "frame": self.frame,
        }
        with atomic_path(path) as temp:
            save_tensors(tensors, temp, {HEADER_KEY: json.dumps(told)})

    @classmethod
    def load(cls, path: str | Path, generator: Generator) -> Latent:
        """Return from a file.

        Raises:
            UserError: It is none, is damaged, or belongs to another generator.
        """
        path = Path(path)
        if not path.is_file() or path.stat().st_size > LATENT_BYTES:
            raise UserError(f"there is no inverted photo {path}; make one with python -m faceswap.invert photo=...")
        try:
            told, tensors = read_description(path), read_tensors(path)
            if told.get("kind") != _KIND:
                raise UserError(f"{path} holds no inverted photo; make one with python -m faceswap.invert photo=...")
            if told["generator"] != generator_hash(generator):
                raise UserError(f"{path} belongs to another generator; invert the photo again with this one")
            return _latent(told, tensors, generator)
        except _UNREADABLE as error:
            pass_on_out_of_memory(error)
            raise UserError(f"cannot read the inverted photo {path}: {error or type(error).__name__}") from error


def _latent(told: dict[str, Any], tensors: Mapping[str, Tensor], generator: Generator) -> Latent:
    rows, matrix, points = tensors["rows"].float(), tensors["frame_to_crop"].double(), tensors["points"].float()
    if rows.shape != (generator.rows, generator.w_size) or matrix.shape != (2, 3) or points.shape != (68, 2):
        raise ValueError("its numbers have other shapes")
    if not all(bool(values.isfinite().all()) for values in (rows, matrix, points)):
        raise ValueError("its numbers are not finite")
    if (
        not 1e-9 < abs(float(torch.linalg.det(matrix[:, :2]))) < MEASURED_MAGNITUDE
        or float(points.abs().max()) > FRAME_SIDE_PX
    ):
        raise ValueError("its crop lies nowhere in a picture")
    if int(told["size_px"]) != generator.resolution:
        raise ValueError("its crop has another size than the generator's pictures")
    losses = {str(name): float(value) for name, value in dict(told["losses"]).items()}
    tuning = Tuning.from_tensors(generator, tensors)
    return Latent(
        rows,
        str(told["generator"]),
        matrix.numpy(),
        points.numpy(),
        int(told["size_px"]),
        str(told["source"]),
        losses,
        None if tuning is None else tuning.requires_grad_(False),
        max(0, int(told["frame"])),
    )


@dataclass(frozen=True, eq=False)
class CodedFrame:
    """A frame, the views of its faces, their tracks, and `rows` (n, rows, w_size), one code for each."""

    frame: Frame
    views: Sequence[AlignedFace]
    tracks: Sequence[int]
    rows: Tensor


def smoothed_codes(stream: Iterable[CodedFrame], smooth_frames: int) -> Iterator[CodedFrame]:
    """Yield the same frames, each code the Gaussian mean of its track's over `smooth_frames` to both sides.

    So many frames are held back. Nothing is mixed across a frame without the track: there the window ends, so that
    the first and last codes of a shot are means of fewer. 0: all goes through unchanged.
    """
    if smooth_frames <= 0:
        yield from stream
        return
    for window, now in centred_windows(stream, smooth_frames):
        yield _smoothed(window, now, smooth_frames)


def _smoothed(window: Sequence[CodedFrame], now: int, smooth_frames: int) -> CodedFrame:
    coded = window[now]
    if not len(coded.rows):
        return coded
    means = [_mean(window, now, track, own, smooth_frames) for track, own in zip(coded.tracks, coded.rows, strict=True)]
    return replace(coded, rows=torch.stack(means))


def _mean(window: Sequence[CodedFrame], now: int, track: int, own: Tensor, smooth_frames: int) -> Tensor:
    total, weights = own.clone(), 1.0
    for steps in (range(now - 1, -1, -1), range(now + 1, len(window))):
        for index in steps:
            distance = abs(index - now)
            rows = _rows_of(window[index], track)
            if rows is None or distance > smooth_frames:
                break
            weight = float(np.exp(-2 * (distance / smooth_frames) ** 2))  # two standard deviations reach the end
            total, weights = total + weight * rows, weights + weight
    return total / weights


def _rows_of(coded: CodedFrame, track: int) -> Tensor | None:
    """Return the code of a track in a frame, None when it is not there, or not alone."""
    found = [rows for number, rows in zip(coded.tracks, coded.rows, strict=True) if number == track]
    return found[0] if track >= 0 and len(found) == 1 else None
