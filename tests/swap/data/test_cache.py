from __future__ import annotations

import errno
import logging
import os

import cv2
import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.curation.repair.painted import painted_folder, write_painted
from faceswap.swap.data import cache
from faceswap.swap.data.cache import cached_faces, cached_points, crop_px_for, face_with_mask, open_cache
from faceswap.utils.errors import UserError
from tests.swap.fakes import make_face_set


def test_faces_and_masks_in_one_array(tmp_path):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 5))
    array = open_cache(cached_faces(faces, tmp_path / "cache", "a", 64))
    assert array.shape == (5, 64, 64, 4) and array.dtype == np.uint8
    image = cv2.cvtColor(cv2.imread(str(faces.path(2))), cv2.COLOR_BGR2RGB)
    assert (array[2, ..., :3] == image).all()
    assert array[2, 32, 32, 3] == 255 and array[2, 0, 0, 3] == 0


def test_smaller_crops_are_averages(tmp_path):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 1))
    full, half = face_with_mask(faces, 0, 64), face_with_mask(faces, 0, 32)
    means = full.reshape(32, 2, 32, 2, 4).mean((1, 3))
    assert np.abs(means - half).max() <= 1


def test_an_unchanged_set_is_not_read_again(tmp_path):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 3))
    path = cached_faces(faces, tmp_path / "cache", "a", 32)
    before = path.stat().st_mtime_ns
    assert cached_faces(FaceSet.open(tmp_path / "a"), tmp_path / "cache", "a", 32) == path
    assert path.stat().st_mtime_ns == before


def test_a_deleted_image_leaves_training_and_the_old_cache_goes(tmp_path):
    folder = make_face_set(tmp_path / "a", 4)
    old = cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 32)
    other = cached_faces(FaceSet.open(make_face_set(tmp_path / "b", 2)), tmp_path / "cache", "b", 32)
    (folder / "000001_00.png").unlink()
    new = cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 32)
    assert len(open_cache(new)) == 3
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted([new.name, other.name])
    assert not old.exists()


def test_a_retouched_image_is_read_again(tmp_path):
    folder = make_face_set(tmp_path / "a", 2)
    cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 64)
    path = folder / "000000_00.png"
    cv2.imwrite(str(path), np.full((64, 64, 3), 7, np.uint8))
    os.utime(path, ns=(1, 1))
    array = open_cache(cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 64))
    assert (array[0, ..., :3] == 7).all()


def test_a_broken_image_is_named_and_nothing_half_made_stays(tmp_path):
    folder = make_face_set(tmp_path / "a", 3)
    (folder / "000001_00.png").write_bytes(b"\x89PNG cut")
    with pytest.raises(UserError, match="000001_00"):
        cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 64)
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_more_pixels_are_cached_than_stored():
    assert crop_px_for(64, 0.8, 256) == 100
    assert crop_px_for(256, 0.8, 256) == 256


def refuse(number):
    def posix_fallocate(*arguments):
        raise OSError(number, os.strerror(number))

    return posix_fallocate


@pytest.mark.parametrize("how", ["no such function", errno.EOPNOTSUPP, errno.EINVAL])
def test_a_system_that_cannot_reserve_space_gets_the_same_cache(tmp_path, monkeypatch, how):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 3))
    wanted = cached_faces(faces, tmp_path / "one", "a", 64).read_bytes()
    monkeypatch.setattr(cache, "_CHUNK_BYTES", 5000)
    if isinstance(how, int):
        monkeypatch.setattr(os, "posix_fallocate", refuse(how))
    else:
        monkeypatch.delattr(os, "posix_fallocate")
    path = cached_faces(faces, tmp_path / "two", "a", 64)
    assert path.read_bytes() == wanted
    assert path.stat().st_blocks * 512 >= 3 * 64 * 64 * 4


def test_a_full_disk_is_found_before_the_first_face(tmp_path, monkeypatch):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 3))
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))
    with pytest.raises(UserError, match="no space left"):
        cached_faces(faces, tmp_path / "cache", "a", 64)
    assert list((tmp_path / "cache").iterdir()) == []


def sealed(array):
    def write(path):
        np.save(path, array, allow_pickle=True)
        cache._seal(path)

    return write


def changed(change):
    def write(path):
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    return write


def zero_half(content):
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)


def zero_a_page(content):
    content[200:264] = bytes(64)


DAMAGE = {
    "half of it zeroed": changed(zero_half),
    "a page of it zeroed": changed(zero_a_page),
    "a bit turned": changed(lambda content: content.__setitem__(-100, content[-100] ^ 1)),
    "cut": changed(lambda content: content.__delitem__(slice(-500, None))),
    "its sum cut": changed(lambda content: content.__delitem__(slice(-32, None))),
    "empty": lambda path: path.write_bytes(b""),
    "objects": sealed(np.array([{}, []], object)),
    "fewer faces": sealed(np.zeros((1, 32, 32, 4), np.uint8)),
    "other numbers": sealed(np.zeros((3, 32, 32, 4), np.float64)),
    "no array": lambda path: (path.write_bytes(b"x" * 99), cache._seal(path)),
}


@pytest.mark.parametrize("kind", ["faces", "points"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_cache_is_made_anew_and_says_so(tmp_path, caplog, how, kind):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 3))

    def make():
        path = cached_faces(faces, tmp_path / "cache", "a", 32)
        return cached_points(faces, path) if kind == "points" else path

    wanted = make().read_bytes()
    DAMAGE[how](make())
    with caplog.at_level(logging.WARNING):
        path = make()
    assert path.read_bytes() == wanted and "made anew" in caplog.text
    caplog.clear()
    make()
    assert not caplog.text


def test_a_pipe_is_no_cache(tmp_path):
    faces = FaceSet.open(make_face_set(tmp_path / "a", 3))
    path = cached_faces(faces, tmp_path / "cache", "a", 32)
    wanted = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    assert cached_faces(faces, tmp_path / "cache", "a", 32).read_bytes() == wanted


def test_what_was_painted_to_stay_as_filmed_is_not_learned(tmp_path):
    """A mask holds from its frame on; a set with another mask is read again."""
    folder = make_face_set(tmp_path / "a", 4)
    faces = FaceSet.open(folder)
    plain = open_cache(old := cached_faces(faces, tmp_path / "cache", "a", 64))[..., 3].copy()
    kept = np.full((200, 300), 255, np.uint8)
    corner = faces.records[2].points.mean(0).astype(int)
    kept[:, : corner[0]] = 0  # the left half of the third face
    for frame, mask in ((0, np.full_like(kept, 255)), (faces.records[2].frame, kept)):
        write_painted(painted_folder(folder), frame, cv2.imencode(".png", mask)[1].tobytes(), (300, 200))
    new = cached_faces(FaceSet.open(folder), tmp_path / "cache", "a", 64)
    assert new != old and not old.exists()
    masks = open_cache(new)[..., 3]
    assert (masks[:2] == plain[:2]).all() and masks[2, 32, :20].max() < 30 and masks[2, 32, 40] == 255
    assert masks[3].sum() < plain[3].sum()
