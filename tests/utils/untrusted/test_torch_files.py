"""Files of torch's are read as torch reads them, and hostile ones are refused before anything of theirs runs.

A canary file shows it: every trap here would make it, were it to run.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faceswap.stylegan.weights.files import load_generator
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.pickle_interpreter import PickleError
from faceswap.utils.untrusted.torch_files import read_torch_file, refuse_repeated
from tests.stylegan import published_made as made
from tests.stylegan.torch_traps import (
    TRAPS,
    nested,
    nested_payload,
    nested_zip_payload,
    text,
)


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


@pytest.mark.parametrize("zipped", [True, False])
def test_numbers_that_count_many_times_are_refused_before_they_are_copied(tmp_path, zipped):
    base = torch.zeros(1 << 18)
    views = {f"w{number}": base[number:] for number in range(40)}  # 1 MB in the file, 40 MB once each is read
    torch.save({"views": views, "whole": {"w": base}}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    stored = read_torch_file(tmp_path / "x.pt")
    refuse_repeated(stored["whole"].values())
    with pytest.raises(PickleError, match="counts its numbers many times"):
        refuse_repeated(stored["views"].values())
