"""Training images in one memory-mapped array, and reproducible batches of them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.face_set import ALIGNMENTS, FaceSet
from faceswap.media.listing import list_pictures
from faceswap.media.pictures.crops import square_crop
from faceswap.media.pictures.images import read_image
from faceswap.stylegan.data.alignment import style_of_stored
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.disk import create_npy
from faceswap.utils.images import to_signed_range
from faceswap.utils.numbers import evenly_spread
from faceswap.utils.progress import Progress
from faceswap.utils.untrusted.file_kinds import look_mistaken

TARGETS_FILE = "targets.npy"  # (N, R, R, 3) uint8: what the generator is to draw
SEEN_FILE = "seen.npy"  # the same faces as a camera shows them, for the encoder; the targets where there are none
FEWEST = 8
FINGERPRINTED = 256  # pictures of a fingerprint, evenly spaced
_LAYOUT = 1  # part of the key of packed pictures: raise it when what is stored changes
_PACKED = re.compile(r"pictures-\d+(-[0-9a-f]{20})?\.npy")

Cut = Callable[[Path, int], NDArray[np.uint8]]  # a file as a square picture of some px


class Pictures:
    """N pictures of `resolution` px.

    `targets`, `seen` (N, R, R, 3) uint8 RGB; `packed`: the file they are mapped from, where this program has made it.
    """

    def __init__(
        self, targets: NDArray[np.uint8], seen: NDArray[np.uint8] | None = None, packed: Path | None = None
    ) -> None:
        self.targets, self.seen, self.packed = targets, targets if seen is None else seen, packed

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def fingerprint(self) -> str:
        """What tells these pictures from others, wherever they lie: by their number and some of them."""
        digest = hashlib.sha256(f"{self.targets.shape}".encode())
        for place in evenly_spread(len(self), FINGERPRINTED):
            digest.update(self.targets[place].tobytes())
            if self.seen is not self.targets:
                digest.update(self.seen[place].tobytes())
        return digest.hexdigest()[:20]

    def batch(self, number: int, size: int, seed: int, mirror: bool) -> tuple[Tensor, Tensor]:
        """Return seen and target pictures (size, 3, R, R) in [-1, 1] of batch `number`.

        The same whenever it is asked for.

        Shuffled passes over all pictures, one after the other; `mirror` turns about half of them round.
        """
        count = len(self)
        places = np.arange(number * size, (number + 1) * size)
        passes = places // count
        orders = {int(p): np.random.default_rng([seed, int(p)]).permutation(count) for p in np.unique(passes)}
        chosen = [int(orders[int(p)][place % count]) for p, place in zip(passes, places, strict=True)]
        seen, targets = self.seen[chosen], self.targets[chosen]
        if mirror:
            turned = np.random.default_rng([seed, number, 1]).random(size) < 0.5
            seen[turned], targets[turned] = seen[turned, :, ::-1], targets[turned, :, ::-1]
        return to_signed_range(seen), to_signed_range(targets)


def open_pictures(source: Path, resolution: int, folder: Path, setting: str = "data") -> Pictures:
    """Open a folder of images, a face set, or a folder that holds targets.npy (and seen.npy) or such a file itself.

    Images are cut to their middle square, faces of a set to the style crop; both are packed in `folder` once, under a
    name that changes with every one of them.

    Raises:
        UserError: For a source without pictures, arrays of another kind or size, and a full disk.
    """
    file = source / TARGETS_FILE if source.is_dir() else source
    if file.is_file() and file.suffix == ".npy":
        targets = _array(file, resolution)
        seen = _array(source / SEEN_FILE, resolution) if (source / SEEN_FILE).is_file() else None
        if seen is not None and len(seen) != len(targets):
            raise UserError(f"{source}: {SEEN_FILE} holds {len(seen)} pictures, {TARGETS_FILE} {len(targets)}")
        return Pictures(targets, seen)
    if not source.is_dir():
        raise UserError(
            f"{setting}={source}: accepted are a folder of images, a face set and a folder with {TARGETS_FILE}"
        )
    files, cut = _listed(source)
    if len(files) < FEWEST:
        raise UserError(
            f"{setting}={source} holds {len(files)} pictures: a generator needs thousands, at least {FEWEST}"
        )
    packed = folder / f"pictures-{resolution}-{_key(source, files)}.npy"
    if not packed.is_file():
        _pack(files, cut, resolution, packed)
    return Pictures(_array(packed, resolution), packed=packed)


def packed_files(folder: Path) -> list[Path]:
    """Return the packed pictures in a folder, those of earlier sources and versions too."""
    return sorted(path for path in folder.glob("pictures-*.npy") if _PACKED.fullmatch(path.name))


def _listed(source: Path) -> tuple[list[Path], Cut]:
    """Return the pictures of a folder, and how each is cut."""
    if (source / ALIGNMENTS).is_file():
        faces = FaceSet.open(source)
        return [faces.path(index) for index in range(len(faces))], _style_crop
    return list(list_pictures(source, recursive=True)), _middle


def _key(source: Path, files: Sequence[Path]) -> str:
    """Return a key that changes with every picture (name, size, time)."""
    digest = hashlib.sha256(f"{_LAYOUT} {(source / ALIGNMENTS).is_file()}".encode())
    for file in files:
        stat = file.stat()
        digest.update(os.fsencode(file.relative_to(source)) + f"\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:20]


def _pack(files: Sequence[Path], cut: Cut, resolution: int, packed: Path) -> None:
    with atomic_path(packed) as temp, Progress(len(files), "pack", "picture") as progress:
        array = create_npy(temp, np.uint8, (len(files), resolution, resolution, 3))
        for place, path in enumerate(files):
            array[place] = cut(path, resolution)
            progress.advance()
        array.flush()
        del array


def _style_crop(path: Path, size_px: int) -> NDArray[np.uint8]:
    return style_of_stored(square_crop(path), size_px)


def _middle(path: Path, size_px: int) -> NDArray[np.uint8]:
    return middle_square(read_image(path), size_px)


def middle_square(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Return the largest square in the middle of (H, W, 3), size_px wide."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = np.ascontiguousarray(image[top : top + side, left : left + side])
    method = cv2.INTER_AREA if side >= size_px else cv2.INTER_CUBIC
    return cv2.resize(square, (size_px, size_px), interpolation=method)


def _array(file: Path, resolution: int) -> NDArray[np.uint8]:
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        told = look_mistaken(file) or "it is damaged or no array of numpy"
        raise UserError(f"cannot read {file}: {told}") from error
    if not isinstance(array, np.ndarray):  # np.load opens a zip, too, whatever its name
        raise UserError(f"cannot read {file}: it is an archive, no array of numpy")
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != (resolution, resolution, 3):
        raise UserError(
            f"{file} holds {array.dtype} of shape {array.shape}: resolution={resolution} needs uint8 "
            f"(N, {resolution}, {resolution}, 3)"
        )
    if len(array) < FEWEST:
        raise UserError(f"{file} holds {len(array)} pictures: a generator needs thousands, at least {FEWEST}")
    return array


def batch_on(pictures: Pictures, number: int, size: int, seed: int, mirror: bool, device: torch.device) -> list[Tensor]:
    """Return a batch on its device, in the layout of pictures: seen and targets."""
    both = pictures.batch(number, size, seed, mirror)
    return [images.to(device).contiguous(memory_format=torch.channels_last) for images in both]
