import ast
import math
import re
from pathlib import Path

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.limits import check_number, check_size


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_numbers_in_range_pass(value):
    check_number("seconds", value, 0, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1, 10**400, True, "1", None])
def test_other_numbers_are_refused_by_name_in_a_short_line(value):
    with pytest.raises(UserError, match=r"^seconds=.*accepted are 0 to 86,400 s$") as caught:
        check_number("seconds", value, 0, 86400, "s")
    assert len(str(caught.value)) < 160


def test_what_is_too_large_is_told_with_both_sizes():
    check_size("the sheet", 400, 400, "pictures")
    with pytest.raises(UserError, match="the sheet would take 810,000 pictures, more than the 400"):
        check_size("the sheet", 900 * 900, 400, "pictures")


PACKAGE = Path(__file__).resolve().parents[2] / "faceswap"
UPPER_LIMIT = re.compile("LARGEST|LONGEST|DEEPEST|HIGHEST|MOST_|MAX_|_BYTES$")
READERS = ("read_", "parse_", "whole", "finite", "text_of", "member", "check_size")


def number_in(node):
    """The number that an expression of literals stands for, as 64 << 20; None for another one."""
    plain = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    if not all(isinstance(part, plain) for part in ast.walk(node)):
        return None
    value = eval(compile(ast.Expression(node), "", "eval"))
    return abs(value) if type(value) in (int, float) else None


def limits_in(source):
    """Lines that refuse, or have a reader refuse, by a number of their own module: (line, what stands there)."""
    tree = ast.parse(source)
    own = {
        name.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and not isinstance(statement.value, ast.Dict)
        for name in ast.walk(statement.targets[0])
        if isinstance(name, ast.Name) and UPPER_LIMIT.search(name.id)
    }
    for node in ast.walk(tree):
        asked = []
        if isinstance(node, ast.If) and any(isinstance(part, ast.Raise) for part in node.body):
            compared = [part for part in ast.walk(node.test) if isinstance(part, ast.Compare)]
            asked = [part for part in compared if not isinstance(part.ops[0], ast.In | ast.NotIn)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].startswith(READERS):
            asked = [*node.args, *(keyword.value for keyword in node.keywords)]
        for part in (part for place in asked for part in ast.walk(place)):
            if (isinstance(part, ast.Name) and part.id in own) or (isinstance(part, ast.BinOp | ast.Constant)
                                                                  and (number_in(part) or 0) >= 1000):  # fmt: skip
                yield node.lineno, ast.unparse(part)


def test_no_room_has_a_limit_of_its_own():
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {told}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "limits.py"
        for line, told in limits_in(path.read_text(encoding="utf-8"))
    ]
    assert not found, f"they belong into faceswap/utils/limits.py: {found}"


@pytest.mark.parametrize(
    "source",
    [
        "MOST_FACES = 20\ndef read(faces):\n    if len(faces) > MOST_FACES:\n        raise ValueError",
        "def read(data):\n    if len(data) > 64 << 20:\n        raise ValueError",
        "_LARGEST_BYTES = 1 << 20\ndef read(path):\n    return read_json(path, _LARGEST_BYTES)",
        "def read(path):\n    return read_text(path, most_bytes=10**6)",
    ],
)
def test_a_limit_of_its_own_is_seen(source):
    assert list(limits_in(source))
