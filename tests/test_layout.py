"""The house keeps its shape: imports point one way, files stay readable, the wheel holds every room."""

import ast
import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import SLOW

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "faceswap"
TESTS = ROOT / "tests"
NO_MIRROR = {
    "commands": "a command is tested from its words to its files, through all rooms",
    "tools": "mirrors tools/",
    "test_layout.py": "the house as a whole",
    "test_helpers_are_used.py": "the house as a whole",
    "test_other_systems.py": "the house as a whole",
    "test_examples.py": "mirrors examples/",
}
# From the top of the house down: a room imports only from rooms further down.
ROOMS = [
    *("booth", "studio", "web", "jobs", "commands", "cli", "config", "api", "souvenir", "stylegan", "compositing"),
    *("swap", "curation", "extraction", "lookalike", "detect", "track", "facenets", "engine", "media", "provenance"),
    *("core", "utils"),
]
COMMANDS_IN_ROOMS = [
    PACKAGE / "stylegan" / "train.py", PACKAGE / "stylegan" / "metrics" / "__main__.py",
    PACKAGE / "studio" / "__main__.py", PACKAGE / "booth" / "__main__.py",
]  # fmt: skip


def modules():
    return sorted(PACKAGE.rglob("*.py"))


@functools.cache
def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """All imports of a file, those within functions too."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]


def imported_rooms(path: Path):
    for node in imports(path):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "faceswap" and len(parts) > 1:
                yield parts[1]


def modules_in_rooms():
    """All but the commands, which stand above all rooms."""
    commands = {*PACKAGE.glob("*.py"), *COMMANDS_IN_ROOMS}
    return [path for path in modules() if path not in commands]


@pytest.mark.parametrize("path", modules_in_rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_the_house(path):
    room = path.relative_to(PACKAGE).parts[0]
    assert room in ROOMS, "say in ROOMS where this room stands"
    above = {*ROOMS[: ROOMS.index(room)]} | {p.stem for p in PACKAGE.glob("*.py") if p.stem != "__init__"}
    assert not above & set(imported_rooms(path))


def test_settings_are_declared_where_nothing_heavy_is_imported():
    """Help reads the settings of every class without torch: config/ imports of other rooms their config.py alone."""
    for path in (PACKAGE / "config").glob("*.py"):
        for node in imports(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("faceswap."):
                for alias in node.names:
                    parts = f"{node.module}.{alias.name}".split(".")[1:]
                    assert parts[0] in ("config", "utils") or "config" in parts[1:], f"{path.name}: {node.module}"


def test_imports_lead_somewhere():
    """Those within functions too, which nothing else tries before they are needed."""
    lost = []
    for path in [*modules(), *TESTS.rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        for node in imports(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("faceswap", "tests", "tools"):
                target = ROOT.joinpath(*node.module.split("."))
                if not (target.is_dir() or target.with_suffix(".py").is_file()):
                    lost.append(f"{path.relative_to(ROOT)}: {node.module}")
    assert not lost


def test_folders_form_no_circle():
    """Inside a room too: its folders import each other one way."""
    known = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in modules()}
    folder = {name: name.rpartition(".")[0] for name in known}
    arrows: dict[str, set[str]] = {}
    for name, path in known.items():
        if path in COMMANDS_IN_ROOMS:
            continue
        for node in imports(path):
            if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("faceswap.")):
                continue
            base = node.module.removeprefix("faceswap.")
            for found in {base, *(f"{base}.{alias.name}" for alias in node.names)} & set(known):
                if folder[found] != folder[name] and folder[name]:
                    arrows.setdefault(folder[name], set()).add(folder[found])

    def below(start: str) -> set[str]:
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            fresh = arrows.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting += fresh
        return reached

    assert not [one for one in arrows if one in below(one)]


def test_only_the_command_line_knows_hydra():
    knows = {
        path.relative_to(PACKAGE).parts[0]
        for path in modules()
        if re.search(r"\b(hydra|omegaconf)\b", path.read_text())
    }
    assert knows <= {"cli", "config"}


@pytest.mark.parametrize(
    "path",
    [*modules(), *sorted((ROOT / "tools").rglob("*.py")), *sorted(TESTS.rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_folders_stay_small():
    """The package's own folder holds the commands, which a user lists."""
    sizes = Counter(path.parent for path in modules() if path.parent != PACKAGE)
    assert not {str(folder.relative_to(ROOT)): size for folder, size in sizes.items() if size > 14}


def test_the_wheel_has_every_room():
    """A folder without an __init__.py works in a checkout and is missing from the wheel."""
    assert not [path for path in modules() if not (path.parent / "__init__.py").is_file()]


def test_no_machine_paths_in_the_tree():
    files = [*modules(), *(ROOT / "configs").rglob("*.yaml"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for path in files:
        assert not re.search(r"(?<![\w.])/(work|root|tmp|home)/\w", path.read_text(encoding="utf-8")), path


def test_pages_quote_what_zsh_would_take_for_a_pattern():
    """zsh ends a command whose bare word=[...] names no file; what is told in `code` is typed, too."""
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = re.sub(r"```(python|yaml).*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert not re.findall(r"(?<!['\"\w.])[a-z_.]+=[\[{]\w", text), path


def test_tests_lie_where_what_they_test_lies():
    """faceswap/ROOM/NAME.py is tested by tests/ROOM/test_NAME.py, and by test_NAME_SUBJECT.py where that grew long."""
    lost = []
    for path in TESTS.rglob("test_*.py"):
        place = path.relative_to(TESTS)
        if place.parts[0] in NO_MIRROR or place.name in NO_MIRROR:
            continue
        words = path.stem.removeprefix("test_").split("_")
        names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
        room = PACKAGE / place.parent
        if not any((room / f"{name}.py").is_file() or (room / name).is_dir() for name in names):
            lost.append(str(place))
    assert not lost


def test_what_is_marked_slow_is_there():
    assert not [place for place in SLOW if not (TESTS / place).exists()]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_tests_can_fail(path):
    """No test ends early, which passes, prints for somebody who looks, or asks how long something took."""
    clocks = ("perf_counter", "process_time", "elapsed")
    for test in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(test, ast.FunctionDef) and test.name.startswith("test_")):
            continue
        inner = {id(node) for f in ast.walk(test) if isinstance(f, ast.FunctionDef) and f is not test
                 for node in ast.walk(f)}  # fmt: skip
        for node in ast.walk(test):
            where = f"{test.name}, line {getattr(node, 'lineno', 0)}"
            assert not (isinstance(node, ast.Return) and id(node) not in inner), f"{where}: a test that ends early"
            assert not (isinstance(node, ast.Call) and ast.unparse(node.func) == "print"), f"{where}: a print"
            is_timed = isinstance(node, ast.Assert) and any(clock in ast.unparse(node.test) for clock in clocks)
            assert not is_timed, f"{where}: a busy machine takes longer"
