"""Films made on the spot: a cartoon face whose landmarks are known exactly."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from faceswap.core.landmarks import MEAN_FACE


class Clip(NamedTuple):
    """A film made on the spot: `video`, its exact `landmarks`, the number of `frames`."""

    video: Path
    landmarks: Path
    frames: int


def draw_face(size_px: tuple[int, int], points: np.ndarray, skin: tuple[int, int, int]) -> np.ndarray:
    """A cartoon face (H, W, 3) uint8 RGB whose features lie at the 68 points."""
    width, height = size_px
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([columns * 90 // width + 60, rows * 90 // height + 60, np.full((height, width), 110)], -1)
    image = image.astype(np.uint8)
    around = points - points.mean(0)
    cv2.fillConvexPoly(image, cv2.convexHull((points.mean(0) + around * [1.1, 1.25]).astype(np.int32)), skin)
    for part, colour in (
        (slice(36, 42), (240, 240, 240)),
        (slice(42, 48), (240, 240, 240)),
        (slice(48, 60), (160, 50, 60)),
    ):
        cv2.fillPoly(image, [np.round(points[part]).astype(np.int32)], colour)
    for part in (slice(17, 22), slice(22, 27), slice(27, 31)):
        cv2.polylines(image, [np.round(points[part]).astype(np.int32)], False, (50, 40, 40), 2)
    return image


def make_clip(folder: Path, name: str, frames: int = 12, size_px: tuple[int, int] = (192, 144), seed: int = 0) -> Clip:
    """A film with one cartoon face that moves and talks, with sound, and a .landmarks.npz beside it."""
    rng = np.random.default_rng(seed)
    red, green, blue = (int(c) for c in rng.integers(120, 230, 3))
    scale, all_points, images = size_px[1] * 0.42, [], []
    for index in range(frames):
        phase = 2 * np.pi * index / max(frames, 8)
        points = MEAN_FACE[:, :2] * scale * [1, 1 + 0.05 * np.sin(seed)]
        points[48:68, 1] += np.where(
            np.isin(np.arange(48, 68), [55, 56, 57, 58, 59, 65, 66, 67]), 5 * np.sin(phase) ** 2, 0
        )
        points = points + [size_px[0] / 2 + 8 * np.sin(phase), size_px[1] / 2 + 3 * np.cos(phase)]
        all_points.append(points)
        images.append(draw_face(size_px, points, (red, green, blue)))
    write_clip(folder / f"{name}.mp4", images)
    landmarks = folder / f"{name}.landmarks.npz"
    np.savez(landmarks, frame=np.arange(frames), points=np.array(all_points, np.float32))
    return Clip(folder / f"{name}.mp4", landmarks, frames)


def write_clip(path: Path, images: list[np.ndarray], fps: int = 25) -> None:
    """H.264 and a tone in AAC."""
    import av

    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "veryfast"})
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=16000, layout="mono")
        for image in images:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        samples = np.sin(np.arange(16000 * len(images) // fps) * 0.1).astype(np.float32)[None] * 0.3
        sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
