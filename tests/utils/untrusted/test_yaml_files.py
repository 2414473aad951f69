"""YAML of strangers costs no more than its bytes, and means what stands there."""

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.limits import YAML_BYTES
from faceswap.utils.untrusted.yaml_files import parse_yaml


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: " + "[" * 100_000, "nested deeper"),
        ("a: " + "1:" * 300_000, "larger than"),
        ("a: [" + "1:1, " * 40_000 + "]", "more than"),
        ("a: 1\na: 2\n", "twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: !!python/object/apply:os.system [id]\n", "tag"),
        ("a: 1\n---\nb: 2\n", "several documents"),
        ("a: b: c\n", "line 1"),
        ("? [1]\n: 2\n", "key"),
        ("a: 'x\n", "no YAML"),
        ("#" + "x" * YAML_BYTES, "larger than"),
    ],
)
def test_what_settings_never_hold_is_one_line(text, says):
    with pytest.raises(UserError, match=says) as caught:
        parse_yaml(text, "x.yaml")
    assert str(caught.value).startswith("x.yaml") and "\n" not in str(caught.value)


def test_values_are_those_of_settings():
    found = parse_yaml(
        "{a: 1, b: 1e3, c: 1.5, d: true, e: no, f: 007, g: 1_0, h: 1:30, i: 2026-03-02, j: ~, k: -3}", "x"
    )
    assert list(found.values()) == [1, 1000.0, 1.5, True, "no", "007", "1_0", "1:30", "2026-03-02", None, -3]
    texts = parse_yaml("{a: 1, b: 1e3, d: true, j: ~, k: 'null'}", "x", texts=True)
    assert list(texts.values()) == ["1", "1e3", "true", None, "null"]
