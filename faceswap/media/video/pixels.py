"""Conversion of FFmpeg frames to RGB arrays and back, without a shift of colours.

FFmpeg's own fast conversion darkens a picture by one grey level; the matrix is applied here instead, rounded to
nearest. Chroma is repeated on the way in and averaged on the way out, so a picture nobody touched comes out as it
went in.
"""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from faceswap.media.pictures.images import on_black
from faceswap.media.video.colour_tags import ColourTags, rgb_to_yuv_matrix, yuv_to_rgb_matrix

_PLANAR = {
    "yuv420p": (2, 2), "yuvj420p": (2, 2), "yuv422p": (2, 1), "yuvj422p": (2, 1), "yuv444p": (1, 1), "yuvj444p": (1, 1),
    "yuv440p": (1, 2), "yuvj440p": (1, 2), "yuv411p": (4, 1), "yuvj411p": (4, 1), "yuv410p": (4, 4),
}  # fmt: skip
_STRIP_BYTES = 1 << 19
_ACCURATE = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


class RgbReader:
    """Turns decoded pictures of any pixel format into (H, W, 3) uint8 RGB in stored orientation and size.

    More than 8 bits are reduced to 8; alpha is laid on black.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        tags = tags_of(frame)
        pixel_format = frame.format
        if any(component.is_alpha for component in pixel_format.components) or pixel_format.has_palette:
            return on_black(np.asarray(self._reformat(frame, "rgba", tags).to_ndarray(), np.uint8))
        if pixel_format.is_rgb:
            return np.ascontiguousarray(self._reformat(frame, "rgb24", tags).to_ndarray())
        if pixel_format.name not in _PLANAR and pixel_format.name != "gray":
            frame = self._reformat(frame, _nearest_planar(frame), tags)
        matrix = yuv_to_rgb_matrix(tags, frame.width, frame.height)
        return np.asarray(cv2.transform(_yuv444(frame), matrix), np.uint8)

    def _reformat(self, frame: VideoFrame, pixel_format: str, tags: ColourTags) -> VideoFrame:
        colour_range = ColorRange.JPEG if tags.is_full_range else ColorRange.MPEG
        to_rgb = pixel_format in ("rgb24", "rgba")
        return self._reformatter.reformat(
            frame,
            format=pixel_format,
            interpolation=int(_ACCURATE),
            src_color_range=colour_range,
            dst_color_range=ColorRange.JPEG if to_rgb else colour_range,
            threads=1,
        )


def rgb_to_frame(image: NDArray[np.uint8], tags: ColourTags) -> VideoFrame:
    """Convert (H, W, 3) uint8 RGB to 8-bit Y'CbCr by these tags: yuv420p, or yuv444p when a side is odd.

    Strip by strip, so that what lies between stays in the processor's cache: at 4K half the time of the whole at once.
    """
    height, width = image.shape[:2]
    step = 1 if is_odd(width, height) else 2
    frame = VideoFrame(width, height, "yuv444p" if step == 1 else "yuv420p")
    luma, *chroma = (_plane(frame, i, width, height) for i in range(3))
    matrix = rgb_to_yuv_matrix(tags, width, height)
    rows = max(step, _STRIP_BYTES // (width * 3) // step * step)
    yuv = np.empty((min(rows, height), width, 3), np.uint8)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = cv2.transform(image[top:bottom], matrix, yuv[: bottom - top])
        cv2.extractChannel(strip, 0, luma[top:bottom])
        if step == 2:
            strip = cv2.resize(strip, (width // 2, (bottom - top) // 2), interpolation=cv2.INTER_AREA)
        for number, plane in enumerate(chroma, 1):
            cv2.extractChannel(strip, number, plane[top // step : bottom // step, : width // step])
    return frame


def is_odd(width: int, height: int) -> bool:
    """Return True when 4:2:0 cannot hold the size."""
    return bool(width % 2 or height % 2)


def tags_of(frame: VideoFrame) -> ColourTags:
    """Return a picture's colour tags; the old full-range formats (yuvj...) count as full range whatever they say."""
    full = frame.format.name.startswith("yuvj")
    return ColourTags(
        2 if full else int(frame.color_range), int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)
    )


def _yuv444(frame: VideoFrame) -> NDArray[np.uint8]:
    width, height = frame.width, frame.height
    luma = _plane(frame, 0, width, height)
    if frame.format.name == "gray":
        neutral = np.full_like(luma, 128)
        return np.asarray(cv2.merge([luma, neutral, neutral]), np.uint8)
    step_x, step_y = _PLANAR[frame.format.name]
    chroma_width, chroma_height = -(-width // step_x), -(-height // step_y)
    chroma = [_plane(frame, number, chroma_width, chroma_height) for number in (1, 2)]
    if (step_x, step_y) != (1, 1):
        size = (chroma_width * step_x, chroma_height * step_y)
        enlarged = (cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST) for plane in chroma)
        chroma = [np.asarray(plane, np.uint8)[:height, :width] for plane in enlarged]
    return np.asarray(cv2.merge([luma, *chroma]), np.uint8)


def _plane(frame: VideoFrame, number: int, width: int, height: int) -> NDArray[np.uint8]:
    plane = frame.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]


def _nearest_planar(frame: VideoFrame) -> str:
    """Return the 8-bit planar format with the same chroma sampling (10 bit, nv12, packed yuv...)."""
    components = [component for component in frame.format.components if not component.is_luma]
    if not components:
        return "gray"
    chroma = components[0]
    if chroma.width == frame.width:
        return "yuv444p"
    return "yuv422p" if chroma.height == frame.height else "yuv420p"
