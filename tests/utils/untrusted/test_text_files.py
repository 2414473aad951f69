"""Text files of other programs are read, or refused in one line that names file and encoding."""

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.tables import read_table
from faceswap.utils.untrusted.text_files import read_json, read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_a_text_is_what_was_written(tmp_path, encoding, caplog):
    (tmp_path / "x.txt").write_bytes("Müller\r\nÄ €\r\n".encode(encoding))
    assert read_text(tmp_path / "x.txt") == "Müller\nÄ €\n"
    assert ("x.txt" in caplog.text and "cp1252" in caplog.text) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "UTF-16"), (b"abc\x01\x02", "no text"), (b"\xff\xfea", "UTF-16-LE"),
     (b"\x81\x8d\x8f", "neither UTF-8"), (b"x" * 2000, "larger than")],
)  # fmt: skip
def test_what_is_no_text_is_one_line(tmp_path, content, says):
    (tmp_path / "x.txt").write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        read_text(tmp_path / "x.txt", largest=1000)
    assert "x.txt" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("seed,smile\n1,0.5\n", [{"seed": "1", "smile": "0.5"}]),
        ("seed;smile\n1;0,5\n2;-1,25\n", [{"seed": "1", "smile": "0.5"}, {"seed": "2", "smile": "-1.25"}]),
        ("sep=;\nseed;smile\n1;0,5\n", [{"seed": "1", "smile": "0.5"}]),
        ("seed\tsmile\n1\t0,5\n", [{"seed": "1", "smile": "0.5"}]),
        ("seed, smile\n1, 0.5\n\n", [{"seed": "1", "smile": "0.5"}]),
        ('file,note\n"a,b.jpg","1,5"\n', [{"file": "a,b.jpg", "note": "1,5"}]),
        ("file;note\na,b.jpg;x, y\n", [{"file": "a,b.jpg", "note": "x, y"}]),
        ("seed,smile\n1\n", [{"seed": "1", "smile": ""}]),
        ("", []),
    ],
)
def test_tables_of_any_program(tmp_path, text, rows):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "x.csv").write_bytes(text.encode(encoding))
        assert read_table(tmp_path / "x.csv") == rows


@pytest.mark.parametrize(
    ("text", "says"),
    [("a,b\n1,2,3\n", "row 2 has 3"), ("a,a\n1,2\n", "same name"), ("a\n" + "x" * 200_000, "no table")],
)
def test_a_table_that_is_none(tmp_path, text, says):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(UserError, match=says):
        read_table(tmp_path / "x.csv")


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "", '{"a": }'])
def test_json_that_is_none(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=r"x\.json: no JSON"):
        read_json(tmp_path / "x.json")


def test_json_with_marks_and_endless_numbers(tmp_path):
    (tmp_path / "x.json").write_bytes('{"a": [1, 2]}'.encode("utf-8-sig"))
    assert read_json(tmp_path / "x.json") == {"a": [1, 2]}
    (tmp_path / "x.json").write_text("9" * 5000)
    with pytest.raises(UserError, match="5000 digits"):
        read_json(tmp_path / "x.json")
