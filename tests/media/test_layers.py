"""Layers of a result: mask and patch laid over the film as it was shot give the result."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap.media.layers import layer_path
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.exr import read_exr
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.compositing.clips import HEIGHT, WIDTH, centre, convert_video, write_face_set, write_film
from tests.compositing.fakes import TintSwapper
from tests.media.deep_films import make_deep_film

FRAMES = 3
ALL = ("film", "mask", "patch")


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "deep.mkv"
    make_deep_film(path, "yuv444p10le", (WIDTH, HEIGHT), count=FRAMES)
    return path


@pytest.fixture(scope="module")
def faces(deep: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_face_set(tmp_path_factory.mktemp("faces") / "deep", deep, [0, 1])  # none in the last frame


def test_patch_over_film_is_the_result(deep: Path, faces: Path, tmp_path: Path) -> None:
    out = convert_video(
        deep,
        TintSwapper(64),
        tmp_path / "out.mkv",
        faces=faces,
        colour=NoColour(),
        codec="ffv1",
        output=ALL,
        smooth_frames=0,
    )
    folder = tmp_path / "out.patch"
    masks = list(read_frames(tmp_path / "out.mask.mkv", stored_bits=10))
    assert (probe(tmp_path / "out.mask.mkv").bits, len(masks)) == (10, FRAMES)
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"{i:06d}.{kind}" for i in range(FRAMES) for kind in ("json", "png")), "report.json",
    ]  # fmt: skip
    for film, result, mask in zip(
        read_frames(deep, stored_bits=10), read_frames(out, stored_bits=10), masks, strict=True
    ):
        patch = cv2.imread(str(folder / f"{film.index:06d}.png"), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]] / 65535
        laid = film.stored.rgb() * (1 - patch[..., 3:]) + patch[..., :3]
        assert np.abs(laid - result.stored.rgb()).max() * 1023 < 3
        assert np.abs(mask.stored.rgb() - patch[..., 3:]).max() * 1023 < 2
        told = json.loads((folder / f"{film.index:06d}.json").read_text())
        assert (told["frame"], told["picture"]) == (film.index, f"{film.index:06d}.png")
        assert bool(told["faces"]) == bool(patch.any()) == (film.index < 2)
        for face in told["faces"]:
            left, top, right, bottom = face["box"]
            assert not patch[:top].any() and not patch[:, right:].any() and patch[top:bottom, left:right].any()
            x, y = np.array(face["frame_to_crop"]) @ [*centre(film.index), 1]
            assert abs(x - face["crop_size_px"] / 2) < 12 and abs(y - face["crop_size_px"] / 2) < 12


def test_layers_of_a_sequence_of_light(deep: Path, faces: Path, tmp_path: Path) -> None:
    convert_video(
        deep, TintSwapper(64), tmp_path / "out" / "x_%04d.exr", faces=faces, colour=NoColour(), output=ALL, stop=1
    )
    assert read_exr(tmp_path / "out.mask" / "x_0000.exr").max() == 1
    assert read_exr(tmp_path / "out.patch" / "000000.exr").max() > 0
    assert (tmp_path / "out.patch" / "000000.json").is_file() and (tmp_path / "out" / "x_0000.exr").is_file()


def test_eight_bit_films_have_layers_too(tmp_path: Path) -> None:
    film = write_film(tmp_path / "in.mp4", 2)
    faces = write_face_set(tmp_path / "faces", film, [0, 1])
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, output=["mask"])
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("out")) == [
        "out.mask.mp4", "out.mp4", "out.mp4.report.json",
    ]  # fmt: skip
    (mask, _) = read_frames(tmp_path / "out.mask.mp4")
    x, y = (round(c) for c in centre(0))
    assert mask.image[y, x].min() > 250 and mask.image[:20].max() < 5
    assert probe(out).has_audio and not probe(tmp_path / "out.mask.mp4").has_audio


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_mask_of_a_later_part_begins_with_the_film(suffix: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / "in.mp4", 5)
    faces = write_face_set(tmp_path / "faces", film, [2, 3, 4])
    out = convert_video(film, TintSwapper(64), tmp_path / f"out{suffix}", faces=faces, output=["mask"], start=2)
    times = [[frame.seconds for frame in read_frames(path)] for path in (out, layer_path(out, "mask"))]
    starts = [probe(path).start_seconds for path in (out, layer_path(out, "mask"))]
    assert times[0] == times[1] and len(times[0]) == 3 and starts == [0, 0]


def test_names_of_layers() -> None:
    assert layer_path(Path("a/out.mov"), "mask") == Path("a/out.mask.mov")
    assert layer_path(Path("a/out.mov"), "patch") == Path("a/out.patch")
    assert layer_path(Path("a/frames"), "mask") == Path("a/frames.mask")
