"""Directions: what a step does, the file, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from faceswap.stylegan.directions.directions import (
    SHIPPED,
    Direction,
    DirectionSet,
    load_direction,
    load_directions,
    move,
    save_direction,
    save_directions,
)
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained
from faceswap.utils.files.tensor_files import HEADER_KEY, save_tensors


def direction(name: str = "smile", size: int = 8, seed: int = 0, **more) -> Direction:
    normal = np.random.default_rng(seed).normal(size=more.pop("shape", size))
    return Direction(name, normal, **{"step": normal, "scale": 2.0, **more})


def test_one_sigma_raises_the_score_by_one():
    found = direction(intercept=0.7)
    rows = torch.randn(3, 5, 8)
    moved = move(rows, found, 1.5)
    torch.testing.assert_close(found.score(moved), found.score(rows) + 1.5)
    torch.testing.assert_close(move(moved, found, -1.5), rows, atol=1e-6, rtol=1e-5)


@given(st.integers(0, 4), st.integers(1, 5), st.floats(-3, 3))
def test_only_the_chosen_rows_move(first, count, sigmas):
    rows = torch.zeros(2, 10, 8)
    moved = move(rows, direction(), sigmas, only=(first, first + count))
    still = torch.ones(10, dtype=torch.bool)
    still[first : first + count] = False
    assert (moved[:, still] == 0).all()
    expected = torch.full((2, count), abs(sigmas) * 2)
    torch.testing.assert_close(moved[:, ~still].norm(dim=-1), expected, atol=1e-5, rtol=1e-4)


def test_each_face_may_have_its_own_strength_and_each_row_its_own_step():
    found = direction(shape=(5, 8), rows=(1, 3))
    assert found.space == "w+"
    moved = move(torch.zeros(2, 5, 8), found, torch.tensor([0.0, 1.0]))
    assert (moved[0] == 0).all() and (moved[1, [0, 3, 4]] == 0).all()
    torch.testing.assert_close(moved[1, 1:3], 2 * torch.from_numpy(found.step[1:3]))
    whole = direction(shape=(5, 8))
    rows = torch.randn(2, 5, 8)
    torch.testing.assert_close(whole.score(move(rows, whole, 1)), whole.score(rows) + 1)


def test_a_file_gives_back_what_was_saved(tmp_path):
    found = DirectionSet(
        {
            "smile": direction(intercept=-0.25, accuracy={"confident": 0.95}, generator="abc", rows=(0, 4)),
            "age": direction("age", shape=(3, 8), seed=1, source="somewhere"),
        },
        leakage=np.array([[2, 0.1], [0.2, 1.5]], np.float32),
        about={"samples": 100},
    )
    save_directions(tmp_path / "d.safetensors", found)
    again = load_directions(tmp_path / "d.safetensors")
    assert list(again.directions) == ["smile", "age"] and again.about == {"samples": 100}
    np.testing.assert_array_equal(again.leakage, found.leakage)
    for name, one in again.directions.items():
        np.testing.assert_array_equal(one.normal, found[name].normal)
        np.testing.assert_array_equal(one.step, found[name].step)
        assert (one.intercept, one.scale, one.rows, one.generator, one.source, one.accuracy, one.space) == (
            found[name].intercept, found[name].scale, found[name].rows, found[name].generator, found[name].source,
            found[name].accuracy, found[name].space,
        )  # fmt: skip
    with pytest.raises(UserError, match="several directions"):
        load_direction(tmp_path / "d.safetensors")
    assert load_direction(tmp_path / "d.safetensors", "age").source == "somewhere"
    save_direction(tmp_path / "one.safetensors", found["age"])
    assert load_direction(tmp_path / "one.safetensors").name == "age"


def test_the_shipped_ones_are_read_through_the_manifest(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    save_directions(tmp_path / "d.safetensors", DirectionSet({"smile": direction()}, about={"samples": 7}))
    enter_pretrained(tmp_path, SHIPPED, "d.safetensors", licence="Apache-2.0")
    found = load_directions()
    assert found.about == {"samples": 7}
    np.testing.assert_array_equal(found["smile"].normal, direction().normal)
    (tmp_path / "d.safetensors").write_bytes(b"x" * 2000)
    with pytest.raises(UserError, match="damaged"):
        load_directions()


def test_directions_of_another_generator_are_refused():
    found = DirectionSet({"smile": direction(generator="a" * 64), "age": direction("age")})
    assert found.only_for("a" * 64) is found
    with pytest.raises(UserError, match=r"'smile' was found in another generator \(aaaaaaaaaaaa, not bbbbbbbbbbbb\)"):
        found.only_for("b" * 64)
    with pytest.raises(UserError, match="no direction 'simle'"):
        found["simle"]


def test_a_generator_of_another_size_is_refused():
    with pytest.raises(UserError, match=r"styles of \(8,\) numbers"):
        move(torch.zeros(1, 4, 16), direction(), 1)
    with pytest.raises(UserError, match=r"styles of \(5, 8\) numbers"):
        move(torch.zeros(1, 4, 8), direction(shape=(5, 8)), 1)


@pytest.mark.parametrize("wrong", [np.zeros(8), np.full(8, np.nan), np.ones((2, 2, 2)), np.ones(0)])
def test_impossible_vectors_are_refused(wrong):
    with pytest.raises(ValueError):
        Direction("x", wrong, wrong, 1.0)
    with pytest.raises(ValueError):
        direction(scale=0.0)


def test_files_that_are_none_of_ours_are_told(tmp_path):
    path = tmp_path / "d.safetensors"
    for write, said in (
        (lambda: None, "there are no directions"),
        (lambda: path.write_bytes(b"nonsense"), "cannot read the directions"),
        (lambda: save_file({"a": torch.zeros(3)}, path), "holds no directions"),
        (lambda: save_file({"a": torch.zeros(3)}, path, {"faceswap": '{"kind": "directions"}'}), "cannot read"),
        (
            lambda: save_file(
                {"a.normal": torch.ones(3), "a.step": torch.full((3,), float("nan"))},
                path,
                {"faceswap": '{"kind": "directions", "directions": {"a": {"scale": 1, "intercept": 0}}}'},
            ),
            "must be finite",
        ),
        (lambda: save_file({"a": torch.zeros(3)}, path, {"faceswap": "[" * 100_000}), "cannot read"),
    ):
        write()
        with pytest.raises(UserError, match=said):
            load_directions(path)


def test_a_header_with_numbers_too_long_is_refused(tmp_path):
    vector = np.eye(8, dtype=np.float32)[0]
    path = tmp_path / "d.safetensors"
    for number in ("1" + "0" * 400, "1e999", "NaN"):
        told = '{"a": {"scale": NUMBER, "intercept": 0}}'.replace("NUMBER", number)
        vectors = {f"a.{name}": torch.from_numpy(vector) for name in ("normal", "step")}
        save_tensors(vectors, path, {HEADER_KEY: f'{{"kind": "directions", "directions": {told}}}'})
        with pytest.raises(UserError, match="cannot read the directions"):
            load_directions(path)


@pytest.mark.parametrize("shape", [(16,), (8, 16)])
@pytest.mark.parametrize("size", [1e-11, 1.0, 1e20, 3e38])
def test_a_step_has_length_one_however_long_it_was(shape, size):
    vector = np.full(shape, size, np.float32)
    step = Direction("smile", vector, vector, 1.0, 0.0).step
    assert step.dtype == np.float32 and np.allclose(step, 0.25)
