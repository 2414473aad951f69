"""Face set -> one memory-mapped array, so that a face is decoded once and never again during training.

Behind the array stands the sha256 of all before it: a cache of which the disk has lost a part is made anew.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_set import FaceSet
from faceswap.curation.repair.painted import PaintedFaces
from faceswap.media.pictures.crops import read_crop
from faceswap.swap.data.face_mask import hull_mask
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.disk import create_npy
from faceswap.utils.files.links import remove
from faceswap.utils.progress import Progress
from faceswap.utils.untrusted.reading import open_regular

# The training warp resamples once more, bilinearly; with this many cached pixels per model pixel it stays sharp.
OVERSAMPLING = 1.25
_CHUNK_BYTES = 1 << 20
_CHUNK_FACES = 256
_SUM_BYTES = hashlib.sha256().digest_size
_LAYOUT = 2  # part of the key: raise it when what is stored changes

log = logging.getLogger(__name__)


def crop_px_for(resolution_px: int, coverage: float, stored_px: int) -> int:
    """Side of the cached crops for a model that sees `coverage` of them at `resolution_px`."""
    return min(stored_px, math.ceil(OVERSAMPLING * resolution_px / coverage))


def cached_faces(faces: FaceSet, folder: Path, name: str, size_px: int) -> Path:
    """A `.npy` file with all faces of a set: (N, size_px, size_px, 4) uint8, RGB and the face's hull mask.

    Made when there is none for exactly these images and alignments, or a damaged one; older ones of the same `name` are
    removed. Raises UserError for an image that cannot be read and for a full disk.
    """
    path = folder / f"{name}-{_key(faces, size_px)}.npy"
    if _is_whole(path, (len(faces), size_px, size_px, 4), np.uint8):
        return path
    for stale in folder.glob(f"{name}-*.npy"):
        remove(stale)
    with atomic_path(path) as temp:
        _build(faces, temp, size_px)
        _seal(temp)
    return path


def cached_points(faces: FaceSet, cache: Path) -> Path:
    """A `.npy` file beside the set's `cache`: the landmarks (N, 68, 2) float32 in shares of the crop's side."""
    path = cache.with_suffix(".points.npy")  # goes with the cache when that is stale
    if not _is_whole(path, (len(faces), 68, 2), np.float32):
        points = [(record.crop_points + 0.5) / record.size_px for record in faces.records]
        with atomic_path(path) as temp:
            with open(temp, "wb") as file:
                np.save(file, np.asarray(points, np.float32))
            _seal(temp)
    return path


def open_cache(path: Path) -> NDArray[np.uint8]:
    """The array of a cache file, read from the disk page by page as it is used."""
    return np.load(path, mmap_mode="r")


def face_with_mask(faces: FaceSet, index: int, size_px: int, painted: PaintedFaces | None = None) -> NDArray[np.uint8]:
    """One face as (size_px, size_px, 4) uint8: RGB and hull mask, without what was painted to stay as filmed."""
    record = faces.records[index]
    rgb = read_crop(faces.path(index), size_px)
    mask = hull_mask(record.crop_points, record.size_px)
    free = (painted or PaintedFaces()).in_crop(faces.path(index).parent, record)
    return np.dstack([rgb, _resized(mask if free is None else np.minimum(mask, free), size_px)])


def _build(faces: FaceSet, path: Path, size_px: int) -> None:
    shape = (len(faces), size_px, size_px, 4)
    array = create_npy(path, np.uint8, shape)
    threads, painted = min(8, os.cpu_count() or 1), PaintedFaces()

    def fill(index: int) -> None:
        array[index] = face_with_mask(faces, index, size_px, painted)

    with ThreadPoolExecutor(threads) as pool, Progress(len(faces), f"read {faces.name}", "face") as bar:
        for start in range(0, len(faces), _CHUNK_FACES):  # a pool takes all its tasks at once, whatever they hold
            for _ in pool.map(fill, range(start, min(start + _CHUNK_FACES, len(faces)))):
                bar.advance()
    array.flush()


def _seal(temp: Path) -> None:
    """Append the sum of a file to it."""
    told = _sum(temp, temp.stat().st_size)
    with open(temp, "ab") as file:
        file.write(told)


def _is_whole(path: Path, shape: tuple[int, ...], dtype: type) -> bool:
    """Whether a cache is there as it was written; says so where it is not."""
    if not path.is_file():  # nor is a pipe
        return False
    size = path.stat().st_size - _SUM_BYTES
    with open(open_regular(path), "rb") as file:
        file.seek(max(0, size))
        whole = size > 0 and file.read() == _sum(path, size)
    try:  # a sum is no proof of where it comes from
        whole = whole and (found := np.load(path, mmap_mode="r")).shape == shape and found.dtype == dtype
    except (ValueError, OSError, EOFError, SyntaxError):
        whole = False
    if not whole:
        log.warning("%s is damaged: it is made anew", path)
    return whole


def _sum(path: Path, count: int) -> bytes:
    """sha256 of the first `count` bytes of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while count > 0 and (part := file.read(min(_CHUNK_BYTES, count))):
            digest.update(part)
            count -= len(part)
    return digest.digest()


def _key(faces: FaceSet, size_px: int) -> str:
    """Changes with every image (name, bytes, time), every alignment of the set and every mask painted over it."""
    digest, painted = hashlib.sha256(f"{_LAYOUT} {size_px}".encode()), PaintedFaces()
    for index, record in enumerate(faces.records):
        stat = faces.path(index).stat()
        digest.update(f"{record.file}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
        digest.update(record.crop_points.tobytes())
        if (mask := painted.file(faces.path(index).parent, record)) is not None:
            digest.update(f"{mask.name}\0{mask.stat().st_size}\0{mask.stat().st_mtime_ns}\0".encode())
    return digest.hexdigest()[:20]


def _resized(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    if image.shape[:2] == (size_px, size_px):
        return image
    shrinks = image.shape[0] > size_px
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(image, (size_px, size_px), interpolation=how).astype(np.uint8, copy=False)
