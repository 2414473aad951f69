"""A gallery: people by name, each with the embeddings of one photo or more; kept as one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from faceswap.core.values import EMBEDDING_SIZE
from faceswap.lookalike.calibration import Calibration
from faceswap.media.pictures.images import read_image
from faceswap.utils.errors import UserError, reason_of
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.limits import GALLERY_BYTES, GALLERY_PHOTOS, JSON_BYTES, TEXT_CHARACTERS
from faceswap.utils.untrusted.reading import Untrusted, parse_json, read_bytes

SUFFIX = ".gallery.safetensors"
_STEPS = 127  # a number of an embedding is kept as a byte
_MARGIN = 0.35  # of a face's box, shown around it


@dataclass(frozen=True, eq=False)
class Photo:
    """A face of a gallery.

    Attributes:
        person: Its place in the gallery's names.
        code: (128,) float32 unit vector.
        box: (4,) of the face in its picture, px.
        file: The picture; empty in a gallery that carries its pictures.
        stamp: What tells that the file is still the same: size and time.
        jpeg: The picture itself, where the gallery carries it.
    """

    person: int
    code: NDArray[np.float32]
    box: NDArray[np.float32]
    file: str = ""
    stamp: tuple[int, int] = (0, 0)
    jpeg: bytes = b""

    def picture(self) -> NDArray[np.uint8]:
        """Return the face with some of what is around it, (H, W, 3) uint8 RGB.

        Raises:
            UserError: Its file cannot be read any more.
        """
        if self.jpeg:
            decoded = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
            if decoded is None:
                raise UserError("the gallery is damaged: a picture of it cannot be read")
            return np.ascontiguousarray(decoded[..., ::-1], np.uint8)
        return around(read_image(self.file), self.box)


@dataclass(frozen=True, eq=False)
class Gallery:
    """People and their photos; photos of one person stand together.

    Attributes:
        names: Of the people.
        photos: In the order of their people.
        embedder: The tag of the weights that made the codes: others cannot be compared with them.
        calibration: Where the gallery carries one.
        about: What else is to be known of it, plain values.
    """

    names: tuple[str, ...]
    photos: tuple[Photo, ...]
    embedder: str
    calibration: Calibration | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = [photo.person for photo in self.photos]
        if not people or people != sorted(people) or set(people) != set(range(len(self.names))):
            raise ValueError("a gallery has people, each with a photo or more, in order")

    def codes(self) -> NDArray[np.float32]:
        """Return the codes of all photos, (N, 128)."""
        return np.stack([photo.code for photo in self.photos])

    def save(self, path: Path) -> Path:
        """Write the gallery as one file."""
        with atomic_path(path) as temp:
            temp.write_bytes(self._packed())
        return path

    def _packed(self) -> bytes:
        about = {
            "names": self.names,
            "files": [photo.file for photo in self.photos],
            "stamps": [photo.stamp for photo in self.photos],
            "embedder": self.embedder,
            "calibration": self.calibration.plain() if self.calibration else None,
            "about": self.about,
        }
        pictures = [np.frombuffer(photo.jpeg, np.uint8) for photo in self.photos]
        arrays: dict[str, NDArray[Any]] = {
            "codes": _bytes_of(self.codes()),
            "person": np.array([photo.person for photo in self.photos], np.int32),
            "boxes": np.stack([photo.box for photo in self.photos]).astype(np.float32),
            "pictures": np.concatenate(pictures),
            "ends": np.cumsum([len(picture) for picture in pictures]).astype(np.int64),
            "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        }
        return save(arrays)


def load_gallery(path: Path, content: bytes | None = None) -> Gallery:
    """Read a gallery's file; `content`: where it was read already.

    Raises:
        UserError: It is missing, damaged or none.
    """
    try:
        arrays = load(read_bytes(path, GALLERY_BYTES) if content is None else content)
        return _gallery(arrays)
    except FileNotFoundError as error:
        raise UserError(f"there is no gallery {path}") from error
    except (
        OSError,
        SafetensorError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise UserError(f"{path} is no gallery, or is damaged ({reason_of(error)})") from error


def _gallery(arrays: dict[str, NDArray[Any]]) -> Gallery:
    codes, person, boxes, ends = (arrays[name] for name in ("codes", "person", "boxes", "ends"))
    count = len(person)
    shapes = codes.shape == (count, EMBEDDING_SIZE) and boxes.shape == (count, 4) and ends.shape == (count,)
    kinds = codes.dtype == np.int8 and person.dtype == np.int32 and boxes.dtype == np.float32
    if not (shapes and kinds and count <= GALLERY_PHOTOS and np.isfinite(boxes).all()):
        raise Untrusted("its arrays do not fit together")
    pictures = arrays["pictures"].tobytes()
    places = [0, *ends.tolist()]
    if places != sorted(places) or places[-1] != len(pictures) or arrays["about"].nbytes > JSON_BYTES:
        raise Untrusted("its pictures do not fit together")
    about = parse_json(arrays["about"].tobytes().decode())
    names, files, stamps = about["names"], about["files"], about["stamps"]
    if not len(files) == len(stamps) == count or not all(_is_text(text) for text in [*names, *files]):
        raise Untrusted("its names do not fit its photos")
    vectors = unit(codes.astype(np.float32))
    photos = tuple(
        Photo(int(person[n]), vectors[n], boxes[n], files[n], (int(stamps[n][0]), int(stamps[n][1])),
              pictures[places[n] : places[n + 1]])
        for n in range(count)
    )  # fmt: skip
    calibration = Calibration.of_plain(about["calibration"]) if about["calibration"] else None
    return Gallery(tuple(names), photos, str(about["embedder"]), calibration, dict(about["about"]))


def _is_text(text: object) -> bool:
    return isinstance(text, str) and len(text) <= TEXT_CHARACTERS and "\0" not in text


def unit(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors (N, 128) at length 1."""
    return np.asarray(codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-9), np.float32)


def _bytes_of(codes: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(np.round(codes * _STEPS), -_STEPS, _STEPS).astype(np.int8)


def as_kept(code: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a code (128,) as it is after a gallery was saved and loaded, so that it compares the same before."""
    return unit(_bytes_of(code[None]).astype(np.float32))[0]


def around(image: NDArray[np.uint8], box: Sequence[float] | NDArray) -> NDArray[np.uint8]:
    """Return the square of a picture (H, W, 3) around the box (4,) of a face, cut off at the picture's edges."""
    x0, y0, x1, y1 = (float(value) for value in box)
    half = (0.5 + _MARGIN) * max(x1 - x0, y1 - y0)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    height, width = image.shape[:2]
    left, top = (int(np.clip(round(value), 0, most - 1)) for value, most in ((x - half, width), (y - half, height)))
    right, bottom = (int(np.clip(round(value), 1, most)) for value, most in ((x + half, width), (y + half, height)))
    return image[top : max(bottom, top + 1), left : max(right, left + 1)]
