"""A crop of another shape is told wherever crops are read; one of another size is the same face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.curation.inventory import FaceInventory
from faceswap.media.pictures.crops import read_crop
from faceswap.media.pictures.images import encode_image, read_image, write_image
from faceswap.stylegan.data.face_sets import stored_faces
from faceswap.stylegan.data.packed import open_pictures
from faceswap.swap.data.cache import cached_faces, face_with_mask
from faceswap.utils.errors import UserError
from tests.curation.made import curate_faces, embedder
from tests.swap.fakes import make_face_set

NAME = "000003_00.png"


def resized(path: Path, width: int, height: int) -> None:
    write_image(path, np.asarray(cv2.resize(read_image(path), (width, height), interpolation=cv2.INTER_CUBIC)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_face_set(tmp_path / "set", 10)


def test_train_and_style_refuse_a_crop_of_another_shape_by_its_name(folder: Path, tmp_path: Path) -> None:
    resized(folder / NAME, 50, 64)
    line = rf"{NAME} is 50 x 64: crops are square"
    with pytest.raises(UserError, match=line):
        cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 32)
    with pytest.raises(UserError, match=line):
        open_pictures(folder, 32, tmp_path)
    with pytest.raises(UserError, match=line):
        list(stored_faces(folder, 32))
    with pytest.raises(UserError, match=line):
        read_crop(folder / NAME, 64)


@pytest.mark.parametrize("kind", [".png", ".jpg"])
def test_a_crop_with_a_hole_is_told_with_the_way_out(
    folder: Path, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = encode_image(noise, kind)
    (folder / NAME).write_bytes(content[:2000] + bytes(1024) + content[3024:])  # 1 kB that never reached the disk
    with pytest.raises(UserError, match=rf"{NAME}: .*; or delete it: training goes without this face"):
        cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 32)
    curate_faces(folder, embedder=embedder())
    assert "1 damaged" in caplog.messages[-1]
    (folder / NAME).unlink()
    assert cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 32).is_file()


def test_curate_calls_it_damaged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    resized(folder / NAME, 50, 64)
    caplog.set_level("INFO")
    sheet = curate_faces(folder, embedder=embedder()).read_text()
    assert "1 damaged" in caplog.messages[-1] and "not square" in sheet


def test_a_crop_of_another_size_is_the_same_face_everywhere(folder: Path, tmp_path: Path) -> None:
    faces = FaceSet.open(folder)
    before, styled = face_with_mask(faces, 3, 32), list(stored_faces(folder, 48))[3]
    resized(folder / NAME, 256, 256)
    after, styled_after = face_with_mask(faces, 3, 32), list(stored_faces(folder, 48))[3]
    assert np.abs(before.astype(int) - after).mean() < 3 and (before[..., 3] == after[..., 3]).all()
    np.testing.assert_allclose(styled_after.points, styled.points)
    assert np.abs(styled_after.image.astype(int) - styled.image).mean() < 5
    curate_faces(folder, embedder=embedder())
    assert '"damaged": 0' in (folder / "curation.json").read_text() and len(FaceInventory.open(folder)) == 10
