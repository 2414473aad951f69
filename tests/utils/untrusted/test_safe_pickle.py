"""The pickle reader: equal to Python's for plain data, and deaf to everything else."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap.utils.untrusted.pickle_interpreter import PickleError, SafeGlobal
from faceswap.utils.untrusted.safe_pickle import load_at, loads

PROTOCOLS = [2, 3, 4, 5]
keys = st.text(max_size=8) | st.integers(-(1 << 900), 1 << 900) | st.binary(max_size=8) | st.none() | st.booleans()
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 900), 1 << 900)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=300),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)


@given(plain, st.sampled_from(PROTOCOLS))
def test_plain_data_reads_as_pythons_own_unpickler_reads_it(value: object, protocol: int) -> None:
    assert loads(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(136, dtype=np.float32).reshape(68, 2),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(6, dtype=">i2"),
        np.array([True, False]),
        np.zeros((0, 5), np.uint8),
        np.array(3.5),
    ],
)
def test_arrays_read_with_shape_type_and_values(array: np.ndarray, protocol: int) -> None:
    shared = loads(pickle.dumps({"a": array, "again": [array, array]}, protocol))
    for result in (shared["a"], *shared["again"]):
        np.testing.assert_array_equal(result, array)
        assert result.shape == array.shape and result.dtype.kind == array.dtype.kind


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_scalars_become_plain_numbers(protocol: int) -> None:
    assert loads(pickle.dumps([np.float32(1.5), np.int64(-7), np.bool_(True)], protocol)) == [1.5, -7, True]


class Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", [0, 1, *PROTOCOLS])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: os.PathLike, protocol: int) -> None:
    target = f"{tmp_path}/owned"
    with pytest.raises(PickleError):
        loads(pickle.dumps({"landmarks": Evil(target)}, protocol))
    assert not os.path.exists(target)


def _named(module: str, name: str) -> bytes:
    return b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04",
        b"not a pickle at all",
        pickle.dumps([1, 2, 3])[:-4],
        pickle.dumps(np.array([object()])),  # object arrays hold anything
        pickle.dumps(np.zeros(2, [("a", "f4")])),  # records
        pickle.dumps(np.array(["text"])),
        _named("builtins", "eval") + b"X\x01\x00\x00\x001\x85R.",
        _named("numpy", "load") + b".",
        _named("numpy", "ndarray") + b"J\x00\x00\x00\x7f\x85R.",  # a constructor that may be named, not called
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b".",  # a text longer than any memory
        b"\x80\x04\x96" + struct.pack("<Q", 1 << 40) + b".",
        b"\x80\x02Pid\n.",  # persistent id
        b"\x80\x02\x82\x01.",  # extension registry
        b"\x80\x02}" + b")\x85" * 3 + b"K\x01s.",  # a tuple as a key
        b"\x80\x02]h\x05.",  # a memo entry that is not there
        b"\x80\x02)\x81.",
        b"\x80\x02ee.",
    ],
)
def test_damaged_and_hostile_pickles_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(PickleError) as caught:
        loads(data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 150


def test_a_huge_memo_number_takes_no_memory() -> None:
    assert loads(b"\x80\x02]r" + struct.pack("<I", 0xFFFFFFFF) + b"j" + struct.pack("<I", 0xFFFFFFFF) + b"a.")


def test_arrays_must_fill_their_shape() -> None:
    whole = pickle.dumps(np.zeros((68, 2), np.float32), 4)
    with pytest.raises(PickleError):
        loads(whole.replace(b"K\x44K\x02\x86", b"K\xffK\xff\x86"))


@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(PickleError):
        loads(data)


def test_deep_nesting_is_no_trouble() -> None:
    value = loads(b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".")
    assert isinstance(value, list)
    del value


def test_long_lists_of_numbers_read_the_same() -> None:
    value = [list(range(256)) * 10, [300] * 50, [1e-3] * 50, [-70_000] * 50, [1 << 40] * 5]
    assert loads(pickle.dumps(value)) == value


def test_content_named_again_and_again_takes_no_more_memory() -> None:
    text = (
        b"\x80\x02X"
        + struct.pack("<I", 1 << 20)
        + b"a" * (1 << 20)
        + b"q\x00c_codecs\nencode\nq\x01X\x06\x00\x00\x00latin1q\x02"
    )
    with pytest.raises(PickleError, match="more of its content"):
        loads(text + b"h\x01h\x00h\x02\x86R" * 10 + b".")


def test_the_number_of_steps_is_bounded() -> None:
    with pytest.raises(PickleError, match="steps"):
        load_at(b"\x80\x02" + b"]" * 1000 + b".", most_steps=1000)


def test_other_readers_bring_names_of_their_own() -> None:
    names = {("collections", "OrderedDict"): SafeGlobal("OrderedDict", dict)}
    data = b"before" + pickle.dumps(OrderedDict(a=1), 2) + b"behind"
    assert load_at(data, 6, names) == ({"a": 1}, len(data) - 6)
    with pytest.raises(PickleError, match="OrderedDict"):
        load_at(data, 6)
