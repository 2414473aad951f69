import io
import json
import os
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from faceswap.utils.untrusted.arrays import Expected, map_npy, read_npy, read_npz, read_safetensors_header
from faceswap.utils.untrusted.reading import Untrusted

FACES = Expected("u", (None, 4, 4, 3))


def header(shape, descr="|u1"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("read", [read_npy, map_npy])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back(tmp_path, read, order):
    value = np.asarray(np.random.default_rng(0).integers(0, 255, (3, 4, 4, 3)), np.uint8, order=order)
    np.save(tmp_path / "x.npy", value)
    assert (read(tmp_path / "x.npy", FACES) == value).all()
    np.save(tmp_path / "x.npy", value[:0])
    assert read(tmp_path / "x.npy", FACES).shape == (0, 4, 4, 3)


BAD_ARRAYS = {
    "a promise of 8 TB": header((1 << 37, 4, 4, 3)),
    "cut short": header((2, 4, 4, 3)) + bytes(50),
    "too long": header((1, 4, 4, 3)) + bytes(50),
    "negative": header((-1, 4, 4, 3)),
    "truth for a number": header((True, 4, 4, 3)) + bytes(48),
    "another shape": header((1, 48)) + bytes(48),
    "other numbers": header((1, 4, 4, 3), "<f4") + bytes(192),
    "objects": header((1, 4, 4, 3), "|O") + bytes(384),
    "records": header((1, 4, 4, 3), [("a", "<i4")]) + bytes(192),
    "a nested header": b"\x93NUMPY\x01\x00\xff\x1f" + b"(" * 0x1FFF,
    "nothing": b"",
    "another format": b"PK\x03\x04 and so on",
    "a pickle": b"\x80\x04K\x01.",
}


@pytest.mark.parametrize("content", BAD_ARRAYS.values(), ids=BAD_ARRAYS.keys())
def test_arrays_that_are_not_as_expected_are_refused(tmp_path, content):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    for read in (read_npy, map_npy):
        with pytest.raises(Untrusted) as caught:
            read(path, FACES)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 160
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("faces.npy", content)
    with pytest.raises(Untrusted):
        read_npz(tmp_path / "x.npz", {"faces": FACES})


def test_only_expected_arrays_of_an_archive_are_read(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", faces=np.zeros((2, 4, 4, 3), np.uint8), other=np.array([{}]))
    assert read_npz(tmp_path / "x.npz", {"faces": FACES, "more": FACES}, optional=["more"])["faces"].shape[0] == 2
    with pytest.raises(Untrusted, match="lacks more"):
        read_npz(tmp_path / "x.npz", {"more": FACES})


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("faces.npy", header((1 << 21, 4, 4, 3)) + bytes(48 << 21))
    assert (tmp_path / "x.npz").stat().st_size < 1 << 20
    with pytest.raises(Untrusted, match="unpacks to more than 16 MB"):
        read_npz(tmp_path / "x.npz", {"faces": FACES}, most_bytes=16 << 20)


def test_a_pipe_is_no_array(tmp_path):
    os.mkfifo(tmp_path / "x.npy")
    for read in (lambda path: read_npy(path, FACES), lambda path: map_npy(path, FACES), read_safetensors_header,
                 lambda path: read_npz(path, {})):  # fmt: skip
        with pytest.raises(Untrusted, match="a pipe"):
            read(tmp_path / "x.npy")


def weights(table, content=b""):
    text = json.dumps(table).encode()
    return io.BytesIO(len(text).to_bytes(8, "little") + text + content).getvalue()


def test_a_header_tells_what_a_weights_file_holds(tmp_path):
    save_file({"w": np.zeros((2, 3), np.float32), "b": np.zeros(0, np.float16)}, tmp_path / "x", {"about": "me"})
    assert read_safetensors_header(tmp_path / "x") == ({"w": ("F32", (2, 3)), "b": ("F16", (0,))}, {"about": "me"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        (1 << 40).to_bytes(8, "little") + b"{}",
        weights([1]),
        weights({"w": None}),
        weights({"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}),
        weights({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": "F32", "shape": 4, "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": [], "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": "F32", "shape": [1] * 99, "data_offsets": [0, 4]}}, bytes(4)),
        weights({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}, bytes(4)),
        weights({"__metadata__": {"a": 1}}),
    ],
)
def test_damaged_headers_are_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(Untrusted) as caught:
        read_safetensors_header(tmp_path / "x")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 160
