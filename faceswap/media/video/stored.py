"""Decoded pictures as planes of the film's own depth, and planes as pictures for an encoder."""

from __future__ import annotations

import re
from typing import NamedTuple

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from faceswap.core.stored_picture import StoredPicture, light_to_screen, repeated, rounded
from faceswap.media.video.colour_tags import MATRIX_RGB, ColourTags, codes_to_rgb_matrix
from faceswap.media.video.pixels import tags_of
from faceswap.media.video.streams import Transform, turn

DEPTHS = (8, 10, 12, 16)  # of whole numbers that are written
_STEPS = {"420": (2, 2), "422": (2, 1), "444": (1, 1), "440": (1, 2), "411": (4, 1), "410": (4, 4)}
_YUV = re.compile(r"yuvj?(4\d\d)p(\d*)(le)?")
_RGB = re.compile(r"gbrp(\d*)(le)?")
_SEMI_PLANAR = {"nv12": "yuv420p", "p010le": "yuv420p10le"}  # of hardware encoders
_ACCURATE = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


class Layout(NamedTuple):
    """How a planar pixel format lies in memory."""

    bits: int
    step: tuple[int, int]
    is_rgb: bool


class StoredReader:
    """Turns decoded pictures into planes, upright, of the film's size.

    What is no planar format is brought into the nearest that is, with no fewer bits; alpha is laid on black.
    """

    def __init__(self, least_bits: int, size: tuple[int, int]) -> None:
        """Take how many bits a value has at least, and the size (width, height) of all pictures."""
        self._least_bits = least_bits
        self._size = size
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame, transform: Transform) -> StoredPicture:
        tags = tags_of(frame)
        has_alpha = frame.format.has_palette or any(component.is_alpha for component in frame.format.components)
        wanted = "gbrap16le" if has_alpha else planar_format(frame)
        if wanted != frame.format.name:
            frame = self._reformat(frame, wanted, tags)
        if has_alpha:
            layout, planes = Layout(16, (1, 1), True), _on_black(_planes(frame, Layout(16, (1, 1), True)))
        else:
            layout = layout_of(wanted)
            planes = _planes(frame, layout)
        if layout.is_rgb:
            tags = ColourTags(2, MATRIX_RGB, tags.primaries, tags.transfer)
        bits = max(layout.bits, self._least_bits)
        planes = [_deepened(plane, layout.bits, bits, tags.is_full_range) for plane in planes]
        first, second, third = (turn(plane, transform) for plane in planes)
        step = layout.step[::-1] if transform[0] == 0 else layout.step
        to_rgb = codes_to_rgb_matrix(tags, frame.width, frame.height, bits)
        return _resized(StoredPicture((first, second, third), to_rgb, bits, step), self._size)

    def _reformat(self, frame: VideoFrame, pixel_format: str, tags: ColourTags) -> VideoFrame:
        colour_range = ColorRange.JPEG if tags.is_full_range else ColorRange.MPEG
        is_made_rgb = pixel_format.startswith("gbr") and not frame.format.is_rgb
        return self._reformatter.reformat(
            frame, format=pixel_format, interpolation=int(_ACCURATE), src_color_range=colour_range,
            dst_color_range=ColorRange.JPEG if is_made_rgb else colour_range, threads=1,
        )  # fmt: skip


def stored_to_frame(picture: StoredPicture, tags: ColourTags, pixel_format: str) -> VideoFrame:
    """Return a picture for an encoder.

    Values stay as they are where the format has the same bits, colours and smaller planes.

    Args:
        picture: The planes.
        tags: What the film will say of its colours; its matrix is applied to planes of another one.
        pixel_format: Planar, or one of hardware encoders.
    """
    planar = _SEMI_PLANAR.get(pixel_format, pixel_format)
    layout = layout_of(planar)
    height, width = picture.shape
    if layout.is_rgb:
        tags = ColourTags(2, MATRIX_RGB, tags.primaries, tags.transfer)
    picture = with_colours(picture, tags)
    frame = VideoFrame(width, height, planar)
    for number, plane in enumerate(picture.planes):
        if number:
            plane = _restepped(plane, picture.step, layout.step, (width, height))
        values = _deepened(plane, picture.bits, layout.bits, tags.is_full_range)
        _write(frame, _PLACES[number] if layout.is_rgb else number, values)
    frame.color_range, frame.colorspace = tags.range, tags.matrix
    frame.color_primaries, frame.color_trc = tags.primaries, tags.transfer
    if planar == pixel_format:
        return frame
    return VideoReformatter().reformat(frame, format=pixel_format, threads=1)


def with_colours(picture: StoredPicture, tags: ColourTags) -> StoredPicture:
    """Return a picture whose values are of these tags: itself, or made of its RGB in full chroma."""
    height, width = picture.shape
    bits = picture.bits if picture.bits in DEPTHS else 16
    wanted = codes_to_rgb_matrix(tags, width, height, bits)
    if bits == picture.bits and not picture.is_linear and np.allclose(picture.to_rgb, wanted, rtol=1e-5, atol=1e-9):
        return picture
    linear = np.linalg.inv(wanted[:, :3])
    to_codes = np.column_stack([linear, -linear @ wanted[:, 3]]).astype(np.float32)
    rgb = light_to_screen(np.clip(picture.rgb(), 0, 1)) if picture.is_linear else picture.rgb()
    values = cv2.split(cv2.transform(rgb, to_codes))
    first, second, third = (rounded(value, bits) for value in values)
    return StoredPicture((first, second, third), wanted, bits)


def stored_from_rgb(image: NDArray[np.uint8], bits: int = 8) -> StoredPicture:
    """Return an 8-bit picture (H, W, 3) as planes of so many bits."""
    red, green, blue = (_deepened(np.asarray(plane), 8, bits, is_full_range=True) for plane in cv2.split(image))
    to_rgb = codes_to_rgb_matrix(ColourTags(2, MATRIX_RGB), image.shape[1], image.shape[0], bits)
    return StoredPicture((red, green, blue), to_rgb, bits)


def planar_format(frame: VideoFrame) -> str:
    """Return the nearest planar format with no fewer bits than a picture has."""
    name = frame.format.name
    if _YUV.fullmatch(name) or _RGB.fullmatch(name):
        return name
    bits = next(depth for depth in DEPTHS if depth >= min(16, bits_of(frame)))
    suffix = "" if bits == 8 else f"{bits}le"
    if frame.format.is_rgb:
        return f"gbrp{suffix}"
    colour = [component for component in frame.format.components if not component.is_luma]
    wide = bool(colour) and colour[0].width == frame.width
    tall = bool(colour) and colour[0].height == frame.height
    return f"yuv{'444' if wide else '422' if tall else '420'}p{suffix}"


def bits_of(frame: VideoFrame) -> int:
    """Return how many bits a channel of a picture has."""
    return max((component.bits for component in frame.format.components), default=8)


def layout_of(pixel_format: str) -> Layout:
    """Return the layout of a planar format that this module reads and writes."""
    if found := _YUV.fullmatch(pixel_format):
        return Layout(int(found[2] or 8), _STEPS[found[1]], False)
    found = _RGB.fullmatch(pixel_format)
    assert found, pixel_format
    return Layout(int(found[1] or 8), (1, 1), True)


_PLACES = (2, 0, 1)  # of red, green and blue in a format that stores green first


def _planes(frame: VideoFrame, layout: Layout) -> list[NDArray]:
    """Return three planes, copied: the decoder goes on to use its own."""
    planes = []
    for number in _PLACES if layout.is_rgb else range(3):
        is_small = number > 0 and not layout.is_rgb
        width = -(-frame.width // layout.step[0]) if is_small else frame.width
        height = -(-frame.height // layout.step[1]) if is_small else frame.height
        planes.append(_view(frame, number)[:height, :width].copy())
    return planes if len(frame.planes) < 4 else [*planes, _view(frame, 3)[: frame.height, : frame.width].copy()]


def _view(frame: VideoFrame, number: int) -> NDArray:
    plane = frame.planes[number]
    is_deep = frame.format.components[0].bits > 8
    values = np.frombuffer(memoryview(plane), np.uint16 if is_deep else np.uint8)
    return values.reshape(-1, plane.line_size // values.itemsize)


def _write(frame: VideoFrame, number: int, values: NDArray) -> None:
    _view(frame, number)[: values.shape[0], : values.shape[1]] = values


def _on_black(planes: list[NDArray]) -> list[NDArray]:
    alpha = planes[3].astype(np.float32) * np.float32(1 / 65535)
    return [rounded(plane * alpha, 16) for plane in planes[:3]]


def _deepened(plane: NDArray, bits: int, wanted: int, is_full_range: bool) -> NDArray:
    """Return values of another depth: white and black stay white and black."""
    if bits == wanted:
        return plane
    if wanted > bits and not is_full_range:
        return plane.astype(np.uint16) << (wanted - bits)
    scale = (2**wanted - 1) / (2**bits - 1) if is_full_range else 2.0 ** (wanted - bits)
    return rounded(plane.astype(np.float32) * np.float32(scale), wanted)


def _restepped(plane: NDArray, step: tuple[int, int], wanted: tuple[int, int], size: tuple[int, int]) -> NDArray:
    """Return a smaller plane of a picture of this size for another step: values are repeated, or averaged."""
    if step == wanted:
        return plane
    full = repeated(plane, step)[: size[1], : size[0]]
    if wanted == (1, 1):
        return full
    bottom, right = -size[1] % wanted[1], -size[0] % wanted[0]
    full = cv2.copyMakeBorder(full, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    small = (full.shape[1] // wanted[0], full.shape[0] // wanted[1])
    return cv2.resize(full, small, interpolation=cv2.INTER_AREA)


def _resized(picture: StoredPicture, size: tuple[int, int]) -> StoredPicture:
    """Return planes for a frame of another size: pixels are made square, a film changes its size on the way."""
    height, width = picture.shape
    if (width, height) == size:
        return picture
    shrinks = width >= size[0] and height >= size[1]
    planes = []
    for plane, (x, y) in zip(picture.planes, ((1, 1), picture.step, picture.step), strict=True):
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        planes.append(cv2.resize(plane, (-(-size[0] // x), -(-size[1] // y)), interpolation=method))
    return StoredPicture((planes[0], planes[1], planes[2]), picture.to_rgb, picture.bits, picture.step)
