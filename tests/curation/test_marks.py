"""Files of marks come from anywhere: only names of the set's faces get through."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faceswap.curation import marks
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.marks import read_marks
from faceswap.utils.errors import UserError
from tests.curation.made import mixed_set


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    return FaceInventory.open(mixed_set(tmp_path_factory.mktemp("marks") / "mixed"))


def chosen(path, content, inventory):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return [np.flatnonzero(part).tolist() for part in read_marks(path, inventory)]


def test_the_sheets_file_a_list_and_a_text(tmp_path, inventory):
    path, files = tmp_path / "rejects.json", ["000002_00.png", "000004_00.png"]
    whole = {"faces": "mixed", "fingerprint": inventory.fingerprint(), "reject": files, "restore": ["000001_00.png"]}
    assert chosen(path, whole, inventory) == [[2, 4], [1]]
    assert chosen(path, files, inventory) == [[2, 4], []]
    assert chosen(path, "\ufeff" + "\r\n".join(files) + "\n\n", inventory) == [[2, 4], []]
    assert chosen(path, [], inventory) == [[], []] == chosen(path, {"reject": []}, inventory)


@pytest.mark.parametrize(
    "content",
    [
        ["../../secret.png"], ["/etc/passwd"], ["removed/000001_00.png"], ["alignments.jsonl"], [".lock"], [""" """],
        ["000001_00.png\0"], [None], [["000001_00.png"]], {"reject": "000001_00.png"}, {"reject": {"a": 1}},
        {"faces": "other", "reject": []}, {"faces": ["mixed"]}, {"fingerprint": "0", "reject": []},
        {"reject": ["000001_00.png"], "restore": ["000001_00.png"]}, "", " \n", {},
        {"error": "quota"}, "{", "[" * 100_000, "{\"reject\": [1e999]}",
    ],
)  # fmt: skip
def test_anything_else_is_one_line(tmp_path, inventory, content):
    with pytest.raises(UserError, match="apply=") as error:
        chosen(tmp_path / "rejects.json", content, inventory)
    assert len(str(error.value)) < 400 and "\n" not in str(error.value)


@pytest.mark.parametrize("number", [99, 0, "1", [1]])
def test_marks_of_a_later_format_are_not_guessed_at(tmp_path, inventory, number):
    with pytest.raises(UserError, match=r"has the format .* knows 1 to 1"):
        chosen(tmp_path / "rejects.json", {"format": number, "reject": []}, inventory)
    assert chosen(tmp_path / "rejects.json", {"format": 1, "reject": []}, inventory) == [[], []]


def test_files_that_are_none(tmp_path, inventory, monkeypatch):
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(UserError, match="no such file"):
            read_marks(path, inventory)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="as text"):
        read_marks(tmp_path / "bytes", inventory)
    monkeypatch.setattr(marks, "TABLE_BYTES", 1000)
    (tmp_path / "large").write_text("x" * 1001)
    with pytest.raises(UserError, match="larger"):
        read_marks(tmp_path / "large", inventory)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["reject", "restore", "faces", "x"]), inner)))  # fmt: skip
def test_any_json_marks_faces_of_the_set_or_is_refused(tmp_path, inventory, value):
    try:
        parts = chosen(tmp_path / "any.json", value, inventory)
    except UserError as error:
        parts = ()
        assert "any.json" in str(error) and "\n" not in str(error)
    assert all(0 <= index < len(inventory) for part in parts for index in part)
