"""Arrays and scalars of numpy in pickles, built without numpy's own constructors."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from faceswap.utils.untrusted.pickle_interpreter import BuildTarget, PickleError, SafeGlobal, expect

_NUMBER_KINDS = {  # element types of arrays that are plain numbers
    "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8",
}  # fmt: skip


class _DType(BuildTarget):
    """A number type: `kind` such as "f4", and the byte order that BUILD brings."""

    def __init__(self, kind: Any, *_: Any) -> None:
        super().__init__()
        if expect(kind, str) not in _NUMBER_KINDS:
            raise PickleError(f"it holds an array of the type {kind[:20]!r}")
        self.kind, self.order = kind, "<"

    def build(self, state: Any) -> _DType:
        _, order, subarray, names, fields, *_ = expect(state, tuple)
        if (subarray, names, fields) != (None, None, None) or order not in ("<", ">", "|", "="):
            raise PickleError("it holds an array of records")
        self.order = order
        return self

    @property
    def numpy(self) -> np.dtype:
        return np.dtype(self.order + self.kind)


class _Array(BuildTarget):
    """An array whose contents follow."""

    def build(self, state: Any) -> np.ndarray:
        _, shape, dtype, column_major, content = expect(state, tuple)
        return _array(content, dtype, shape, "F" if column_major else "C")


def _refuse(*_: Any) -> Any:
    raise PickleError("it makes an array in a way that no array is stored in")


_NDARRAY = SafeGlobal("ndarray", _refuse)


def _reconstruct(kind: Any, *_: Any) -> _Array:
    if kind != _NDARRAY:
        raise PickleError("it holds an array of an unknown kind")
    return _Array()


def _scalar(dtype: Any, content: Any) -> Any:
    return _array(content, dtype, (), "C").item()


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    return _array(expect(content, bytes), dtype, shape, order)


def _bytes(*arguments: Any) -> bytes:
    """Return how protocol 2 writes no bytes."""
    if arguments:
        raise PickleError("it is damaged")
    return b""


def _encode(text: Any, encoding: Any) -> bytes:
    """Return how protocol 2 writes bytes."""
    if encoding != "latin1":
        raise PickleError("it is damaged")
    return expect(text, str).encode("latin-1")


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """Return a fresh array of `content`, which must fill `shape` exactly."""
    element = expect(dtype, _DType).numpy
    shape = tuple(expect(size, int) for size in expect(shape, tuple))
    if len(shape) > 8 or any(size < 0 for size in shape) or order not in ("C", "F"):
        raise PickleError("it holds an array of an impossible shape")
    if prod(shape) * element.itemsize != len(expect(content, bytes)):
        raise PickleError("it holds an array whose size and contents disagree")
    return np.frombuffer(content, element).reshape(shape, order=order).astype(element.newbyteorder("="))


NUMPY_NAMES = {
    (f"{package}{module}", name): SafeGlobal(name, call)
    for package in ("numpy.core.", "numpy._core.")
    for module, name, call in (
        ("multiarray", "_reconstruct", _reconstruct),
        ("multiarray", "scalar", _scalar),
        ("numeric", "_frombuffer", _from_buffer),
    )
} | {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): SafeGlobal("dtype", _DType),
    ("_codecs", "encode"): SafeGlobal("encode", _encode),
    ("__builtin__", "bytes"): SafeGlobal("bytes", _bytes),
}
