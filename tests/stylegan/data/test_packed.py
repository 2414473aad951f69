"""What a generator learns from."""

import shutil

import cv2
import numpy as np
import pytest
import torch

from faceswap.stylegan.data.packed import Pictures, middle_square, open_pictures, packed_files
from faceswap.utils.errors import UserError


@pytest.fixture
def arrays(tmp_path):
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 255, (12, 32, 32, 3), np.uint8)
    np.save(tmp_path / "targets.npy", targets)
    return tmp_path, targets


def test_a_batch_is_a_function_of_its_number(arrays):
    _, targets = arrays
    pictures = Pictures(targets, 255 - targets)
    for number in (0, 5, 1):
        one, other = pictures.batch(number, 8, 3, True), pictures.batch(number, 8, 3, True)
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
        torch.testing.assert_close(one[0], -one[1])  # seen and target are turned together
    assert not torch.equal(pictures.batch(0, 8, 3, True)[1], pictures.batch(0, 8, 4, True)[1])


def test_every_picture_has_its_turn(arrays):
    _, targets = arrays
    batches = [Pictures(targets).batch(number, 4, 0, False)[1] for number in range(3)]
    shown = torch.cat(batches).flatten(1)
    assert len({tuple(row.tolist()) for row in shown}) == 12


def test_arrays_are_taken_as_they_are_and_checked(arrays, tmp_path):
    folder, targets = arrays
    pictures = open_pictures(folder, 32, tmp_path / "run")
    assert np.array_equal(pictures.targets, targets)
    assert pictures.seen is pictures.targets
    with pytest.raises(UserError, match="resolution=64 needs uint8"):
        open_pictures(folder, 64, tmp_path / "run")
    np.save(folder / "seen.npy", targets[:9])
    with pytest.raises(UserError, match="9 pictures"):
        open_pictures(folder, 32, tmp_path / "run")
    (folder / "targets.npy").write_bytes(b"\x93NUMPY no")
    with pytest.raises(UserError, match="damaged"):
        open_pictures(folder, 32, tmp_path / "run")


def test_an_archive_in_the_place_of_an_array_is_told(tmp_path):
    with open(tmp_path / "targets.npy", "wb") as file:
        np.savez(file, pictures=np.zeros((32, 32, 32, 3), np.uint8))
    with pytest.raises(UserError, match="it is an archive, no array"):
        open_pictures(tmp_path, 32, tmp_path / "run")


def test_an_array_that_would_run_code_is_refused(tmp_path):
    np.save(tmp_path / "targets.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="no array"):
        open_pictures(tmp_path, 32, tmp_path / "run")


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(9):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 60, 3), number * 20, np.uint8))
    return folder


def test_images_are_packed_once_and_anew_when_they_change(images, tmp_path):
    pictures = open_pictures(images, 32, tmp_path / "run")
    assert pictures.targets.shape == (9, 32, 32, 3)
    assert sorted(pictures.targets[:, 16, 16, 0]) == [20 * number for number in range(9)]
    [packed] = packed_files(tmp_path / "run")
    written = packed.stat().st_mtime_ns
    assert open_pictures(images, 32, tmp_path / "run").packed == packed and packed.stat().st_mtime_ns == written
    cv2.imwrite(str(images / "3.png"), np.full((40, 60, 3), 250, np.uint8))
    again = open_pictures(images, 32, tmp_path / "run")
    assert again.targets.max() == 250 and again.fingerprint != pictures.fingerprint
    (images / "0.png").unlink()
    assert len(open_pictures(images, 32, tmp_path / "run")) == 8


def test_a_fingerprint_is_of_what_is_seen(images, tmp_path):
    copied = shutil.copytree(images, tmp_path / "copied", copy_function=shutil.copy)
    one, other = (open_pictures(source, 32, tmp_path / source.name / "run") for source in (images, copied))
    assert one.fingerprint == other.fingerprint
    assert Pictures(one.targets, 255 - one.targets).fingerprint != one.fingerprint


def test_what_a_mac_puts_beside_pictures_is_none(images, tmp_path):
    (images / "__MACOSX").mkdir()
    (images / ".hidden").mkdir()
    for name in ("._0.png", "__MACOSX/._1.png", "__MACOSX/2.png", ".hidden/3.png", "Thumbs.db", ".DS_Store"):
        (images / name).write_bytes(b"\0\5\26\7 no picture")
    assert len(open_pictures(images, 32, tmp_path / "run")) == 9


@pytest.mark.parametrize("name", ["none", "empty"])
def test_sources_without_pictures_are_named(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=f"data=.*{name}"):
        open_pictures(tmp_path / name, 32, tmp_path / "run")


def test_the_middle_square():
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 200
    assert middle_square(image, 32).min() >= 199


def test_what_is_refused_names_the_setting_that_named_it(tmp_path):
    with pytest.raises(UserError, match=r"^data=.*accepted are"):
        open_pictures(tmp_path / "nothing", 32, tmp_path)
    with pytest.raises(UserError, match=r"^pictures=.*accepted are"):
        open_pictures(tmp_path / "nothing", 32, tmp_path, "pictures")
