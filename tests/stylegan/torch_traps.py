"""Torch files that want to run code, or to take memory and time."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

from tests.stylegan import published_made as made


class Trap:
    """Runs a command when Python's own unpickler reads it."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.canary),)


def pickled(*code: bytes) -> bytes:
    return b"\x80\x04" + b"".join(code) + b"."


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def system(canary: Path) -> bytes:
    return pickle.dumps({"G_ema": Trap(canary)}, 4)


def evaluated(canary: Path) -> bytes:
    """eval, through getattr of an allowed name's module."""
    getter = named("builtins", "getattr") + named("builtins", "__import__") + text("__call__") + b"\x86R"
    return pickled(getter, text(f"open({str(canary)!r}, 'w')"), b"\x85R")


def attribute_of_an_allowed_name(canary: Path) -> bytes:
    return pickled(b"\x8c\x0bcollections\x8c\x1bOrderedDict.__init__.__globals__\x93", text(str(canary)), b"\x85R")


def nested_payload(canary: Path) -> bytes:
    inner = io.BytesIO()
    torch.save({"x": Trap(canary)}, inner, _use_new_zipfile_serialization=False)
    return nested(inner.getvalue())


def nested_zip_payload(canary: Path) -> bytes:
    inner = io.BytesIO()
    torch.save({"x": Trap(canary)}, inner)
    return nested(inner.getvalue())


def nested(data: bytes, shape: tuple[int, ...] = (16,), stride: tuple[int, ...] = (1,)) -> bytes:
    """A tensor whose storage is `data`, at the place of the average of w: it is read when all the rest fits."""
    content = b"B" + struct.pack("<I", len(data)) + data
    storage = named("torch.storage", "_load_from_bytes") + content + b"\x85R"
    numbers = [b"(" + b"".join(b"J" + struct.pack("<i", n) for n in values) + b"t" for values in (shape, stride)]
    empty = named("collections", "OrderedDict") + b")R"
    return (
        named("torch._utils", "_rebuild_tensor_v2")
        + b"("
        + storage
        + b"K\x00"
        + numbers[0]
        + numbers[1]
        + b"\x89"
        + empty
        + b"tR"
    )


def zip_with(canary: Path, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zipped file of an honest generator, changed."""
    weights, average = made.rosinality_tensors(made.nvidia_tensors())
    honest, out = io.BytesIO(), io.BytesIO()
    torch.save({"g_ema": weights, "latent_avg": average}, honest)
    with zipfile.ZipFile(honest) as file:
        records = {name: file.read(name) for name in file.namelist()}
    change(records)
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in records.items():
            file.writestr(name, data)
    return out.getvalue()


def the(records: dict[str, bytes], ending: str) -> str:
    return next(name for name in records if name.endswith(ending))


def trap_in_zip(canary: Path) -> bytes:
    return zip_with(canary, lambda records: records.update({the(records, "data.pkl"): system(canary)}))


def packed_bomb(canary: Path) -> bytes:
    return zip_with(
        canary, lambda records: records.update({the(records, "data/0"): bytes(1 << 22)}), zipfile.ZIP_DEFLATED
    )


def short_storage(canary: Path) -> bytes:
    return zip_with(canary, lambda records: records.update({the(records, "data/0"): bytes(4)}))


def lacking_storage(canary: Path) -> bytes:
    return zip_with(canary, lambda records: records.pop(the(records, "data/3")))


def two_pickles(canary: Path) -> bytes:
    return zip_with(canary, lambda records: records.update({"other/data.pkl": system(canary)}))


def huge_shapes(canary: Path) -> bytes:
    """A weight whose shape claims two thousand million rows."""

    def raise_counts(records: dict[str, bytes]) -> None:
        name = the(records, "data.pkl")
        records[name] = records[name].replace(b"K\x0cK\x0cK\x03K\x03", b"J\xff\xff\xff\x7fK\x0cK\x03K\x03")

    return zip_with(canary, raise_counts)


def opcode_bomb(canary: Path) -> bytes:
    return b"\x80\x04" + b"]" * 510_000 + b"."


def memo_bomb(canary: Path) -> bytes:
    """Each list holds the one before ten times: ten to the fortieth elements, if anything walked them."""
    layers = b"".join(b"](" + b"h" + bytes([n]) + (b"h" + bytes([n])) * 9 + b"e\x94" for n in range(40))
    return pickled(b"}", text("G_ema"), b"]\x94", layers, b"s")


def recursion(canary: Path) -> bytes:
    deep = b"]" * 50_000 + b"a" * 49_999
    return pickled(b"}", text("state_dict"), deep, b"s")


def recursion_of_modules(canary: Path) -> bytes:
    """A stored module that is its own child."""
    state = b"}\x94(" + text("_parameters") + b"}" + text("_buffers") + b"}" + text("_modules") + b"}\x94u"
    about = b"}" + text("state") + state + b"s"
    module = named("torch_utils.persistence", "_reconstruct_persistent_obj") + about + b"\x85R\x94"
    looped = b"h\x01" + text("synthesis") + b"h\x02s0"
    return pickled(module, looped, b"0}", text("G_ema"), b"h\x02s")


def keys_that_nest(canary: Path) -> bytes:
    return pickled(b"}", b")" + b"\x85" * 50_000, b"K\x01s")


def older_than_zip_cut(canary: Path) -> bytes:
    weights, average = made.rosinality_tensors(made.nvidia_tensors())
    out = io.BytesIO()
    torch.save({"g_ema": weights, "latent_avg": average}, out, _use_new_zipfile_serialization=False)
    return out.getvalue()[:-1000]


def text_longer_than_memory(canary: Path) -> bytes:
    return b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"."


TRAPS = [
    system, evaluated, attribute_of_an_allowed_name, trap_in_zip, packed_bomb, short_storage, lacking_storage,
    two_pickles, huge_shapes, opcode_bomb, memo_bomb, recursion, recursion_of_modules, keys_that_nest,
    older_than_zip_cut, text_longer_than_memory,
]  # fmt: skip
