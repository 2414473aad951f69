"""A face laid into a film of 10 bits: nothing else changes by one code value, and the face is not rounded to 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceswap.core.stored_picture import StoredPicture
from faceswap.core.values import Decoded
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.compositing.clips import HEIGHT, WIDTH, centre, convert_video, write_face_set
from tests.compositing.fakes import IdentitySwapper, TintSwapper
from tests.media.deep_films import HLG, PQ, broadest_band, make_deep_film

FRAMES = 3


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "deep.mkv"
    make_deep_film(path, "yuv420p10le", (WIDTH, HEIGHT), PQ, FRAMES)
    return path


@pytest.fixture(scope="module")
def faces(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_face_set(tmp_path_factory.mktemp("faces") / "deep", film, list(range(FRAMES)))


def stored(path: Path) -> list[StoredPicture]:
    return [frame.stored for frame in read_frames(path, stored_bits=8) if frame.stored]


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p10le", "gbrp12le", "yuv420p"])
def test_outside_the_mask_every_value_is_the_films(tmp_path: Path, pixel_format: str) -> None:
    make_deep_film(tmp_path / "in.mkv", pixel_format, (WIDTH, HEIGHT), HLG, 2)
    faces = write_face_set(tmp_path / "faces", tmp_path / "in.mkv", [0, 1])
    out = convert_video(
        tmp_path / "in.mkv", TintSwapper(64), tmp_path / "out.mkv", faces=faces, colour=NoColour(), codec="ffv1"
    )
    for index, (before, after) in enumerate(zip(stored(tmp_path / "in.mkv"), stored(out), strict=True)):
        x, y = (round(c) for c in centre(index))
        first = np.abs(after.planes[0].astype(int) - before.planes[0])
        assert np.median(first[y - 10 : y + 10, x - 10 : x + 10]) > 2
        for plane, (a, b) in enumerate(zip(before.planes, after.planes, strict=True)):
            step_x, step_y = before.step if plane else (1, 1)
            changed = np.argwhere(a != b) * (step_y, step_x)
            assert len(changed) and np.abs(changed - (y, x)).max() < 60


class GradientSwapper(IdentitySwapper):
    """Draws a face that grows slowly brighter from left to right."""

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        course = np.linspace(0.4, 0.5, views.shape[2], dtype=np.float32)
        return Decoded(np.broadcast_to(course[:, None], views.shape).astype(np.float32), None)


def test_a_face_in_ten_bits_has_no_bands(film: Path, faces: Path, tmp_path: Path) -> None:
    broadest = {}
    for bits in (8, 10):
        out = tmp_path / f"{bits}.mkv"
        convert_video(film, GradientSwapper(128), out, faces=faces, codec="ffv1", bits=bits, colour=NoColour())
        x, y = (round(c) for c in centre(0))
        broadest[bits] = broadest_band(stored(out)[0].planes[0][y - 8 : y + 8, x - 24 : x + 24])
    assert broadest[10] <= 2 and broadest[8] >= 3


@pytest.mark.parametrize(("codec", "suffix"), [("auto", ".mp4"), ("prores_422_hq", ".mov"), ("ffv1", ".mkv")])
def test_the_untouched_part_of_pq_is_within_a_code_value(
    film: Path, faces: Path, tmp_path: Path, codec: str, suffix: str
) -> None:
    out = convert_video(film, TintSwapper(64), tmp_path / f"out{suffix}", faces=faces, codec=codec, crf=8)
    info = probe(out)
    assert (info.bits, info.colour.transfer, info.colour.primaries) == (10, 16, 9)
    for before, after in zip(stored(film), stored(out), strict=True):
        difference = np.abs(after.planes[0].astype(int) - before.planes[0])
        assert difference[:30].mean() <= 1
