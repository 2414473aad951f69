"""Files of torch's are read as torch reads them, and hostile ones are refused before anything of theirs runs.

A canary file shows it: every trap here would make it, were it to run.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import resource
import signal
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faceswap.stylegan.weights.files import load_generator
from faceswap.stylegan.weights.torch_files import read_torch_file, refuse_repeated
from faceswap.stylegan.weights.torch_writing import write_torch_file
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.pickle_interpreter import PickleError
from tests.stylegan import published_made as made


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]
)
def test_tensors_read_as_torch_reads_them(tmp_path, zipped, dtype):
    base = torch.arange(24).to(dtype)
    tensors = {"all": base, "view": base[3:15].view(3, 4).t(), "part": base[::5], "none": base[:0], "one": base[7]}
    torch.save(tensors, tmp_path / "t.pt", _use_new_zipfile_serialization=zipped)
    read = read_torch_file(tmp_path / "t.pt")
    for name, tensor in tensors.items():
        assert torch.equal(read[name].read(), tensor) and read[name].read().dtype == dtype


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


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_hostile_files_are_refused_in_one_line(tmp_path, trap):
    canary, path = tmp_path / "canary", tmp_path / "hostile.pkl"
    path.write_bytes(trap(canary))
    assert_refused(path)  # a bomb would take hours
    assert not canary.exists()


@pytest.mark.parametrize("payload", [nested_payload, nested_zip_payload])
def test_a_storage_that_is_a_program(tmp_path, payload):
    canary = tmp_path / "canary"
    path = with_average(tmp_path / "hostile.pkl", payload(canary))
    assert "asks for" in assert_refused(path) and not canary.exists()


@pytest.mark.parametrize(
    ("count", "shape", "stride", "said"),
    [
        (16, (16,), (1,), None),  # honest: this place is read
        (16, (16,), (0,), None),
        (4, (16,), (1,), "larger than its numbers"),
        (1, (16,), (0,), "larger than its numbers"),  # one number spread over many
        (4, (2_000_000_000, 2_000_000_000), (0, 0), "shape"),
        (16, (-1,), (1,), "impossible shape"),
        (16, (16,), (-1,), "impossible shape"),
    ],
)
def test_tensors_stay_within_their_storage(tmp_path, count, shape, stride, said):
    path = with_average(tmp_path / "n.pkl", nested(storage_file(count), shape, stride))
    if said is None:
        assert load_generator(path).w_size == 16
    else:
        assert said in assert_refused(path)


@pytest.mark.parametrize("cut", [1, 8, 40])
def test_storages_within_pickles_that_are_cut_short(tmp_path, cut):
    assert_refused(with_average(tmp_path / "n.pkl", nested(storage_file(16)[:-cut], (16,), (1,))))


def test_source_beside_modules_never_runs(tmp_path):
    canary = tmp_path / "canary"
    source = f"open({str(canary)!r}, 'w').close()"
    load_generator(made.write_nvidia(tmp_path / "n.pkl", made.nvidia_tensors(), source=source))
    assert source.encode() in (tmp_path / "n.pkl").read_bytes() and not canary.exists()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(["n.pkl", "zip.pt", "row.pt"]))
def test_files_cut_or_changed_anywhere_raise_nothing_else(tmp_path, honest_files, data, name):
    content = bytearray(honest_files[name])
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / name).write_bytes(bytes(content))
    with contextlib.suppress(UserError):
        load_generator(tmp_path / name)


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "random.pt"
    path.write_bytes(data)
    with contextlib.suppress(PickleError):
        read_torch_file(path)


@pytest.fixture(scope="module")
def honest_files(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("honest")
    tensors = made.nvidia_tensors()
    weights, average = made.rosinality_tensors(tensors)
    made.write_nvidia(folder / "n.pkl", tensors)
    for name, zipped in (("zip.pt", True), ("row.pt", False)):
        content = {"g_ema": weights, "latent_avg": average}
        torch.save(content, folder / name, _use_new_zipfile_serialization=zipped)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def storage_file(count: int) -> bytes:
    """torch's file of one storage, as it lies within NVIDIA's pickles."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's: typed storages are old, and what NVIDIA's files hold
        storage = torch.arange(float(count)).storage()
    torch.save(storage, out, _use_new_zipfile_serialization=False)
    return out.getvalue()


def with_average(path: Path, tensor: bytes) -> Path:
    """An honest pickle of NVIDIA's kind as a plain state dict, but for the average of w."""
    tensors = made.nvidia_tensors()
    del tensors["mapping.w_avg"]
    state = pickle.dumps(tensors, 4)
    path.write_bytes(b"\x80\x04}" + text("G_ema") + state[2:-1] + text("mapping.w_avg") + tensor + b"ss.")
    return path


def assert_refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_generator(path)
    line = str(caught.value)
    assert line.startswith(f"cannot use the weights {path}: ") and "\n" not in line and len(line) < 150 + len(str(path))
    return line


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    content = {"a": torch.arange(400_000.0), "b": [torch.zeros(3), {"c": "text"}]}
    path = tmp_path / "weights.pt"
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        with pytest.raises(UserError, match=r"cannot write .*weights.pt"):
            write_torch_file(content, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
    write_torch_file(content, path)
    back = torch.load(path, weights_only=True)
    assert torch.equal(back["a"], content["a"]) and back["b"][1] == {"c": "text"}
    assert path.stat().st_size < 4 * 400_000 + 20_000  # what was reserved in vain is given back


@pytest.mark.parametrize("zipped", [True, False])
def test_numbers_that_count_many_times_are_refused_before_they_are_copied(tmp_path, zipped):
    base = torch.zeros(1 << 18)
    views = {f"w{number}": base[number:] for number in range(40)}  # 1 MB in the file, 40 MB once each is read
    torch.save({"views": views, "whole": {"w": base}}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    stored = read_torch_file(tmp_path / "x.pt")
    refuse_repeated(stored["whole"].values())
    with pytest.raises(PickleError, match="counts its numbers many times"):
        refuse_repeated(stored["views"].values())
