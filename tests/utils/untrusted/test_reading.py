"""Stored files of strangers: bounded, plain, one line."""

import json
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap.utils.limits import JSON_DEPTH, JSON_LINE_BYTES, JSON_LISTS
from faceswap.utils.untrusted import reading
from faceswap.utils.untrusted.reading import (
    Untrusted,
    finite,
    member,
    parse_json,
    read_bytes,
    read_json,
    read_json_table,
    read_lines,
    text_of,
    whole,
)

numbers = st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_plain_json_comes_back(value):
    assert parse_json(json.dumps(value)) == value


@given(st.text(alphabet='{}[]",:0123456789.eE+-\\ nul', max_size=60) | st.text(max_size=40))
def test_any_text_is_a_value_or_refused_in_a_short_line(text):
    try:
        parse_json(text)
    except Untrusted as error:
        assert "\n" not in str(error) and len(str(error)) < 160


@pytest.mark.parametrize(
    "text",
    ["1e999", "-1e999", "NaN", "Infinity", "1" * 400, "[" * 100_000, '{"a":' * 200 + "1" + "}" * 200, "", "{", b"\xff"],
)
def test_numbers_and_nesting_beyond_reason_are_refused(text):
    with pytest.raises(Untrusted) as caught:
        parse_json(text)
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize("many", ["[],", '{"a":1},'])
def test_millions_of_lists_are_refused_before_they_take_memory(many):
    count = JSON_LISTS // (3 if "{" in many else 1) + 1
    with pytest.raises(Untrusted, match="millions of lists"):
        parse_json("[" + many * count + "0]")


def test_brackets_in_texts_are_no_nesting():
    value = {"name": '[[[{{{\\"' * JSON_DEPTH}
    assert parse_json(json.dumps(value)) == value


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link to a pipe"])
def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path, kind):
    path = tmp_path / "state.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.chdir(tmp_path)  # the name of a socket must be short
        socket.socket(socket.AF_UNIX).bind("state.json")
    with pytest.raises(Untrusted, match="it is a "):
        read_json(path)


def test_a_pipe_put_there_at_the_last_moment_does_not_wait_either(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "state.json")
    monkeypatch.setattr(reading.os, "stat", lambda path: os.lstat(__file__))
    with pytest.raises(Untrusted, match="a pipe"):
        read_bytes(tmp_path / "state.json", 10)


def test_no_more_is_read_than_the_limit(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(Untrusted, match="larger than 4 bytes"):
        read_bytes(path, 4)
    os.truncate(path, 1 << 40)  # a sparse file of a terabyte
    with pytest.raises(Untrusted, match="larger than 16 MB"):
        read_json(path)


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "none.json")


def test_a_byte_order_mark_is_no_part_of_json(tmp_path):
    (tmp_path / "x.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json_table(tmp_path / "x.json") == {"a": 1}
    (tmp_path / "x.json").write_bytes(b"[1]")
    with pytest.raises(Untrusted, match="a list"):
        read_json_table(tmp_path / "x.json")


def test_lines_come_one_by_one_with_what_a_kill_left(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes('1\n"ä"\n"'.encode() + b"\xc3")
    assert [(line.rstrip(), whole) for line, whole in read_lines(path)] == [("1", True), ('"ä"', True), ('"�', False)]
    path.write_bytes(b"1" * (JSON_LINE_BYTES + 5))
    with pytest.raises(Untrusted, match="a line of more than 1 MB"):
        list(read_lines(path))


@pytest.mark.parametrize("value", [None, True, "1", float("nan"), float("inf"), 10**400, -1, [1], {"a": 1}])
def test_stored_numbers_are_checked(value):
    for read in (finite, whole):
        with pytest.raises(Untrusted, match="seconds is") as caught:
            read(value, 0, 100, "seconds")
        assert len(str(caught.value)) < 160
    assert finite(3, 0, 100, "seconds") == 3.0 and whole(3, 0, 100, "seconds") == 3


def test_members_are_read_by_name():
    assert member({"step": 4}, "step", whole, 0, 9) == 4
    for table in (None, 5, {}, []):
        with pytest.raises(Untrusted, match="does not tell step"):
            member(table, "step", whole, 0, 9)
    with pytest.raises(Untrusted):
        text_of("a\0b", 10, "name")
